"""The id of an app: the same in each of its releases, and different from any other app's."""

from __future__ import annotations

import re

import pytest

from scheduler.errors import WrongUsage
from scheduler.installation.installation_id import checked_id, installation_id

BLOG = ("My Blog!", "production", "i6fq1VEWVHFVExojMdKqVgs3iriRvpI8qSxmKDgZlcg=")


def test_an_id_is_name_environment_and_digits_of_all_three() -> None:
    assert re.fullmatch(r"my-blog-production-[0-9a-f]{8}", installation_id(*BLOG))


def test_the_id_of_an_app_never_changes() -> None:
    """Later versions of this package must find what this one wrote."""
    assert installation_id(*BLOG) == "my-blog-production-6f2e0329"
    long = ("The Very Long Name of a Company That Sells Things", "A-Very-Long-Environment-Name-2", "k" * 44)
    assert installation_id(*long) == "the-very-long-name-of-a--a-very-long-environment--96fcc596"


@pytest.mark.parametrize("place", [0, 1, 2], ids=["name", "environment", "key"])
def test_apps_that_differ_in_one_of_them_have_different_ids(place: int) -> None:
    """One user may have two apps made from one skeleton, or staging and production of one app."""
    other = [*BLOG]
    other[place] += "2"
    assert installation_id(*other) != installation_id(*BLOG)
    assert installation_id("b", "log", "") != installation_id("bl", "og", "")


@pytest.mark.parametrize("name", ["", "блог", "-", "a" * 500, "a\nb", "\udcff"])
def test_any_app_name_makes_a_valid_id(name: str) -> None:
    made = installation_id(name, name, "key")
    assert checked_id(made) == made


def test_names_without_latin_letters_have_different_ids() -> None:
    assert installation_id("блог", "", "key") != installation_id("лавка", "", "key")


@pytest.mark.parametrize("given", ["blog", "Blog_2.old", "7", "a" * 64])
def test_an_id_that_is_given_is_taken_as_it_is(given: str) -> None:
    assert checked_id(given) == given


@pytest.mark.parametrize(
    ("given", "hint"),
    [("my blog", "my-blog"), ("-blog", "blog"), ("блог", "blog"), ("", "blog"), ("a\nb", "a-b"), ("A%" * 40, "a-" * 32)],
)
def test_an_invalid_id_is_refused_with_the_closest_one(given: str, hint: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        checked_id(given)
    assert str(refused.value).endswith(f"--id {hint}.")
    assert "\n" not in str(refused.value)
