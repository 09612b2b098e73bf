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
        for k, name in enumerate(block):
            i = block.first + k
            names.append(name)
            unit = STEP * stated.row_unit[i]
            above.append((_value(_moved(stated, i, STEP)) - here) / unit)
            below.append((here - _value(_moved(stated, i, -STEP))) / unit)
    row = np.repeat(np.arange(p.row_lower.size), np.diff(p.start))
    reduced = p.cost - np.bincount(p.column, p.coefficient * found.duals[row], p.cost.size)
    limit = np.zeros(len(account))
    limit[stated.account] = np.minimum(reduced[stated.column], 0.0) / stated.unit[stated.column]
    share = next(block for block in stated.rows if block.name == "share")
    rows = slice(share.first, share.first + share.count)
    multipliers = found.duals[rows] / stated.row_unit[rows]
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


def _moved(stated: Stated, row: int, step: float) -> Stated:
    ends = [end.copy() for end in (stated.program.row_lower, stated.program.row_upper)]
    for end in ends:
        end[row] += step
    return replace(stated, program=replace(stated.program, row_lower=ends[0], row_upper=ends[1]))


def _value(stated: Stated) -> float:
    try:
        found: FloatArray = search(stated, None, (), None).point
    except Infeasible:
        return float("inf")
    return stated.value(found)
