"""What is proved about a value: in words, and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adlopt.show.table import table
from adlopt.show.words import percent

SHOWN = 20
"""Stages that are printed; the rest are counted."""
NOT_PROVEN = "reported"
MICRO_DOLLAR = 1e-6
"""USD. What is short by less is rounding."""
NOT_CHECKED = "claimed, not checked"


def in_words(proof: Mapping[str, Any]) -> str:
    """Say how good a value is proved to be."""
    short = -proof.get("budget_residual_usd", 0.0)
    missing = f", {short:.6g} USD short of the budget" if short >= MICRO_DOLLAR else ""
    return f"{_how_good(proof)}{missing}"


def _how_good(proof: Mapping[str, Any]) -> str:
    if proof["trust"] == NOT_CHECKED:
        return f"nothing proven ({NOT_CHECKED})"
    if not proof["optimal"]:
        return f"within {proof['gap'] / proof['upper']:.2g} of the optimum ({proof['trust']})"
    if proof["trust"] == NOT_PROVEN:
        return "nothing better found by search (reported, not proven)"
    return f"proven optimal ({proof['trust']})"


def certificate(
    data: Mapping[str, Any], criterion: str, figures: Sequence[tuple[str, str]] = ()
) -> str:
    """Lay out an optimum's value, what it measures, its bound, further figures, and its stages."""
    proof = data["certificate"]
    rows = [*_proved(criterion, proof), ("rounding subtracted from it", f"{proof['error']:.1e}")]
    if not proof["optimal"]:
        rows.append(("gap, of the value", percent(proof["gap"] / (proof["upper"] or 1.0))))
    rows += figures
    for stage in data["stages"][:SHOWN]:
        rows += _proved(stage["criterion"], stage)
    if len(data["stages"]) > SHOWN:
        rows.append(("further stages; --json has all", f"{len(data['stages']) - SHOWN:,}"))
    how = f"Method: {data['method']}; stopped: {data['stopped']}"
    return table(f"Certificate: {in_words(proof)}. {how}", ("figure", "value"), rows)


def _proved(criterion: str, proof: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (criterion, f"{proof['upper']!r}"),
        (f"lower bound on it ({proof['trust']})", f"{proof['lower']!r}"),
    ]
