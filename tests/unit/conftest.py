"""How much hypothesis tries: some by default, less with HYPOTHESIS_PROFILE=quick, a lot with =thorough."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

slow_is_fine = [HealthCheck.too_slow, HealthCheck.data_too_large]
for name, examples in (("quick", 15), ("ci", 60)):
    settings.register_profile(
        name, max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=slow_is_fine
    )
settings.register_profile(
    "thorough", max_examples=3000, database=None, deadline=None, suppress_health_check=slow_is_fine
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
