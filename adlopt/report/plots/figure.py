"""What a figure is: one question, how its answer is drawn, and what has to be known for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from adlopt.report.evidence import Evidence

FIGURES: dict[str, Figure] = {}
"""All figures by name, in the order of a page; whoever draws one puts it here by `asks`."""

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Drawing: TypeAlias = Callable[[Axes, Evidence], None]


def uncovered(evidence: Evidence) -> str:
    """Games and paths need winners that can cover every deficit."""
    return "" if evidence.covered else "winners cannot cover every deficit, U_t ≥ D_t fails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A question about an episode, its `title`, and the drawing that answers it.

    `name` is as in `adlopt plot EPISODE NAME`, `section` the id of a report's, and `caption` says
    how to read the answer. `lacks` says why it cannot be drawn, or nothing; `rows` counts those of
    a chart whose height depends on them, else 0; `paper` are the figures of arXiv 2602.15182 that
    ask the same.
    """

    name: str
    section: str
    title: str
    caption: str
    draw: Drawing
    lacks: Callable[[Evidence], str] = lambda _: ""
    rows: Callable[[Evidence], int] = lambda _: 0
    paper: tuple[int, ...] = ()


def asks(section: str, title: str, caption: str, **rest: Any) -> Callable[[Drawing], Drawing]:
    """Make a figure of what draws it, by the name of the function without its underscore."""

    def of(draw: Drawing) -> Drawing:
        name = draw.__name__.strip("_")
        said = {"section": section, "title": title, "caption": caption}
        FIGURES[name] = Figure(name=name, draw=draw, **rest, **said)  # type: ignore[arg-type]
        return draw

    return of
