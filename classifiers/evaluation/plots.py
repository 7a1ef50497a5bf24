"""Small pictures of what was measured. The same figures give the same bytes; matplotlib is loaded with the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from classifiers.offers import WHAT, cost_of
from classifiers.thresholds import GRID, Counts
from config.thresholds import GOVERNED, Thresholds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 100
# Okabe & Ito's palette, told apart with any colour blindness
_FOUND, _RIGHT, _INK, _GRID = "#0072B2", "#D55E00", "#1D2733", "#DFE4EA"
_LARGEST = 260  # area of the point with the most posts, square points


def reliability(bins: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """A PNG: for each kind of probability, how often what was said came true."""
    figure, axes = _canvas(len(bins), width=3.1, height=3.0)
    for axis, (name, points) in zip(axes, bins.items(), strict=True):
        axis.plot([0, 1], [0, 1], color=_INK, linewidth=0.8, linestyle=(0, (4, 3)))
        most = max((point["n"] for point in points), default=1)
        axis.scatter(
            [point["said"] for point in points],
            [point["was"] for point in points],
            s=[8 + _LARGEST * point["n"] / most for point in points],
            color=_FOUND,
            alpha=0.75,
            linewidths=0,
        )
        _dress(axis, name, "probability said", "share that came true")
    return _png(figure)


def threshold_curves(counts: Counts, thresholds: Thresholds) -> bytes:
    """A PNG: for each aim, what is found and what share of the alerts is right, by its threshold."""
    figure, axes = _canvas(len(GOVERNED), width=2.6, height=2.6)
    for axis, (aim, name) in zip(axes, GOVERNED.items(), strict=True):
        steps = [hundredth / 100 for hundredth in GRID]
        costs = [cost_of(counts, aim, thresholds.model_copy(update={name: step})) for step in steps]
        axis.plot(steps, [cost.found.value for cost in costs], color=_FOUND, linewidth=1.4, label="found")
        axis.plot(steps, [cost.right.value for cost in costs], color=_RIGHT, linewidth=1.4, label="right alerts")
        axis.axvline(getattr(thresholds, name), color=_INK, linewidth=0.8, linestyle=(0, (4, 3)))
        _dress(axis, WHAT[aim], name, "")
    axes[0].legend(frameon=False, fontsize=7, labelcolor=_INK)
    return _png(figure)


def _canvas(panels: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * panels, height), dpi=DPI, layout="constrained", facecolor="white")
    return figure, list(figure.subplots(1, panels, squeeze=False)[0])


def _dress(axis: Axes, title: str, across: str, up: str) -> None:
    axis.set_title(title, fontsize=9, color=_INK)
    axis.set_xlabel(across, fontsize=8, color=_INK)
    axis.set_ylabel(up, fontsize=8, color=_INK)
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.tick_params(length=0, labelsize=7, labelcolor=_INK)
    axis.grid(color=_GRID, linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    out = BytesIO()
    figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
    return out.getvalue()
