"""The id of an app: the same in every release of it, another in every other app."""

from __future__ import annotations

import re

import pytest

from scheduler.errors import WrongUsage
from scheduler.installation.identity import checked_id, identity_of

BLOG = ("My Blog!", "production", "i6fq1VEWVHFVExojMdKqVgs3iriRvpI8qSxmKDgZlcg=")


def test_it_is_made_of_name_and_environment_and_of_digits_for_all_three() -> None:
    assert re.fullmatch(r"my-blog-production-[0-9a-f]{8}", identity_of(*BLOG))


def test_it_never_changes() -> None:
    """A later version of this package must find what this one has written."""
    assert identity_of(*BLOG) == "my-blog-production-6f2e0329"


@pytest.mark.parametrize("place", [0, 1, 2], ids=["name", "environment", "key"])
def test_apps_that_differ_in_one_of_them_have_different_ids(place: int) -> None:
    """Two apps made from one skeleton, or staging and production of one app, under one user."""
    other = [*BLOG]
    other[place] += "2"
    assert identity_of(*other) != identity_of(*BLOG)
    assert identity_of("b", "log", "") != identity_of("bl", "og", "")


@pytest.mark.parametrize("name", ["", "блог", "-", "a" * 500, "a\nb", "\udcff"])
def test_any_name_gives_an_id_that_is_one(name: str) -> None:
    made = identity_of(name, name, "key")
    assert checked_id(made) == made


def test_names_that_cannot_be_spelled_are_told_apart_all_the_same() -> None:
    assert identity_of("блог", "", "key") != identity_of("лавка", "", "key")


@pytest.mark.parametrize("given", ["blog", "Blog_2.old", "7", "a" * 64])
def test_an_id_that_is_given_is_taken_as_it_is(given: str) -> None:
    assert checked_id(given) == given


@pytest.mark.parametrize(
    ("given", "mend"),
    [("my blog", "my-blog"), ("-blog", "blog"), ("блог", "blog"), ("", "blog"), ("a\nb", "a-b"), ("A%" * 40, "a-" * 32)],
)
def test_any_other_is_refused_with_the_closest_one(given: str, mend: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        checked_id(given)
    assert str(refused.value).endswith(f"--id {mend}.")
    assert "\n" not in str(refused.value)
