"""How figures look: colours that colour-blind readers tell apart, with markers and dashes besides.

Figures are drawn in the light colours. A page swaps them for variables, and so has dark ones too.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.foundation.arrays import FloatArray
from adlopt.show.words import clipped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, ROW = 4.8, 4.3, 0.42
"""Inches: as wide as a phone, so that text can be read there; of one row of a chart with rows."""
COLORS = {
    "paper": ("#ffffff", "#14171c"),
    "ink": ("#1a1c20", "#eceff4"),
    "muted": ("#585d66", "#a9b0bc"),
    "rule": ("#d4d8de", "#3a404a"),
    "series-1": ("#3b19e1", "#3d72fb"),
    "series-2": ("#ff4800", "#ed4d00"),
    "series-3": ("#0b9f8b", "#00ff8a"),
    "series-4": ("#b46cde", "#9e7dc3"),
    "series-5": ("#28023c", "#c4ebf8"),
    "series-6": ("#702919", "#fee800"),
}
"""By role, in light and in dark. Any two series are apart for normal, protan, deutan and tritan
vision."""
LIGHT, DARK = ({role: both[k] for role, both in COLORS.items()} for k in (0, 1))
SERIES = tuple(color for role, color in LIGHT.items() if role.startswith("series"))
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))
POINTS = 200
"""Of a curve, at most: more would not be seen."""
LONGEST = 34
"""Letters of a name that a figure shows."""
BELOW = 0.45
"""Inches from the axes down to a legend: ticks and a label stand between."""
UNITS = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"), (1.0, ""))
FONT = "DejaVu Sans"
"""It comes with matplotlib, which measures texts by it; pages show them in the system's font."""


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this style: no text is read as a formula, and equal input gives equal files."""
    from matplotlib import rc_context

    settings: Any = {
        "axes.axisbelow": True,
        "axes.edgecolor": LIGHT["muted"],
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.labelcolor": LIGHT["ink"],
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": LIGHT["ink"],
        "axes.titlelocation": "left",
        "axes.titlesize": 10.5,
        "axes.titleweight": "bold",
        "axes.unicode_minus": True,
        "figure.facecolor": LIGHT["paper"],
        "font.family": [FONT],
        "font.size": 10.0,
        "grid.color": LIGHT["rule"],
        "grid.linewidth": 0.7,
        "legend.fontsize": 9.0,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
        "lines.markersize": 4.5,
        "savefig.facecolor": LIGHT["paper"],
        "svg.fonttype": "none",
        "svg.hashsalt": "adlopt",
        "text.color": LIGHT["ink"],
        "text.parse_math": False,
        "text.usetex": False,
        "xtick.color": LIGHT["muted"],
        "xtick.labelcolor": LIGHT["ink"],
        "ytick.color": LIGHT["muted"],
        "ytick.labelcolor": LIGHT["ink"],
    }
    with rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


def shown(name: str, longest: int = LONGEST) -> str:
    """Name as a figure shows it: on one line, not too long, and never taken for a private label."""
    short = clipped(name, longest)
    return f" {short}" if short.startswith("_") else short


def compact(usd: float) -> str:
    """Write dollars for an axis."""
    for size, letter in UNITS:
        if abs(usd) >= size:
            return f"{usd / size:.4g}{letter}".replace("-", "−")
    return f"{usd:.3g}".replace("-", "−")


def by_round(ax: Axes, rounds: int) -> range:
    """Make the horizontal axis the rounds, and return their numbers."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel("round")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    ax.set_xlim(0.5, rounds + 0.5)
    return range(1, rounds + 1)


def in_dollars(ax: Axes, label: str = "USD", *, horizontal: bool = False) -> None:
    """Write one axis in dollars."""
    axis = ax.xaxis if horizontal else ax.yaxis
    axis.set_major_formatter(lambda usd, _: compact(usd))
    axis.set_label_text(label)


def orders_of_magnitude(ax: Axes, values: ArrayLike) -> None:
    """Make the vertical axis logarithmic, with 0 at its foot."""
    positive = np.asarray(values)[np.asarray(values) > 0]
    if positive.size:
        foot = 10.0 ** math.floor(math.log10(float(positive.min())))
        ax.set_yscale("symlog", linthresh=foot, linscale=0.4)
        ax.set_ylim(bottom=0)
    else:
        ax.set_ylim(0, 1)


def lines(ax: Axes, x: ArrayLike, series: Sequence[tuple[str, ArrayLike]]) -> None:
    """Draw named series, each with a colour, a marker and a dash of its own."""
    for k, (name, values) in enumerate(series):
        looks = {"color": SERIES[k % len(SERIES)], "marker": MARKERS[k % len(MARKERS)]}
        ax.plot(x, values, label=shown(name), linestyle=DASHES[k % len(DASHES)], **looks)  # type: ignore[arg-type]


def curve(ax: Axes, k: int, name: str, x: FloatArray, y: FloatArray) -> str:
    """Draw the k-th of some curves, thinned to what can be seen, and return its colour."""
    keep = np.unique(np.linspace(0, len(x) - 1, POINTS).astype(int))
    color, dash = SERIES[k % len(SERIES)], DASHES[k % len(DASHES)]
    ax.plot(x[keep], y[keep], color=color, linestyle=dash, label=shown(name))
    return color


def rows(ax: Axes, names: Sequence[str]) -> None:
    """Number rows from the top, with their names above what they show."""
    ax.set_ylim(len(names) - 0.3, -0.85)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(visible=True, axis="x")
    across = ax.get_yaxis_transform()
    for i, name in enumerate(names):
        label = ax.text(0.0, i - 0.24, shown(name, 38), transform=across, va="bottom", fontsize=9)
        label.set_in_layout(False)


def legend(ax: Axes) -> None:
    """Name what is drawn, below it."""
    from matplotlib.transforms import ScaledTranslation

    handles, labels = ax.get_legend_handles_labels()
    columns = 1 if max(map(len, labels), default=0) > 24 else 2
    below = ax.transAxes + ScaledTranslation(0.0, -BELOW, ax.figure.dpi_scale_trans)
    where: dict[str, Any] = {"bbox_to_anchor": (0.0, 0.0), "bbox_transform": below}
    ax.legend(handles, labels, loc="upper left", ncols=columns, borderpad=0, **where)
