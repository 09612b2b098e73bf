"""What `adlopt axioms` prints: verdicts, and each counterexample with its figures."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.round import RoundStart
from adlopt.show.table import WIDTH, table
from adlopt.show.words import number

if TYPE_CHECKING:
    from adlopt.studies.axioms.trial import AxiomReport, Counterexample


def to_dict(report: AxiomReport) -> dict[str, Any]:
    """Collect a report, ready for JSON; amounts also as exact fractions."""
    return {
        "policy": report.policy,
        "seed": report.seed,
        "axioms": [
            {
                "name": v.axiom.name,
                "statement": v.axiom.statement,
                "tries": v.tries,
                "counterexample": None if v.counterexample is None else _as_dict(v.counterexample),
            }
            for v in report.verdicts
        ],
    }


def render(report: AxiomReport) -> str:
    """Lay out a report in 80 columns."""
    rows = [(v.axiom.name, v.axiom.statement, str(v)) for v in report.verdicts]
    title = (
        f"{report.policy}: axioms tried on small instances, each the first round of an episode; "
        f"seed {report.seed}. What is not broken is not proved"
    )
    parts = [table(title, ("axiom", "what is asked", "found"), rows)]
    for v in report.verdicts:
        if v.counterexample is not None:
            parts.append(_counterexample(v.axiom.name, v.counterexample))
    return "\n".join(parts)


def _counterexample(name: str, broken: Counterexample) -> str:
    text = fill(f"{name}: {broken.violation.text}", WIDTH)
    return "\n".join([text, *(_round(start, taken) for start, taken in broken.rounds)])


def _round(start: RoundStart, taken: FloatArray | None) -> str:
    lots = "" if start.lot is None else f", lots of {number(start.lot[0])} USD"
    notional = start.feature("notional")
    entry = notional / start.feature("price_ratio")
    shown: dict[str, Iterable[float | None]] = {
        "profit": start.capacity,
        "collateral": start.feature("equity") - start.capacity,
        "notional": notional,
    }
    if not np.allclose(entry, notional - start.capacity, rtol=1e-9):
        shown["at entry"] = entry
    shown["pays"] = [None] * len(start.account) if taken is None else taken
    figures = zip(start.account, *shown.values(), strict=True)
    rows = [(name, *map(number, numbers)) for name, *numbers in figures]
    return table(f"  deficit {number(start.deficit)} USD{lots}", ("account", *shown), rows)


def _as_dict(broken: Counterexample) -> dict[str, Any]:
    amount = broken.violation.usd
    return {
        "text": broken.violation.text,
        "usd": None if amount is None else float(amount),
        "usd_exactly": None if amount is None else str(amount),
        "rounds": [
            {
                "deficit_usd": start.deficit,
                "lot_usd": None if start.lot is None else float(start.lot[0]),
                "account": list(start.account),
                "capacity_usd": start.capacity.tolist(),
                "equity_usd": start.feature("equity").tolist(),
                "features": {key: column.tolist() for key, column in start.features.items()},
                "haircut_usd": None if taken is None else taken.tolist(),
            }
            for start, taken in broken.rounds
        ],
    }
