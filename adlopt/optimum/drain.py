"""Leverage draining: close contracts of the most leveraged accounts down to a common leverage.

Risk-based ADL in one coin, isolated margin: Campbell, Hey, Moallemi & Nutz, *Risk-Based
Auto-Deleveraging*, arXiv 2603.15963. Account i has q_i contracts at mark P and equity e_i > 0, so
leverage ℓ_i = P q_i / e_i; closing at the mark changes q_i alone. Of all ways to close Q contracts,
ℓ'_i = min(ℓ_i, ℓ*) has

* the least maximum leverage;
* the least expected loss Σ e_i E(ℓ'_i R − 1)_+ for *every* distribution of the adverse relative
  move R ≥ 0, since Σ e_i ℓ'_i is fixed and E(ℓ R − 1)_+ is convex in ℓ; uniquely so where it is
  strictly convex;
* the least CVaR of the loss: R moves all losses together, so the tail of the loss is the loss in
  the tail of R, {R ≥ r}. There every loss is linear in ℓ from the cutoff 1/r on, and accounts that
  stay above it are interchangeable: optimal, but not alone.

What remains open is a water-filling of Σ q_i − Q over equities, and is certified as one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import (
    AnyArray,
    FloatArray,
    freeze,
    own,
    own_number,
    own_positive_number,
    require,
)
from adlopt.model.positions import WHOLE, ContractRound
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import TOLERANCE
from adlopt.optimum.core.surface import Optimum, made
from adlopt.optimum.dollars.least_loss import least_loss
from adlopt.show.answer import Columns
from adlopt.show.schema.optima import DrainData
from adlopt.show.words import counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LeverageDrain(Optimum):
    """What to close, and what is proved about the leverage that remains: `value` is the largest.

    `closed` has contracts and `leverage` what remains of it for each position, both of shape (n,);
    `account` has owners, numbers from 1 where none are known.
    """

    account: tuple[str, ...]
    closed: FloatArray
    leverage: FloatArray

    def __post_init__(self) -> None:
        for name in ("closed", "leverage"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        self._check()

    def _answer(self) -> tuple[AnyArray, ...]:
        return self.closed, self.leverage

    @property
    def most(self) -> float:
        """ℓ*, the largest leverage that remains."""
        return self.value

    @property
    def touched(self) -> int:
        """Number of positions that close anything."""
        return int(np.count_nonzero(self.closed))

    def _columns(self) -> Columns:
        return {"account": self.account, "closed_contracts": self.closed, "leverage": self.leverage}

    def _done(self) -> str:
        who = f"{counted(self.touched, 'account')} close{'s' if self.touched == 1 else ''}"
        left = f"leverage at most {self.most:.4g}"
        return f"{who} {math.fsum(self.closed):,.6g} contracts, {left}"

    def data(self) -> DrainData:
        """Return it as machines get it."""
        return self._filled(DrainData)


def drain_leverage(
    size: ArrayLike, equity: ArrayLike, *, mark: float, close: float, lot: float | None = None
) -> LeverageDrain:
    """Close `close` contracts so that the largest leverage is least.

    Parameters
    ----------
    size : array_like, shape (n,)
        Contracts held, ≥ 0.
    equity : array_like, shape (n,)
        USD > 0.
    mark : float
        USD a contract, > 0.
    close : float
        Contracts to close, at most all of them.
    lot : float, optional
        Contracts; what is held and what is closed are whole multiples of it.

    Examples
    --------
    >>> print(drain_leverage([10.0, 4.0, 1.0], [100.0, 100.0, 100.0], mark=100.0, close=6.0))
    1 account closes 6 contracts, leverage at most 4; proven optimal (exact)
    >>> drain_leverage([10.0, 4.0, 1.0], [100.0, 100.0, 100.0], mark=100.0, close=9.0).leverage
    array([2.5, 2.5, 1. ])
    """
    held = own(size, "size", lowest=0.0)
    worth = own(equity, "equity", length=held.size)
    remedy = "an insolvent account is liquidated, not deleveraged"
    require(worth > 0, worth, "equity", "a number > 0", remedy=remedy)
    price = own_positive_number(mark, "mark")
    aim = own_number(close, "close", lowest=0.0)
    total = math.fsum(held)
    if aim > total * (1 + TOLERANCE):
        raise InputError("close", aim, f"at most the {total!r} contracts held")
    best = least_loss(
        BurdenProblem(
            capacity=held,
            weight=worth / price,
            budget=max(total - aim, 0.0),
            under=math.inf,
            over=math.inf,
            fair=1.0,
            lot=None if lot is None else _whole_lots(held, aim, own_positive_number(lot, "lot")),
        )
    )
    return made(
        LeverageDrain,
        account=tuple(map(str, range(1, held.size + 1))),
        method=best.method,
        stopped=best.stopped,
        closed=held - best.haircut,
        leverage=best.haircut * price / worth,
        certificate=best.certificate,
    )


def drain_round(round_: ContractRound, *, close: float) -> LeverageDrain:
    """Close `close` contracts of a round whose positions are all in one coin and on one side."""
    if not isinstance(round_, ContractRound):
        raise InputError("round_", round_, "a ContractRound")
    positions, equity = round_.positions, round_.start.equity
    markets = sorted({(c, s.value) for c, s in zip(positions.coin, positions.side, strict=True)})
    if len(markets) > 1:
        raise InputError("positions", f"{len(markets)} markets", "one coin and one side")
    if equity is None:
        raise InputError("equity", None, "account values", remedy="leverage needs them")
    if positions.mark is None:
        raise InputError("mark", None, "a mark price", remedy="leverage needs it")
    best = drain_leverage(
        positions.size,
        equity[round_.owner],
        mark=_shared(positions.mark, "mark"),
        close=close,
        lot=_shared(positions.lot, "lot"),
    )
    return replace(best, account=positions.account)


def expected_loss(
    leverage: ArrayLike, equity: ArrayLike, move: ArrayLike, probability: ArrayLike
) -> float:
    """USD. Σ_i e_i E(ℓ_i R − 1)_+: what accounts are expected to lose beyond their equity.

    Adverse relative moves R ≥ 0 of the price have probabilities up to scale.

    >>> expected_loss([4.0, 1.0], [100.0, 100.0], move=[0.1, 0.5], probability=[0.9, 0.1])
    10.0
    """
    ratio = own(leverage, "leverage", lowest=0.0)
    worth = own(equity, "equity", length=ratio.size, lowest=0.0)
    moves = own(move, "move", lowest=0.0)
    chance = own(probability, "probability", length=moves.size, lowest=0.0)
    if not chance.any():
        raise InputError("probability", chance.tolist(), "a number > 0 among them")
    beyond = np.array([math.fsum(worth * np.maximum(ratio * r - 1.0, 0.0)) for r in moves])
    return math.fsum(chance * beyond) / math.fsum(chance)


def _whole_lots(held: FloatArray, aim: float, lot: float) -> FloatArray:
    """Contracts a lot, shape (n,), after checking that whole lots are held and closed."""
    for field, amounts in (("size", held), ("close", np.array([aim]))):
        lots = amounts / lot
        apart = np.abs(lots - np.rint(lots)) > WHOLE * np.maximum(lots, 1.0)
        if apart.any():
            index = int(np.argmax(apart))
            where = index if field == "size" else None
            expected = f"a whole multiple of the lot, {lot!r}"
            raise InputError(field, float(amounts[index]), expected, index=where)
    return np.full(held.size, lot)


def _shared(values: FloatArray, field: str) -> float:
    expected = f"{float(values[0])!r}, as for the first position"
    require(values == values[0], values, field, expected)
    return float(values[0])
