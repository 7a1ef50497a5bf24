"""The digest's two pictures. The same facts give the same bytes; matplotlib is loaded with the first picture.

No pyplot: its global state is not safe in a daemon's threads. Where the home directory cannot be written to,
matplotlib keeps its font list in a temporary folder by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from monitor.digest.facts import Day, Facts, TypeLine
from monitor.digest.numbers import amount, weekday

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 544  # CSS pixels: the width of the text in the mail's 600 px card
DPI = 200  # two picture pixels a CSS pixel, at 100 CSS pixels an inch
MOST_TYPES = 8  # bars; the table has them all

# Okabe & Ito's palette, told apart by people with any colour blindness, and by lightness in grey print.
NEGATIVE, NEUTRAL, POSITIVE, UNJUDGED = "#D55E00", "#C3CAD2", "#0072B2", "#E9ECEF"
LAST_WEEK = "#4A5560"
_PAPER, _INK, _GRID = "#FBFCFD", "#1D2733", "#DFE4EA"  # own background: a dark page around it does no harm
_FONT = "DejaVu Sans"  # comes with matplotlib: the same on every machine
_LONGEST_NAME = 40  # characters of a complaint type beside its bar


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, what it shows in a sentence, and its size in CSS pixels."""

    cid: str
    png: bytes
    alt: str
    width: int
    height: int


def charts(facts: Facts) -> tuple[Chart, ...]:
    """The pictures that have something to show: none for a week without posts."""
    drawn = []
    if facts.volume.posts.now:
        drawn.append(_volume(facts))
    if any(line.posts.now for line in facts.types):
        drawn.append(_types(facts))
    return tuple(drawn)


def _volume(facts: Facts) -> Chart:
    from matplotlib.ticker import MaxNLocator

    figure, axes = _canvas(height=230)
    places = list(range(len(facts.days)))
    floor = [0] * len(facts.days)
    stack = (
        ("negative", NEGATIVE, [day.negative for day in facts.days]),
        ("neutral", NEUTRAL, [day.neutral for day in facts.days]),
        ("positive", POSITIVE, [day.positive for day in facts.days]),
        ("not judged", UNJUDGED, [day.unjudged for day in facts.days]),
    )
    for label, colour, heights in stack:
        if any(heights):
            axes.bar(places, heights, bottom=floor, color=colour, width=0.66, label=label, edgecolor=_PAPER)
            floor = [low + height for low, height in zip(floor, heights, strict=True)]
    if facts.volume.posts.before:
        before = [day.before for day in facts.days]
        axes.plot(
            places,
            before,
            color=LAST_WEEK,
            linewidth=1.4,
            linestyle=(0, (4, 2)),
            marker="o",
            markersize=3.2,
            label="all posts, last week",
        )
    axes.set_xticks(places, [f"{weekday(day.day)} {day.day.day}" for day in facts.days])
    axes.set_ylim(0, max(1, *floor, *(day.before for day in facts.days)) * 1.12)
    _dress(axes, grid="y")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    handles, labels = axes.get_legend_handles_labels()  # the line first: matplotlib sorts by kind
    line = 1 if facts.volume.posts.before else 0
    handles, labels = handles[line:] + handles[:line], labels[line:] + labels[:line]
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=5,
        frameon=False,
        fontsize=7.5,
        labelcolor=_INK,
        handlelength=1.3,
        columnspacing=1.3,
    )
    return Chart("volume", _png(figure), _volume_alt(facts.days, facts.volume.posts.before), WIDTH, 230)


def _volume_alt(days: Sequence[Day], before: int | None) -> str:
    busiest = max(days, key=lambda day: day.posts)
    worst = max(days, key=lambda day: day.negative)
    total = sum(day.posts for day in days)
    said = f"Posts a day: {total:,} in all{f', {before:,} last week' if before is not None else ''}"
    said += f"; most on {weekday(busiest.day)} ({busiest.posts:,})"
    if worst.negative:
        said += f"; most negative ones on {weekday(worst.day)} ({worst.negative:,})"
    return said + ". The table below has every day."


def _types(facts: Facts) -> Chart:
    from matplotlib.ticker import MaxNLocator

    lines = [line for line in facts.types if line.posts.now or line.posts.before][:MOST_TYPES]
    height = 56 + 34 * len(lines)
    figure, axes = _canvas(height=height)
    compared = any(line.posts.before for line in lines)
    places = list(range(len(lines)))
    if compared:
        axes.barh(
            [at + 0.19 for at in places],
            [line.posts.before or 0 for line in lines],
            height=0.34,
            color=NEUTRAL,
            label="last week",
        )
    offset = -0.19 if compared else 0.0
    thick = 0.36 if compared else 0.55
    bars = axes.barh(
        [at + offset for at in places],
        [line.posts.now for line in lines],
        height=thick,
        color=NEGATIVE,
        label="this week",
    )
    axes.bar_label(bars, padding=3, fontsize=8, color=_INK)
    axes.set_yticks(places, [_short(line.name) for line in lines], parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, max(max(line.posts.now, line.posts.before or 0) for line in lines) * 1.08)
    _dress(axes, grid="x")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if compared:
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(
            handles[::-1],
            labels[::-1],
            loc="outside upper left",
            ncols=2,
            frameon=False,
            fontsize=7.5,
            labelcolor=_INK,
            handlelength=1.3,
        )
    return Chart("types", _png(figure), _types_alt(lines), WIDTH, height)


def _types_alt(lines: Sequence[TypeLine]) -> str:
    named = [
        f"{line.name} {line.posts.now}" + (f" (last week {line.posts.before})" if line.posts.before is not None else "")
        for line in lines[:3]
    ]
    shown = amount(len(lines), "type")
    return f"Complaints by type, {shown} shown: {'; '.join(named)}. The table below has every type."


def _short(name: str) -> str:
    """A name that fits beside its bar; a letter that the font lacks becomes U+FFFD, the table has it right."""
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont(_FONT)).get_charmap()
    fitting = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1].rstrip(" ,") + "…"
    return "".join(letter if ord(letter) in known else "\ufffd" for letter in fitting)


def _canvas(*, height: int) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=DPI, layout="constrained", facecolor=_PAPER)
    axes = figure.add_subplot(facecolor=_PAPER)
    return figure, axes


def _dress(axes: Axes, *, grid: str) -> None:
    for side in ("top", "right", "left" if grid == "y" else "bottom"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GRID)
    axes.tick_params(length=0, labelsize=8, labelcolor=_INK, labelfontfamily=_FONT)
    axes.grid(axis="y" if grid == "y" else "x", color=_GRID, linewidth=0.7)
    axes.set_axisbelow(True)


def _png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    out = BytesIO()
    # No version or date in the file: a resend after an update of matplotlib still differs only where pixels do.
    figure.savefig(out, format="png", dpi=DPI, facecolor=_PAPER, metadata={"Software": None})
    return out.getvalue()
