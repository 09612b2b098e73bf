"""Risk-based ADL across assets: what accounts with several coins close, at least risk.

Campbell, Hey, Moallemi & Nutz, *Risk-Based Auto-Deleveraging*, arXiv 2603.15963. So many contracts
of each coin have to be closed, at the mark; an account's positions share its equity.

| objective | minimises |
|---|---|
| `LeastLeverage` | the worst gross leverage, Σ notional over equity: a hedge counts as a bet |
| `FactorLeverage` | the worst leverage to one factor: hedges net |
| `ExpectedLoss` | the mean loss beyond equity over scenarios, or over the worst of them (CVaR) |

In one coin all three are `drain_leverage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import AnyArray, FloatArray, freeze
from adlopt.foundation.deadline import deadline
from adlopt.foundation.ids import places
from adlopt.model.method import Method
from adlopt.model.objective import LeastLeverage
from adlopt.model.positions import ContractRound
from adlopt.model.risk_objective import ExpectedLoss, FactorLeverage
from adlopt.optimum.assets.leverage_rows import least_leverage, leverage
from adlopt.optimum.assets.loss_barrier import Losses, least_expected_loss
from adlopt.optimum.assets.portfolios import portfolios
from adlopt.optimum.core.certificate import UNIT_ROUNDING, checked
from adlopt.optimum.core.surface import Optimum, made
from adlopt.optimum.programs.highs import check_time_limit
from adlopt.show.answer import Columns, plain
from adlopt.show.schema.optima import AssetDrainData
from adlopt.show.words import counted

OBJECTIVES: tuple[type, ...] = (ExpectedLoss, FactorLeverage, LeastLeverage)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AssetDrain(Optimum):
    """What to close, and what is proved about the risk that remains.

    Parameters
    ----------
    round_ : ContractRound
    criterion : str
        What `value` measures, with its unit.
    closed : FloatArray, shape (m,)
        Contracts closed of each position.
    coins : tuple of str, length K
    price : FloatArray, shape (K,)
        Shadow prices: rise of the value per contract more to close; < 0 where closing lowers it.

    The others are those of every optimum.
    """

    round_: ContractRound
    criterion: str
    closed: FloatArray
    coins: tuple[str, ...]
    # Without a value here, the base's property of that name would become it.
    price: FloatArray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        for name in ("closed", "price"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        self._check()

    def _answer(self) -> tuple[AnyArray, ...]:
        return self.closed, self.price

    def _columns(self) -> Columns:
        held = self.round_.positions
        return {
            "account": held.account,
            "coin": held.coin,
            "side": [side.value for side in held.side],
            "size_contracts": held.size,
            "closed_contracts": self.closed,
        }

    def _done(self) -> str:
        touched = np.unique(self.round_.owner[self.closed > 0]).size
        who = f"{counted(touched, 'account')} close{'s' if touched == 1 else ''}"
        coins = np.unique(np.array(self.round_.positions.coin)[self.closed > 0]).size
        return f"{who} in {counted(coins, 'coin')}; {self.criterion}: {self.value:,.6g}"

    def data(self) -> AssetDrainData:
        """Return it as machines get it."""
        return self._filled(
            AssetDrainData,
            price=self.price.tolist(),
            **plain(self._columns()),
        )


def drain_assets(
    round_: ContractRound,
    objective: ExpectedLoss | FactorLeverage | LeastLeverage,
    *,
    close: Mapping[str, float],
    time_limit: float | None = None,
) -> AssetDrain:
    """Close so many contracts of each coin, at the mark, that the risk which remains is least.

    Parameters
    ----------
    round_ : ContractRound
        Positions with marks and equities; an account's share its equity, longs and shorts.
    objective : ExpectedLoss, FactorLeverage or LeastLeverage
    close : mapping of str to float
        Contracts by coin: > 0 of longs, < 0 of shorts; the others stay.
    time_limit : float, optional
        Seconds; what is proven by then is stated.

    Notes
    -----
    2,000 accounts × 10 coins × 200 scenarios, seconds of one core, proven to 1e-9: expected loss in
    0.4 to 0.7, its worst 5 % in 2 to 3, leverage (by HiGHS) in 0.03. For an expected loss within
    1e-6, cuts of one account each in a HiGHS that stays warm took 1.8 to 4.5; the program stated in
    full takes it 1.7 to 8, the longer the more accounts may lose. Memory and time grow with
    accounts × (coins² + scenarios): made for tens of coins.

    Examples
    --------
    Ann's short hedges her long; Bob has the same long alone.

    >>> round_ = ContractRound.of(
    ...     account=["ann", "ann", "bob"], coin=["ETH", "BTC", "ETH"],
    ...     side=["long", "short", "long"], size=[10, 1, 10], value=[1, 1, 1],
    ...     mark=[100, 1000, 100], equity=[200, 200], deficit=9, needed=9)
    >>> moves = {"ETH": [-0.3, 0.3], "BTC": [-0.3, 0.3]}
    >>> best = drain_assets(round_, ExpectedLoss(returns=moves), close={"ETH": 3})
    >>> best.closed
    array([0., 0., 3.])
    """
    check_time_limit(time_limit)
    if not isinstance(objective, OBJECTIVES):
        expected = ", ".join(kind.__name__ for kind in OBJECTIVES)
        raise InputError("objective", objective, expected)
    problem, may = portfolios(round_, close)
    end = deadline(time_limit)
    if isinstance(objective, ExpectedLoss):
        share, price, proven, stopped = least_expected_loss(problem, objective, end)
        method, criterion = Method.INTERIOR, objective.criterion
        value = objective.mean(Losses.of(problem, objective).by_scenario(share))
        rounding = float(problem.gross.sum() + np.abs(problem.held).sum())
    else:
        loadings = objective.of(problem.coins) if isinstance(objective, FactorLeverage) else None
        share, price, proven, answer = least_leverage(problem, loadings, end)
        method, stopped = answer.method, answer.stopped
        criterion = "worst leverage" if loadings is None else "worst leverage to the factor"
        value = float(leverage(problem, share, loadings).max())
        rounding = value
    certificate = checked(
        upper=value,
        lower=float(max(min(proven.lower, value), 0.0)),
        trust=proven.trust,
        error=float(proven.error),
        rounding=16 * UNIT_ROUNDING * rounding,
    )
    kind = places(round_.positions.coin, problem.coins)
    contracts = np.bincount(kind, may, minlength=len(problem.coins))
    return made(
        AssetDrain,
        round_=round_,
        criterion=criterion,
        closed=may * (1.0 - share[round_.owner, kind]),
        coins=problem.coins,
        price=0.0 - price / np.where(contracts > 0, contracts, 1.0),
        certificate=certificate,
        method=method,
        stopped=stopped,
    )
