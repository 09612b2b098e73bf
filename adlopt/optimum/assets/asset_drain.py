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

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from adlopt.errors import InputError, SolverStopped
from adlopt.foundation.arrays import AnyArray, FloatArray, freeze
from adlopt.foundation.exact import exact_sum
from adlopt.foundation.ids import places
from adlopt.model.method import Method, Stopped
from adlopt.model.objective import LeastLeverage
from adlopt.model.positions import ContractRound
from adlopt.model.risk_objective import ExpectedLoss, FactorLeverage
from adlopt.optimum.assets.loss_barrier import Losses, least_expected_loss
from adlopt.optimum.assets.portfolios import Portfolios, portfolios
from adlopt.optimum.core.certificate import UNIT_ROUNDING, Trust, checked
from adlopt.optimum.core.surface import Optimum, made, until_stopped
from adlopt.optimum.matching.dollar_flow import DollarFlow
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import WORK_TOTAL, Program, SparseRows, power_of_two
from adlopt.optimum.programs.weak_duality import ProvenBound, lower_bound
from adlopt.show.answer import Columns, plain
from adlopt.show.schema.optima import AssetDrainData
from adlopt.show.words import counted

OBJECTIVES: tuple[type, ...] = (ExpectedLoss, FactorLeverage, LeastLeverage)


def leverage(problem: Portfolios, share: FloatArray, loadings: FloatArray | None) -> FloatArray:
    """What is left over equity, shape (n,): gross, or net to a factor."""
    left = problem.left(share)
    if loadings is None:
        kept = (np.abs(problem.held) * share).sum(axis=1)
        return np.asarray((problem.gross + kept) / problem.equity)
    return np.asarray(np.abs(left @ loadings) / problem.equity)


def least_gross(
    problem: Portfolios,
) -> tuple[FloatArray, FloatArray, ProvenBound, Method, Stopped]:
    """Shares kept, (n, K), price of what is kept, (K,), leverage a share of the book, a bound.

    What is kept of each coin flows to accounts beside what stays, as dollars do in a matching.
    """
    kind, account = np.nonzero(problem.open.T)
    coins, layer = np.unique(kind, return_inverse=True)
    who, number = np.unique(account, return_inverse=True)
    held = np.abs(problem.held)[account, kind]
    ones, none = np.ones(coins.size), np.zeros(coins.size)
    flow = DollarFlow(
        book=coins, low=none, high=ones, full=none, asked=problem.kept[coins], position=account,
        account=number, layer=layer, limit=held, paid=np.zeros(held.size), who=who,
        weight=problem.equity[who], before=problem.gross[who], left=np.full(who.size, np.inf),
    )  # fmt: skip
    level, needs, flow, stopped = flow.least()
    share = np.zeros(problem.held.shape)
    share[account, kind] = flow.paid / held
    room = flow.of_accounts(held * needs[layer])
    bears = (room > 0) & (flow.before + room >= flow.weight * level)
    total, most = exact_sum(flow.weight[bears]), exact_sum(room[~bears])
    borne = exact_sum(flow.asked[needs]) + exact_sum(flow.before[bears]) - most
    stays = float((problem.gross / problem.equity).max())
    lower = max(float(borne / total) if total else 0.0, stays)
    # What stays is a sum of up to so many numbers, rounded before it is proved.
    error = UNIT_ROUNDING * (8 + problem.kept.size) * lower
    price = np.zeros(problem.kept.size)
    price[coins[needs]] = 1.0 / float(total) if total and level > stays else 0.0
    bound = ProvenBound(lower=lower - error, error=error, trust=Trust.VERIFIED)
    return problem.repaired(share), price * problem.book, bound, Method.CUTS, stopped


def least_net(
    problem: Portfolios, loadings: FloatArray
) -> tuple[FloatArray, FloatArray, ProvenBound, Method, Stopped]:
    """The same of leverage to a factor, by a linear program; at a limit all keep a like share."""
    unit = float(power_of_two(WORK_TOTAL / problem.book.max()))
    program, per = _program(problem, loadings, unit)
    worth = program.cost[-1]
    account, kind = np.nonzero(problem.open)
    share = np.zeros(problem.held.shape)
    try:
        answer = run(program)
    except SolverStopped as late:
        share[account, kind] = (problem.kept / problem.book)[kind]
        method, stopped, duals = Method.PRO_RATA, Stopped.LIMIT, late.row_duals
    else:
        share[account, kind] = answer.columns[:-1] / per
        method, stopped, duals = answer.method, answer.stopped, answer.duals
    duals = np.zeros(program.row_lower.size) if duals is None else duals
    proven = lower_bound(program, duals, exact=False)
    # What stays is a sum of up to so many numbers, rounded before it is proved.
    error = (proven.error + UNIT_ROUNDING * (8 + problem.kept.size) * abs(proven.lower)) / worth
    lower = (proven.lower + proven.error) / worth - error
    price = np.zeros(problem.kept.size)
    price[problem.kept > 0] = duals[: np.count_nonzero(problem.kept)] * unit / worth
    bound = replace(proven, lower=lower, error=error)
    book = price * problem.book
    return problem.repaired(share), book, bound, method, stopped


def _program(problem: Portfolios, loadings: FloatArray, unit: float) -> tuple[Program, FloatArray]:
    """Columns are what each account keeps of each coin, in units, and the worst leverage."""
    account, kind = np.nonzero(problem.open)
    held = problem.held[account, kind]
    per = np.abs(held) * unit
    n, rows, last = problem.equity.size, SparseRows(), account.size
    for k in np.flatnonzero(problem.kept > 0):
        column, kept = np.flatnonzero(kind == k), float(problem.kept[k] * unit)
        rows.add(column, np.ones(column.size), lower=kept, upper=kept)
    weight, fixed = loadings[kind] * np.sign(held), problem.fixed @ loadings
    both = np.abs(problem.fixed) + np.abs(problem.held)
    most = both @ np.abs(loadings) / problem.equity
    # HiGHS refuses coefficients of 1e15: rows of the rich, and the cost, are scaled down.
    down = power_of_two(np.minimum(WORK_TOTAL / (problem.equity * unit), 1.0))
    for sign in (1.0, -1.0):
        rows.add_many(
            row=np.append(account, np.arange(n)),
            column=np.append(np.arange(last), np.full(n, last)),
            coefficient=np.append(sign * weight * down[account], -problem.equity * unit * down),
            upper=-sign * fixed * unit * down,
        )
    cost = np.append(np.zeros(last), min(math.fsum(problem.equity) * unit, WORK_TOTAL**1.5))
    upper = np.append(per, 1.0 + 2.0 * most.max(initial=0.0))
    return rows.program(cost=cost, lower=np.zeros(last + 1), upper=upper), per


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
    2,000 accounts × 10 coins × 200 scenarios, seconds of one core: expected loss in 0.4, proven to
    1e-9, its worst 5 % in 0.6, to 1e-6; worst leverage of 20,000 accounts in 0.1 to 0.3, by minimal
    cuts, to a factor by HiGHS. For an expected loss within 1e-6, cuts of one account each in a
    HiGHS that stays warm took 1.8 to 4.5; the program stated in full takes it 1.7 to 8, the longer
    the more accounts may lose. Memory and time grow with accounts × (coins² + scenarios): made for
    tens of coins. Algebra keeps to one thread: of blocks so small, two spend five times as much.

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
    if not isinstance(objective, OBJECTIVES):
        expected = ", ".join(kind.__name__ for kind in OBJECTIVES)
        raise InputError("objective", objective, expected)
    with threadpool_limits(1, "blas"):
        return until_stopped(lambda: _drained(round_, objective, close), time_limit)


def _drained(
    round_: ContractRound,
    objective: ExpectedLoss | FactorLeverage | LeastLeverage,
    close: Mapping[str, float],
) -> AssetDrain:
    problem, may = portfolios(round_, close)
    if isinstance(objective, ExpectedLoss):
        share, price, proven, stopped = least_expected_loss(problem, objective)
        method, criterion = Method.INTERIOR, objective.criterion
        value = objective.mean(Losses.of(problem, objective).by_scenario(share))
        rounding = float(problem.gross.sum() + np.abs(problem.held).sum())
    else:
        loadings = objective.of(problem.coins) if isinstance(objective, FactorLeverage) else None
        share, price, proven, method, stopped = (
            least_gross(problem) if loadings is None else least_net(problem, loadings)
        )
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
