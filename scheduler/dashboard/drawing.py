"""Charts as inline SVG: an image with a sentence, and a title at each shape for those who point at it."""

from __future__ import annotations

from markupsafe import Markup, escape

from scheduler.dashboard.charts import Chart, Shape


def drawing(chart: Chart, name: str) -> Markup:
    """Return a chart as SVG; `name` is its class, by which the stylesheet knows it.

    A page has thousands of shapes: written here they take a tenth of the time that the template would.
    """
    draw = _circle if name == "dots" else _rounded if name == "heat" else _rectangle
    size = f'viewBox="0 0 {chart.width} {chart.height}" width="{chart.width}" height="{chart.height}"'
    parts = [
        f'<svg class="chart {name}" {size} role="img" aria-label="{escape(chart.says)}">',
        *(f'<polyline class="{kind}" points="{points}"/>' for kind, points in chart.lines),
        *map(draw, chart.shapes),
        *(f'<text x="{x}" y="{y}" text-anchor="{side}">{escape(words)}</text>' for x, y, side, words in chart.labels),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - all text in it is escaped above


def _rectangle(shape: Shape, radius: int = 1) -> str:
    size = f'x="{shape.x}" y="{shape.y}" width="{shape.width}" height="{shape.height}"'
    return f'<rect class="{shape.kind}" {size} rx="{radius}">{_title(shape)}</rect>'


def _rounded(shape: Shape) -> str:
    return _rectangle(shape, 1 if shape.kind == "mark" else 3)


def _circle(shape: Shape) -> str:
    return f'<circle class="{shape.kind}" cx="{shape.x}" cy="{shape.y}" r="{shape.width / 2}">{_title(shape)}</circle>'


def _title(shape: Shape) -> str:
    return f"<title>{escape(shape.title)}</title>" if shape.title else ""
