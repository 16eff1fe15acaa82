"""Reading the README and the pages under docs/: their blocks, their tables, their sections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
REFERENCE = ROOT / "docs" / "reference.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass
class Block:
    """A fenced block: its kind, its text, where it starts, and what the comments above it say."""

    page: Path
    line: int
    kind: str
    text: str
    marks: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """The page's fenced blocks, and nothing that only looks like one: each fence is closed."""
    blocks: list[Block] = []
    marks: dict[str, str] = {}
    block: Block | None = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if block is not None:
            if line == "```":
                blocks.append(block)
                block = None
            else:
                block.text += line + "\n"
        elif line.lstrip().startswith("```"):
            block = Block(page, number, line.removeprefix("```"), "", marks)
            marks = {}
        elif mark := re.fullmatch(r"<!-- ([\w ]+?)( in (\S+))?: (.*) -->", line):
            name = mark[1] + (" in" if mark[2] else "")
            marks[name] = f"{mark[3]}: {mark[4]}" if mark[2] else mark[4]
        elif line.strip():
            marks = {}
    assert block is None, f"{block} is never closed"
    return blocks


def without_blocks(page: Path) -> str:
    return re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))


def tables_in(text: str) -> list[list[list[str]]]:
    """The tables of a text: rows of cells, the header first."""
    tables: list[list[list[str]]] = []
    within = False
    for line in text.splitlines():
        if not line.startswith("|"):
            within = False
            continue
        if not within:
            tables.append([])
        within = True
        if set(line) - set("|- "):
            tables[-1].append([cell.strip() for cell in line.strip()[1:-1].split("|")])
    return tables


def tables_of(page: Path) -> list[list[list[str]]]:
    return tables_in(page.read_text(encoding="utf-8"))


def section_of(page: Path, heading: str) -> str:
    """What stands under a heading such as `## Settings`, up to the next one of its level or above; empty if nowhere."""
    level = heading.partition(" ")[0]
    found = re.search(rf"(?ms)^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", without_blocks(page))
    return found[1] if found else ""


def code_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)
