"""What keeps accounts from giving more, and what else a reader of an answer would miss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.limits import Limits
from adlopt.model.loss import MinMax
from adlopt.model.objective import CVaR
from adlopt.model.round import RoundStart
from adlopt.show.words import clipped, counted, dollars


def why_no_more(
    limits: Limits,
    start: RoundStart,
    weight: FloatArray,
    *,
    could: BoolArray | bool = False,
    worst: BoolArray | bool = False,
    lots: BoolArray | bool = False,
) -> tuple[str, ...]:
    """Say why each account gives no more, length n: "" where it could.

    That its burden is among the `worst`, of those who `could`; or that its whole `lots` are used
    up, masks (n,). Nobody gives without a `weight`, USD.
    """
    reasons = np.array(limits.reasons(start), dtype=object)
    open_, bears, whole = (np.broadcast_to(mask, reasons.shape) for mask in (could, worst, lots))
    reasons[whole] = "lots"
    reasons[(weight <= 0) & (limits.most(start) > 0)] = "protected"
    reasons[open_] = np.where(bears[open_], "worst burden", "")
    return tuple(reasons.tolist())


NAMED = 3
"""Accounts that are named; the rest are counted."""


def notes(
    start: RoundStart, objective: object, worst: MinMax, limits: Limits, haircut: FloatArray
) -> Iterator[str]:
    """Say in words what stands out of a haircut, shape (n,)."""
    weight = limits.denominators(worst.weights(start))
    held = np.flatnonzero((weight <= 0) & (start.capacity > 0))
    if held.size:
        names = ", ".join(clipped(start.account[i], 20) for i in held[:NAMED])
        more = f" and {held.size - NAMED:,} more" if held.size > NAMED else ""
        kept = dollars(float(start.capacity[held].sum()))
        who = counted(held.size, "account")
        yield f"protected, of no {worst.burden.value}: {who} of {kept} ({names}{more})"
    plain = isinstance(objective, CVaR) and objective.importance is None and objective.level < 1
    if plain and np.count_nonzero(haircut) == 1 and np.count_nonzero(limits.most(start)) > 1:
        yield (
            "all from one account, as those that give nothing count as burden 0: "
            "importance='capacity'"
        )
