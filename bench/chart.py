"""Draws bars as SVG by hand: for README.md, in whichever colours its reader's page has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from bench.results import Bar

_WIDTH, _LABEL, _BAR, _GAP, _TITLE = 720, 210, 18, 8, 44
_STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px } .value { fill: #59636e }
  .bar { fill: #afb8c1 } .ours { fill: #1a7f5a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .value { fill: #9198a1 } .bar { fill: #4a525c } .ours { fill: #3fb984 }
  }
"""


@dataclass(frozen=True)
class Panel:
    title: str
    unit: str
    bars: Sequence[Bar]


def drawn(panels: Sequence[Panel]) -> str:
    height = sum(_TITLE + len(panel.bars) * (_BAR + _GAP) for panel in panels) + _GAP
    named = escape("; ".join(panel.title for panel in panels), {'"': "&quot;"})
    size = f'viewBox="0 0 {_WIDTH} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{named}">',
        f"<style>{_STYLE}</style>",
    ]
    top = 0
    for panel in panels:
        lines.extend(_panel(panel, top))
        top += _TITLE + len(panel.bars) * (_BAR + _GAP)
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel, top: int) -> Iterator[str]:
    yield f'<text class="title" x="0" y="{top + 26}">{escape(panel.title)}</text>'
    longest = max(bar.value for bar in panel.bars)
    # Beside the longest one stands its value.
    room = _WIDTH - _LABEL - 90
    for number, bar in enumerate(sorted(panel.bars, key=lambda bar: bar.value)):
        y = top + _TITLE + number * (_BAR + _GAP)
        width = max(2.0, bar.value / longest * room)
        yield f'<text x="{_LABEL - 10}" y="{y + 13}" text-anchor="end">{escape(bar.label)}</text>'
        kind = "bar ours" if bar.is_ours else "bar"
        yield f'<rect class="{kind}" x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="3"/>'
        value = f"{bar.value:,.0f} {panel.unit}"
        yield f'<text class="value" x="{_LABEL + width + 8:.1f}" y="{y + 13}">{value}</text>'
