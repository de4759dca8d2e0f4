"""Pictures as SVG, drawn from figures alone: no word of a feed is in them."""

import base64
import datetime as dt
from collections.abc import Sequence

from warehouse.overview import Day

# Width of a page of the UI's artifact view; heights so that both halves are seen without scrolling.
_WIDTH, _CHART, _BAR = 860, 170, 26
_INK, _PALE, _FAINT = "#334155", "#94a3b8", "#e2e8f0"
_COLOURS = {
    "items": "#2563eb",
    "copies": "#f59e0b",
    "boilerplate": "#a855f7",
    "structure": "#14b8a6",
    "quarantine": "#dc2626",
}
#: Where the bytes of paragraphs go, in the words of the view byte_accounts.
_PARTS = {
    "kept": "items", "echo": "copies", "near-echo": "copies", "boilerplate": "boilerplate",
    "header": "structure", "card": "structure", "quarantined": "quarantine",
}  # fmt: skip


def data_uri(svg: str) -> str:
    """Return an image as an address that holds it."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def overview(days: Sequence[Day], fates: dict[str, int], steps: Sequence[tuple[str, int]]) -> str:
    """Return one picture: items per day, where the bytes went, documents to items to unique items."""
    funnel = _funnel(steps, 40 + _CHART + 110)
    height = 40 + _CHART + 110 + len(steps) * (_BAR + 8) + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13" fill="{_INK}">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
        + _chart(days)
        + _split(fates, 40 + _CHART + 30)
        + funnel
        + "</svg>"
    )


def _chart(days: Sequence[Day]) -> str:
    top, left, width = 30, 10, _WIDTH - 20
    if not days:
        return _text(left, 20, "Items per day: no item has a date yet.")
    first, last = days[0].day, days[-1].day
    span = (last - first).days + 1
    per = max(1, -(-span // 120))  # days a bar: at most 120 bars
    bars: dict[int, list[int]] = {}
    for one in days:
        bar = bars.setdefault((one.day - first).days // per, [0, 0])
        bar[0] += one.items
        bar[1] += one.unique_items
    most = max(items for items, _ in bars.values())
    step = width / (-(-span // per))
    drawn = "".join(
        _rect(
            left + place * step,
            top + _CHART * (1 - count / most),
            max(1.0, step - 1),
            _CHART * count / most,
            colour,
        )
        for place, (items, unique) in sorted(bars.items())
        for count, colour in ((items, _PALE), (unique, _COLOURS["items"]))
    )
    each = "day" if per == 1 else f"{per} days"
    said = _text(left, 20, f"Items per {each}, most {most:,}: unique (blue), copies (grey)")
    axis = _rect(left, top + _CHART, width, 1, _INK)
    below = top + _CHART + 16
    return (
        said + drawn + axis + _text(left, below, _day(first)) + _text(_WIDTH - 10, below, _day(last), "end")
    )


def _split(fates: dict[str, int], top: int) -> str:
    sums = dict.fromkeys(_COLOURS, 0)
    for fate, size in fates.items():
        sums[_PARTS.get(fate, "structure")] += size
    whole = sum(sums.values()) or 1
    left, drawn, legend = 10.0, "", 10.0
    for part, colour in _COLOURS.items():
        wide = (_WIDTH - 20) * sums[part] / whole
        drawn += _rect(left, top, wide, _BAR, colour)
        left += wide
        words = f"{part} {100 * sums[part] / whole:.1f} %"
        drawn += _rect(legend, top + _BAR + 10, 10, 10, colour) + _text(legend + 15, top + _BAR + 19, words)
        legend += 165
    return _text(10, top - 8, f"Where {sum(sums.values()):,} bytes went") + drawn


def _funnel(steps: Sequence[tuple[str, int]], top: int) -> str:
    most = max((count for _, count in steps), default=0) or 1
    drawn = ""
    for place, (name, count) in enumerate(steps):
        y = top + place * (_BAR + 8)
        drawn += _rect(150, y, 500, _BAR, _FAINT) + _rect(150, y, 500 * count / most, _BAR, _COLOURS["items"])
        drawn += _text(10, y + 18, name) + _text(660, y + 18, f"{count:,}")
    return drawn


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _day(day: dt.date) -> str:
    return day.isoformat()
