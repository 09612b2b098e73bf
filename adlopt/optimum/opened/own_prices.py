"""Shadow prices under constraints of one's own: by multipliers, and of rows on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.optimum.dollars.shadow_prices import Prices
from adlopt.optimum.opened.searched import Searched, search
from adlopt.optimum.opened.stated import Stated
from adlopt.optimum.programs.highs import Infeasible

STEP = 2.0**7
"""Units of the program, 1e-6 of all money, by which a row is moved to see what that costs."""


def own_prices(found: Searched, account: Sequence[str], reason: Sequence[str] = ()) -> Prices:
    """Price what a program with rows of one's own has found; ranges are not stated.

    The budget and each row of one's own are moved both ways, and the program solved again; limits
    and shares of accounts have the price of the multipliers at hand on both sides.
    """
    stated, p = found.stated, found.stated.program
    names, below, above = [], [], []
    here = _value(stated)
    for block in stated.rows:
        if block.name not in ("budget", "own"):
            continue
        for i, name in enumerate(block, start=block.first):
            names.append(name)
            unit = STEP * stated.row_unit[i]
            above.append((_value(stated, i, STEP) - here) / unit)
            below.append((here - _value(stated, i, -STEP)) / unit)
    reduced = p.reduced(found.duals)
    limit = np.zeros(len(account))
    limit[stated.account] = np.minimum(reduced[stated.column], 0.0) / stated.unit[stated.column]
    share = stated.rows_named("share")
    multipliers = found.duals[share.part] / stated.row_unit[share.part]
    kinds = [why if why in ("cap", "floor") else "capacity" for why in reason or account]
    names += [f"{kind}[{name}]" for kind, name in zip(kinds, account, strict=True)]
    sign = np.where(np.array(kinds) == "floor", -1.0, 1.0)
    both = stated.factor * np.concatenate([sign * limit, multipliers]) + 0.0
    unknown = np.full(len(names) + share.count, np.nan)
    return Prices(
        name=(*names, *share),
        below=np.concatenate([below, both]),
        above=np.concatenate([above, both]),
        from_usd=unknown,
        to_usd=unknown,
    )


def _value(stated: Stated, row: int = 0, step: float = 0.0) -> float:
    """The optimum with a row moved by a step."""
    low, high = stated.program.row_lower.copy(), stated.program.row_upper.copy()
    low[row], high[row] = low[row] + step, high[row] + step
    stated = replace(stated, program=replace(stated.program, row_lower=low, row_upper=high))
    try:
        found: FloatArray = search(stated, None, (), None).point
    except Infeasible:
        return float("inf")
    return stated.value(found)
