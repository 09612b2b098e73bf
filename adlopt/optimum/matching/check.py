"""A matching checked against the round and the orders alone: no flow, solver or program is read."""

from __future__ import annotations

import numpy as np

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import SMALLEST_USD, FloatArray
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.positions import ContractRound
from adlopt.model.shed import Shed
from adlopt.optimum.core.certificate import ROUNDING, TOLERANCE
from adlopt.optimum.matching.pairing import Trades


def check_trades(  # noqa: PLR0913 - a matching, piece by piece
    round_: ContractRound,
    shed: Shed,
    trades: Trades,
    *,
    closed: FloatArray,
    matched: FloatArray,
    unmatched: FloatArray,
    haircut: FloatArray,
    whole: bool,
    limits: Limits = NO_LIMITS,
) -> None:
    """Check conservation by coin and side, sizes, lots, capacities and limits."""
    positions = round_.positions
    for j, k in zip(trades.position.tolist(), trades.order.tolist(), strict=True):
        if positions.coin[j] != shed.coin[k] or positions.side[j] is shed.side[k]:
            raise CertificateError(f"trade of position {j} with order {k}: not the other side")
    sold = np.bincount(trades.order, trades.contracts, minlength=len(shed)).astype(float)
    given = np.bincount(trades.position, trades.contracts, minlength=len(positions)).astype(float)
    _equal(sold, matched, "order", "matched contracts")
    _equal(matched + unmatched, shed.size, "order", "matched and unmatched contracts")
    _equal(given, closed, "position", "closed contracts")
    marks = dict(zip(shed.coin, shed.mark.tolist(), strict=True))
    mark = np.array([marks.get(coin, 0.0) for coin in positions.coin])
    may_close = limits.most_size(positions) * mark
    _not_above(closed * mark, may_close, "position", "what may be closed of it, USD,")
    barred = limits.barred(round_.start)[round_.owner] & (closed > 0)
    if barred.any():
        raise CertificateError(f"position {int(np.argmax(barred))} is of an ineligible account")
    value = trades.contracts * shed.value[trades.order]
    taken = np.bincount(round_.owner[trades.position], value, minlength=len(round_.start.account))
    _equal(taken.astype(float), haircut, "account", "USD taken")
    _not_above(haircut, limits.most(round_.start), "account", "its capacity")
    lots = closed / positions.lot
    if whole and (np.abs(lots - np.rint(lots)) > TOLERANCE * (1 + lots)).any():
        raise CertificateError("a position is not closed in whole lots")


def _equal(found: FloatArray, stated: FloatArray, what: str, of: str) -> None:
    off = np.abs(found - stated) - TOLERANCE * np.abs(stated)
    worst = int(np.argmax(off))
    if off[worst] > SMALLEST_USD:
        missed = float(found[worst] - stated[worst])
        raise CertificateError(f"{what} {worst}: {of} are off by {missed:.3g}")


def _not_above(found: FloatArray, limit: FloatArray, what: str, of: str) -> None:
    over = found - limit * (1 + TOLERANCE) - ROUNDING * float(found.sum())
    worst = int(np.argmax(over))
    if over[worst] > SMALLEST_USD:
        raise CertificateError(f"{what} {worst} exceeds {of} by {found[worst] - limit[worst]:.3g}")
