"""Show results.json in docs/cost.md, between markers: `python benchmarks/page.py`, or at the end of run.py."""

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "cost.md"
RESULTS = Path(__file__).with_name("results.json")
BEGIN, END = "<!-- benchmarks begin -->\n", "<!-- benchmarks end -->\n"
DAY = "CPU of a day"
NEIGHBOURS = "ratios of neighbouring runs"


def update(document):
    """Replace what is between the markers: a day, whole runs, then everything else."""
    _put(PAGE, f"{_day(document)}\n{_ratios(document)}\n{_figures(document)}")


def _put(file, text):
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise AssertionError(f"{file.name} has lost its markers")
    file.write_text(f"{before}{BEGIN}{text}{END}{after}", encoding="utf-8")


def _day(document):
    rows = [(each["who"], f"{each['median']:,.0f} s") for each in document["figures"] if each["section"] == DAY]
    text = "The CPU time of one day, for an app with 200 tasks of which none is due:\n\n"
    return text + _table(("called every minute", "CPU time of a day"), rows)


def _ratios(document):
    rows = [
        (pair, what.partition(": ")[2], f"{found['median']:.2f}", f"{found['lower quartile']:.2f} to {found['upper quartile']:.2f}")
        for what, pairs in document[NEIGHBOURS].items()
        for pair, found in pairs.items()
    ]
    text = "Whole runs, from the start of the process to its end, as the ratio of two runs:\n\n"
    return text + _table(("runs", "measured", "median ratio", "quartiles"), rows)


def _figures(document):
    within = [each for each in document["figures"] if each["note"] not in {"wall", "CPU, user + system"}]
    rows = [
        (each["section"], each["who"], f"{each['best']:,.3g} {each['unit']}", each["note"])
        for each in within
        if each["section"] != DAY
    ]
    text = f"Compared with other schedulers, on Python {document['python']}, the best of several rounds:\n\n"
    return text + _table(("what", "who", "takes", ""), rows)


def _table(header, rows):
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, ["---"] * len(header), *rows))


if __name__ == "__main__":
    update(json.loads(RESULTS.read_text(encoding="utf-8")))
