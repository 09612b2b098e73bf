"""Words that the answers of an adversary share."""

from __future__ import annotations

from itertools import groupby
from textwrap import fill
from typing import Any

from adlopt.model.tightness import Tightness
from adlopt.show.table import WIDTH
from adlopt.show.words import amount

SHOWN = 40
"""Levels of θ* printed."""


def bound_row(data: dict[str, Any], where: str = "on this instance") -> tuple[str, str]:
    """The bound's name, and what it says."""
    usd = data["bound_usd"]
    value = "does not apply" if usd is None else amount(usd)
    return f"{data['bound_label']}, {where}, USD", value


def bound_notes(data: dict[str, Any]) -> list[str]:
    """What a bound covers, how tight it is, and what it lacks here."""
    tight = "tight" if data["tightness"] == Tightness.TIGHT.value else "not shown to be tight"
    note = f": {data['tightness_note']}" if data["tightness_note"] else ""
    fails = [f"hypothesis that fails here: {text}" for text in data["fails_on_instance"]]
    return [f"bound covers: {data['covers']}", f"bound is {tight}{note}", *fails]


def paragraphs(notes: list[str]) -> str:
    """Wrap one note after another."""
    return "".join(fill(note, WIDTH, subsequent_indent="  ") + "\n" for note in notes)


def severities(path: list[float]) -> str:
    """Write 0.5 0 0 0 as 0.5 0×3; 0+ and 1− are not quite 0 and 1.

    Examples
    --------
    >>> severities([0.5, 0.0, 0.0, 1e-7, 1 - 1e-7, 0.25004])
    'θ*: 0.5 0×2 0+ 1− 0.25 (0+ and 1− are within 0.00005 of an end)'
    """
    spans = [(theta, len(list(span))) for theta, span in groupby(map(_level, path))]
    shown = [theta if n == 1 else f"{theta}×{n}" for theta, n in spans[:SHOWN]]
    shown += ["…"] if len(spans) > SHOWN else []
    if {"0+", "1−"} & {theta for theta, _ in spans[:SHOWN]}:
        shown.append("(0+ and 1− are within 0.00005 of an end)")
    return fill(f"θ*: {' '.join(shown)}", WIDTH, subsequent_indent="    ")


def share_spent(data: dict[str, Any]) -> str:
    """The path variation used, of what was allowed."""
    return f"{data['variation']:.4f} of {data['variation_allowed']:.4f}"


def _level(theta: float) -> str:
    shown = f"{theta:.4f}".rstrip("0").rstrip(".")
    return {("0", False): "0+", ("1", False): "1−"}.get((shown, theta in (0.0, 1.0)), shown)
