"""What a figure is: one question, how its answer is drawn, and what has to be known for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adlopt.report.evidence import Evidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def nothing(_: Evidence) -> str:
    """Nothing is lacking."""
    return ""


def uncovered(evidence: Evidence) -> str:
    """Games and paths need winners that can cover every deficit."""
    return "" if evidence.covered else "winners cannot cover every deficit, U_t ≥ D_t fails"


def no_rows(_: Evidence) -> int:
    """The figure is as high as others."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A question about an episode, and the drawing that answers it.

    Parameters
    ----------
    name : str
        As in `adlopt plot EPISODE NAME`.
    section : str
        Of a report, by its id.
    title : str
        The question.
    caption : str
        How to read the answer.
    draw : callable
        Draws it on matplotlib axes.
    lacks : callable
        Why the figure cannot be drawn; empty if it can.
    rows : callable
        Rows of a chart whose height depends on them, else 0.
    paper : tuple of int
        The figures of arXiv 2602.15182 that ask the same.
    """

    name: str
    section: str
    title: str
    caption: str
    draw: Callable[[Axes, Evidence], None]
    lacks: Callable[[Evidence], str] = nothing
    rows: Callable[[Evidence], int] = no_rows
    paper: tuple[int, ...] = ()
