"""What keeps accounts from giving more: a limit, whole lots, protection, or the worst burden."""

from __future__ import annotations

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.limits import Limits
from adlopt.model.round import RoundStart


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
