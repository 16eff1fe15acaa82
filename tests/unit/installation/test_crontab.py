"""An app's block in a crontab: added, replaced, removed, and nothing else touched."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler.errors import InstallationFailed
from scheduler.installation.crontab import block, blocks_of, insert_block, pieces_of, remove_block
from scheduler.installation.Installation import Installation

from .crons import BLOG, ODD_NAMES, as_busybox_reads, as_vixie_reads, command_of

BLOCK = """\
# BEGIN masonite-scheduler blog
# Written by `craft schedule:install`, which replaces whatever stands between these two lines.
* * * * * cd /srv/blog && mkdir -pm 700 .scheduler && PATH=/srv/blog/venv/bin:/usr/local/bin:/usr/bin:/bin /srv/blog/venv/bin/python \
/srv/blog/venv/bin/craft schedule:run --log >> .scheduler/scheduler.log 2>&1
# END masonite-scheduler blog
"""
OTHERS = "MAILTO=me@example.com\n# m h  dom mon dow   command\n\n0 5 * * * backup\t--all \\% %\n"
NEW_RELEASE = replace(BLOG, folder="/srv/releases/2", python="/srv/releases/2/venv/bin/python")
SHOP = replace(BLOG, id="shop", folder="/srv/shop")

# --- in and out ------------------------------------------------------------------------------------------------------


def test_the_block_of_an_app_has_its_id_and_command() -> None:
    assert block(BLOG) == BLOCK


def test_the_app_s_own_craft_is_used_if_the_environment_has_none() -> None:
    assert "&& PATH=" in (command := command_of(replace(BLOG, craft="craft")))
    assert "/srv/blog/venv/bin/python craft schedule:run --log >>" in command


def test_a_first_block_goes_to_the_top_before_any_variable() -> None:
    assert insert_block(OTHERS, BLOG) == BLOCK + OTHERS


def test_a_block_is_replaced_where_it_stands() -> None:
    before = f"SHELL=/bin/bash\n{BLOCK}{OTHERS}"
    assert insert_block(before, NEW_RELEASE) == f"SHELL=/bin/bash\n{block(NEW_RELEASE)}{OTHERS}"


def test_changes_within_the_block_are_replaced() -> None:
    assert insert_block(BLOCK.replace("* * * * *", "#*/5 * * * *") + OTHERS, BLOG) == BLOCK + OTHERS


def test_two_apps_have_a_block_each() -> None:
    both = insert_block(insert_block(OTHERS, BLOG), SHOP)
    assert both == block(SHOP) + BLOCK + OTHERS
    assert remove_block(both, SHOP) == BLOCK + OTHERS
    assert remove_block(both, BLOG) == block(SHOP) + OTHERS


def test_an_app_whose_id_changed_is_known_by_its_folder() -> None:
    """APP_NAME or APP_KEY has changed, but one folder is one app and gets no second block."""
    renamed = replace(BLOG, id="magazine")
    assert insert_block(BLOCK + OTHERS, renamed) == block(renamed) + OTHERS
    assert remove_block(BLOCK + OTHERS, renamed) == OTHERS


def test_two_blocks_of_one_app_become_one() -> None:
    renamed = replace(BLOG, id="magazine")
    before = block(replace(renamed, folder="/srv/old")) + OTHERS + BLOCK
    assert insert_block(before, renamed) == block(renamed) + OTHERS


def test_the_folder_of_a_block_is_read_back() -> None:
    odd = replace(BLOG, folder="""/srv/it's 100% "my" \\%$blog\\""")
    assert [piece.folder for piece in blocks_of(block(odd), odd)] == [odd.folder]


@pytest.mark.parametrize("line", ["", "* * * * * cd", "* * * * * cd '/srv/blog", "@hourly true"])
def test_a_block_whose_line_was_changed_beyond_recognition_has_no_folder(line: str) -> None:
    changed = f"# BEGIN masonite-scheduler blog\n{line}\n# END masonite-scheduler blog\n"
    assert [piece.folder for piece in blocks_of(changed, BLOG)] == [""]


# --- damage is not guessed at ----------------------------------------------------------------------------------------

BEGIN, LINE, _, END = (f"{line}\n" for line in (BLOCK.splitlines()[0], "true", "", BLOCK.splitlines()[-1]))
DAMAGES = {
    "the end is missing": (OTHERS + BEGIN + LINE, "Line 5 ", "begins the block of 'blog', and no line ends it"),
    "the begin is missing": (LINE + END, "Line 2 ", "ends a block of 'blog' that no line before it begins"),
    "a block within the block": (
        BEGIN + BEGIN.replace("blog", "shop") + END,
        "Line 2 ",
        "before that of line 1 has ended",
    ),
    "the begin doubled": (BEGIN + BEGIN + END, "Line 2 ", "before that of line 1 has ended"),
    "the end doubled": (BEGIN + END + END, "Line 3 ", "that no line before it begins"),
    "two blocks of one id": (BLOCK + BLOCK, "Line 5 ", "begins a second block of 'blog'"),
    "the end of another": (BEGIN + END.replace("blog", "shop"), "Line 2 ", "ends a block of 'shop'"),
    "blanks after a marker": (BEGIN + END.replace("\n", " \n"), "Line 2 ", "almost, but not quite"),
    "a marker commented out": ("#" + BEGIN + END, "Line 1 ", "almost, but not quite"),
    "another case": (BEGIN.lower() + END, "Line 1 ", "almost, but not quite"),
    "a marker without an id": ("# BEGIN masonite-scheduler\n", "Line 1 ", "almost, but not quite"),
    "line ends of Windows": (BLOCK.replace("\n", "\r\n"), "Line 1 ", "almost, but not quite"),
}


@pytest.mark.parametrize(("crontab", "place", "problem"), DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("app", [BLOG, replace(SHOP, id="other")], ids=["the app's own", "another app's"])
def test_a_damaged_block_is_refused_with_its_line_and_the_fix(
    crontab: str, place: str, problem: str, app: Installation
) -> None:
    for operation in (insert_block, remove_block):
        with pytest.raises(InstallationFailed) as refused:
            operation(crontab, app)
        assert str(refused.value).startswith(place)
        assert problem in str(refused.value)
        assert str(refused.value).endswith("fix it with `crontab -e`; nothing was changed.")


# --- properties ------------------------------------------------------------------------------------------------------

LINES = st.lists(
    st.sampled_from([*OTHERS.splitlines(), "", "# masonite-scheduler", "#BEGIN", "\x0b", "\u2028", "\r", "\udcff"])
    | st.text(st.characters(exclude_characters="\n"), max_size=20)
)
ENDS = st.sampled_from(["\n", ""])
APPS = st.builds(
    Installation,
    id=st.sampled_from(["blog", "shop", "blog.old", "b"]),
    folder=ODD_NAMES.map("/srv/{}".format),
    python=ODD_NAMES.map("/opt/{}/python".format),
    craft=ODD_NAMES.map("/opt/{}/craft".format),
)


@st.composite
def crontabs(draw: st.DrawFn) -> str:
    """Lines of a person, and now and then blocks of apps between them."""
    apps = draw(st.lists(APPS, max_size=3, unique_by=lambda app: app.id))
    texts = ["".join(f"{line}\n" for line in draw(LINES)) for _ in range(len(apps) + 1)]
    pieces = [text for pair in zip(texts, [*map(block, apps), ""], strict=True) for text in pair]
    return "".join(pieces) + draw(LINES.map("\n".join))


@given(crontabs(), APPS)
def test_all_other_lines_stay_byte_for_byte(crontab: str, app: Installation) -> None:
    after = insert_block(crontab, app)
    assert len(blocks_of(after, app)) == 1
    assert remove_block(after, app) == remove_block(crontab, app)
    assert block(app) in after


@given(crontabs(), APPS)
def test_installing_twice_is_installing_once(crontab: str, app: Installation) -> None:
    once = insert_block(crontab, app)
    assert insert_block(once, app) == once


@given(crontabs(), APPS)
def test_removing_undoes_a_first_installation(crontab: str, app: Installation) -> None:
    assume(not blocks_of(crontab, app))
    assert remove_block(insert_block(crontab, app), app) == crontab


@given(crontabs(), APPS)
def test_removing_twice_is_removing_once(crontab: str, app: Installation) -> None:
    once = remove_block(crontab, app)
    assert not blocks_of(once, app)
    assert remove_block(once, app) == once


@given(crontabs())
def test_the_pieces_of_a_crontab_join_to_the_same_text(crontab: str) -> None:
    assert "".join(piece.text for piece in pieces_of(crontab)) == crontab


@given(APPS)
def test_a_block_says_its_folder(app: Installation) -> None:
    assert [piece.folder for piece in blocks_of(block(app), app)] == [app.folder]


@given(ODD_NAMES, ODD_NAMES)
def test_paths_survive_cron_and_the_shell(folder: str, environment: str) -> None:
    """A real shell goes to that folder and starts that program, with that PATH and those arguments."""
    with tempfile.TemporaryDirectory() as above:
        app, programs = Path(above, "apps", folder), Path(above, "environments", environment)
        for made in (app / "storage/logs", programs):
            made.mkdir(parents=True)
        (programs / "python").write_text('#!/bin/sh\nprintf "%s\\n" "$(pwd)" "$PATH" "$@"\necho error >&2\n')
        (programs / "python").chmod(0o700)
        call = Installation("blog", str(app), str(programs / "python"), str(programs / "craft"))
        for read in (as_vixie_reads, as_busybox_reads):
            shell = ["/bin/sh", "-c", read(command_of(call))]
            done = subprocess.run(shell, cwd=above, env={"PATH": "/usr/bin:/bin"}, capture_output=True)
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        wrote = [str(app), f"{programs}:/usr/local/bin:/usr/bin:/bin", str(programs / "craft"), "schedule:run", "--log", "error"]
        log = os.fsdecode((app / ".scheduler/scheduler.log").read_bytes())
        assert log == "".join(f"{line}\n" for line in wrote * 2)
