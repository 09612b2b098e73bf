"""Figures of an episode: each answers the question that its title asks.

Figures 3 to 13 of arXiv 2602.15182 have counterparts:

| theirs | ours | what both show |
|---|---|---|
| 3 | `markouts` | overshoot of production by the horizon of the markout |
| 4 | `fairness` | fairness by policy; ours with its sign and above the least too |
| 5 | `budgets` | what was raised in each round, beside what was needed |
| 6 | `overshoot` | overshoot as it adds up |
| 7 | `misses` | tracking by policy; ours apart into too much and too little |
| 8 | `published` | tracking and fairness by policy |
| 9, 11 | `objective` | objective (23) as it adds up, and the bound of the rounds so far |
| 10 | `share` | the objective as a share of the bound so far |
| 07, 08 | `ptsr`, `rd_nse` | what the largest survivor keeps, of the authors' repository |
| 12, 13 | `stability` | neighbours turned round, and ranks kept; needs accounts |

>>> from adlopt.report.evidence import Evidence
>>> from adlopt.data.episodes import october_10
>>> axes = draw("budgets", Evidence(episode=october_10()))
>>> axes.get_ylabel()
'USD, by orders of magnitude'
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adlopt.data.files.writing import replace_all
from adlopt.errors import InputError, unknown
from adlopt.report.evidence import Evidence
from adlopt.report.plots.figure import FIGURES, Figure
from adlopt.report.plots.style import FONT, HEIGHT, ROW, WIDTH, legend, styled
from adlopt.show.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILES = ("by_round", "by_policy", "of_theory", "by_account")
"""Where figures are drawn, in the order of a page."""
for _file in FILES:
    import_module(f"adlopt.report.plots.{_file}")
_of_file = {f"adlopt.report.plots.{_file}": _file for _file in FILES}
for _figure in sorted(FIGURES.values(), key=lambda f: FILES.index(_of_file[f.draw.__module__])):
    FIGURES[_figure.name] = FIGURES.pop(_figure.name)
DOTS = 200
"""Of a PNG, per inch."""
TITLE_WIDTH = 42
"""Letters of a title that fit one line."""

__all__ = ["FIGURES", "Figure", "draw", "find", "listed", "save", "save_all", "styled", "svg"]


def find(name: str) -> Figure:
    """Return the figure of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES, listed="adlopt plot --list")
    return FIGURES[name]


def listed() -> str:
    """Return a table of all figures, and the questions they answer."""
    rows = [(f.name, f.title, ", ".join(map(str, f.paper))) for f in FIGURES.values()]
    note = "paper: the figures of arXiv 2602.15182 that ask the same."
    title = "Figures: adlopt plot EPISODE FIGURE -o file.svg"
    return str(Table(title, ("figure", "asks", "paper"), rows, note))


def draw(name: str, evidence: Evidence, *, ax: Axes | None = None, title: bool = True) -> Axes:
    """Draw a figure, and return its matplotlib axes.

    Parameters
    ----------
    name : str
    evidence : Evidence
    ax : matplotlib Axes, optional
        Where to draw; a new figure, found as `axes.figure`, unless given.
    title : bool
        Whether to put the question above it.

    Raises
    ------
    InputError
        If there is no such figure, or the episode lacks what it shows.
    """
    chosen = find(name)
    lacking = chosen.lacks(evidence)
    if lacking:
        expected = f"a figure that {evidence.episode.name!r} has data for ({lacking})"
        raise InputError("figure", name, expected)
    with styled():
        if ax is None:
            from matplotlib.figure import Figure as Canvas

            height = max(HEIGHT, 1.3 + ROW * chosen.rows(evidence))
            canvas = Canvas(figsize=(WIDTH, height), layout="constrained")
            ax = canvas.add_subplot(axes_class=_shown_axes())
        chosen.draw(ax, evidence)
        legend(ax)
        if title:
            ax.set_title("\n".join(textwrap.wrap(chosen.title, TITLE_WIDTH)), loc="left")
    return ax


@cache
def _shown_axes() -> type[Axes]:
    """Axes that a notebook shows, as they are then."""
    from matplotlib.axes import Axes

    class Shown(Axes):
        def _repr_svg_(self) -> str:
            return _saved(self, "svg").decode("utf-8")

    return Shown


def svg(name: str, evidence: Evidence, *, title: bool = True) -> str:
    """Draw a figure as SVG, text as text; equal input gives equal bytes."""
    return _rendered(name, evidence, "svg", title=title).decode("utf-8")


def save(name: str, evidence: Evidence, path: str | Path) -> Path:
    """Draw a figure into an .svg, .pdf or .png file, whole or not at all.

    Raises
    ------
    InputError
        If the path ends in none of them or cannot be written, or the figure cannot be drawn.
    """
    path = Path(path)
    if path.suffix not in (".svg", ".pdf", ".png") or not path.parent.is_dir():
        raise InputError("output", str(path), "an .svg, .pdf or .png file in a folder that exists")
    drawn = _rendered(name, evidence, path.suffix[1:], title=True)
    replace_all({path: lambda target: target.write_bytes(drawn)})
    return path


def save_all(
    evidence: Evidence, folder: Path, names: Iterable[str] | None = None
) -> tuple[list[Path], dict[str, str]]:
    """Draw figures, all unless named, as .svg and .pdf; return them, and why others were not."""
    chosen = list(FIGURES) if names is None else list(names)
    why = {name: find(name).lacks(evidence) for name in chosen}
    paths = [
        save(name, evidence, folder / f"{name}.{kind}")
        for name in chosen
        if not why[name]
        for kind in ("svg", "pdf")
    ]
    return paths, {name: reason for name, reason in why.items() if reason}


def _rendered(name: str, evidence: Evidence, kind: str, *, title: bool) -> bytes:
    return _saved(draw(name, evidence, title=title), kind)


def _saved(axes: Axes, kind: str) -> bytes:
    target = io.BytesIO()
    dated = {"svg": ("Creator", "Date", "Format", "Type"), "pdf": ("Creator", "CreationDate")}
    unsaid: dict[str, Any] = dict.fromkeys(dated.get(kind, ()))
    with styled():
        canvas = axes.get_figure(root=True)
        if canvas is None:
            raise InputError("figure", axes, "axes that belong to a figure")
        canvas.savefig(target, format=kind, dpi=DOTS, metadata=unsaid)
    drawn = target.getvalue()
    return drawn.replace(f"'{FONT}'".encode(), b"system-ui, sans-serif") if kind == "svg" else drawn
