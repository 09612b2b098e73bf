"""The guarantee card: questions and answers on a page, no symbol unexplained."""

from __future__ import annotations

from adlopt.show.schema.boards import BoundData
from adlopt.show.schema.studies import GuaranteeCardData, RivalData
from adlopt.show.table import filled
from adlopt.show.words import clipped, dollars

NAMED = 4
"""Rivals that are named."""


def render(data: GuaranteeCardData) -> str:
    """Lay out questions and answers below each other."""
    title = f"Guarantee card: {clipped(data.policy)} on {clipped(data.episode)}"
    return "\n".join([title, *(filled(f"{ask}: {say}", "  ") for ask, say in answers(data))])


def answers(data: GuaranteeCardData) -> list[tuple[str, str]]:
    """What is asked of a rule, and what is known."""
    lost = "deficit times the distance of the share taken from the share needed, summed over rounds"
    broken = ", ".join(each.name for each in data.axioms if each.broken)
    held = ", ".join(each.name for each in data.axioms if each.tries and not each.broken)
    tries = max((each.tries for each in data.axioms), default=0)
    return [
        ("loss here", f"{dollars(data.loss_usd)} ({lost})"),
        ("what it knows", data.information),
        ("theorems that cover it", "; ".join(map(_theorem, data.theorems)) or "none that ships"),
        ("worst case", _worst(data)),
        ("beaten here by", _rivals(data.beaten_by)),
        ("beats here", _rivals(data.beats[::-1])),
        ("axioms broken", broken or "none"),
        (f"axioms with no counterexample in {tries} tries", held or "none"),
        ("data", f"{len(data.quality)} remarks; adlopt play prints them"),
        ("not known", "; ".join(data.unknown)),
    ]


def _theorem(bound: BoundData) -> str:
    if bound.usd is None:
        return f"{bound.label}: fails here for want of {', '.join(bound.fails)}"
    vacuous = ", VACUOUS: no policy can lose more anyway" if bound.vacuous else ""
    return (
        f"{bound.label}: at most {dollars(bound.usd)} on this episode{vacuous}, all hypotheses hold"
    )


def _worst(data: GuaranteeCardData) -> str:
    if data.worst is None:
        return "not known: no severity of its own"
    low, high = dollars(data.worst.loss_usd), dollars(data.worst.upper_usd)
    where = f"shares needed that move {data.variation:.4g} in all, deficits as here"
    if data.worst.outcome == "supremum":
        return f"{low}, by {data.worst.upper_by} ({where})"
    return f"between {low} and {high}, the latter by {data.worst.upper_by} ({where})"


def _rivals(rivals: list[RivalData]) -> str:
    named = [f"{each.policy} {dollars(each.loss_usd)}" for each in rivals[:NAMED]]
    more = [f"{len(rivals) - NAMED} more"] if len(rivals) > NAMED else []
    return "; ".join([*named, *more]) or "none of those tried"
