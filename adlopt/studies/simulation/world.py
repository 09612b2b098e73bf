"""What a simulated venue and its crash look like, and all that chance decides in it.

Equal seeds give equal worlds, whatever is played in them: common random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.ids import Picked
from adlopt.foundation.money import MICRO, micro
from adlopt.model.market import Market
from adlopt.model.positions import WHOLE
from adlopt.studies.simulation.double_entry import Ledger

COUNTS = {"accounts": (2, 100_000), "coins": (1, 20), "steps": (1, 10_000)}
SIZES = {
    "shock": (-3.0, 0.95),
    "volatility": (0.0, 0.2),
    "depth": (0.0, 10.0),
    "fund": (0.0, 1.0),
    "leverage": (1.0, 100.0),
    "churn": (0.0, 1e6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A market, the shock that hits it, and how those who are deleveraged react.

    Parameters
    ----------
    accounts : int
        Traders; one liquidity provider holds what is left over of their positions.
    coins : int
        Perpetual contracts; later ones fall further and cost more margin.
    steps : int
        Price moves.
    shock : float
        Share of its price that the first coin loses in the crash; below 0 it rises.
    volatility : float
        Standard deviation of a coin's log-return in a step.
    depth : float
        What moves a price by 1 %, as a share of the open interest at the start.
    fund : float
        The insurance fund, as a share of all open interest at the start.
    leverage : float
        Median, before margin requirements cap it.
    churn : float
        β: who gives h of a profit w leaves with probability 1 − exp(−β h / w).

    Raises
    ------
    InputError
        If one of them is out of range.

    Examples
    --------
    >>> Scenario(shock=0.3).accounts
    300
    """

    accounts: int = 300
    coins: int = 3
    steps: int = 60
    shock: float = 0.3
    volatility: float = 0.01
    depth: float = 0.01
    fund: float = 0.002
    leverage: float = 8.0
    churn: float = 8.0

    def __post_init__(self) -> None:
        for name, (least, most) in COUNTS.items():
            _check(name, getattr(self, name), int, "a whole number", least, most)
        for name, (lowest, highest) in SIZES.items():
            value = getattr(self, name)
            _check(name, value, (int, float), "a number", lowest, highest)
            object.__setattr__(self, name, float(value))


def check_seed(seed: object) -> int:
    """Return a seed."""
    return int(_check("seed", seed, int, "a whole number", 0, 2**63 - 1))


def _check(
    name: str, value: object, kind: type | tuple[type, ...], what: str, least: float, most: float
) -> float:
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:  # type: ignore[operator]
        raise InputError(name, value, f"{what} between {least:g} and {most:g}")
    return value  # type: ignore[return-value]


PRICE, LOT = 100.0, 0.01
"""USD a contract at the start, of every coin; contracts. A lot is worth 1 USD then."""
LONG, HEDGED = 0.55, 0.2
"""Share of accounts that are long; share that hold one coin long and another short."""
EQUITY_MEDIAN, EQUITY_SD, EQUITY_MOST = 2_000.0, 1.8, 1e7
"""USD, log-units, USD. Account values are lognormal."""
LEVERAGE_SD, ENTRY_SD = 0.6, 0.08
"""Log-units: of leverage; of the price at which positions were entered."""
COMMON = 0.7
"""Correlation of the coins' returns."""
CRASH = (0.25, 0.2, 0.15, 0.12, 0.1, 0.08, 0.06, 0.04)
"""Shares of the shock in the steps that it takes, from a sixth of the way on."""
PROVIDER = "liquidity"
CENT = 0.01
"""USD, that a lot is worth at least: its mark is in whole micro-dollars."""
CAPITAL = 0.5
"""What the liquidity provider is worth at the start, as a share of open interest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Prices, accounts and chances of one seed.

    `log_return`, (T + 1, m), is that of the coins before anything that is traded moves them;
    `chance`, (T, n), uniform, whether those who were deleveraged in a step leave; `maintenance`,
    (m,), the margin rates, initial ones being twice that; and the `ledger` at the start that of
    traders, then of those whom `BOOK`, `FUND`, `UNPAID` and `OUTSIDE` name. `price`, USD a contract
    at the start, and `lot`, contracts, are of coins, (m,); names are those of traders and `BOOK`.
    """

    scenario: Scenario
    seed: int
    log_return: FloatArray
    chance: FloatArray
    maintenance: FloatArray
    ledger: Ledger
    price: FloatArray
    lot: FloatArray
    coin: tuple[str, ...]
    account: tuple[str, ...]
    exempt: Mapping[str, str] = field(default_factory=dict)

    def names(self, rows: IntArray) -> tuple[str, ...]:
        """Of rows of the ledger: those of traders, and of `BOOK`."""
        return Picked(self.account, np.minimum(rows, len(self.account) - 1))

    @property
    def micro_a_lot(self) -> FloatArray:
        """Micro-dollars that a lot is worth at the start, shape (m,)."""
        return np.asarray(self.price * self.lot * MICRO)


BOOK, FUND, UNPAID, OUTSIDE = -4, -3, -2, -1
"""Rows of the ledger behind the traders: the liquidity provider, the insurance fund, debts that
nobody paid, and those who left."""


def draw(scenario: Scenario, seed: int, market: Market | None = None) -> World:
    """Draw a world, or what happens to a market from where it stands.

    There all coins share the shock; each account keeps its value to the micro-dollar, and its
    positions in lots that are worth a cent or more, the rest of them being sold at the mark.

    >>> world = draw(Scenario(accounts=50, coins=2), seed=7)
    >>> world.ledger.lots.sum(axis=0)
    array([0, 0])
    """
    seed = check_seed(seed)
    found: dict[str, Any] = {}
    if market is not None:
        scenario, found = _standing(scenario, market)
    n, m = scenario.accounts, scenario.coins
    paths, people, chances = (np.random.default_rng((seed, k)) for k in range(3))
    if market is None:
        maintenance = np.asarray(0.02 + 0.01 * np.arange(m))
        found = {
            "maintenance": maintenance,
            "ledger": _ledger(scenario, maintenance, people),
            "price": np.full(m, PRICE),
            "lot": np.full(m, LOT),
            "coin": tuple(f"C{c + 1}" for c in range(m)),
            "account": (*(f"a{row:05d}" for row in range(n)), PROVIDER),
        }
    beta = np.ones(m) if market is not None else np.asarray(1 + 0.25 * np.arange(m), dtype=float)
    return World(
        scenario=scenario,
        seed=seed,
        log_return=_returns(scenario, beta, paths),
        chance=chances.random((scenario.steps, n)),
        **found,
    )


def _standing(scenario: Scenario, market: Market) -> tuple[Scenario, dict[str, Any]]:
    """What a market has, as a world has it; its fund for that of the scenario."""
    coins, names = market.coins, market.accounts.account
    if coins.maintenance is None:
        raise InputError("coins.maintenance", None, "a rate for each coin", remedy="add it")
    if PROVIDER in names:
        raise InputError("account", PROVIDER, "another id: so the provider of the book is called")
    n, m = len(names), len(coins.coin)
    lot = coins.lot * 10.0 ** np.ceil(np.log10(np.maximum(CENT / (coins.lot * coins.mark), 1.0)))
    price = np.rint(coins.mark * lot * MICRO).astype(np.int64)
    lots, basis = (np.zeros((n - BOOK, m), dtype=np.int64) for _ in range(2))
    sides = market.sign * market.positions.size / lot[market.kind]
    np.add.at(lots, (market.owner, market.kind), np.trunc(sides + WHOLE * market.sign).astype(int))
    np.subtract.at(basis, (market.owner, market.kind), micro(market.upnl))
    basis[:n] += lots[:n] * price
    lots[BOOK] = -lots[:n].sum(axis=0)
    basis[BOOK] = lots[BOOK] * price
    interest = float((np.abs(lots[:n]) @ price).sum()) / MICRO
    if not interest:
        raise InputError("positions", "none worth a cent", "open interest")
    worth = np.concatenate([market.accounts.balance, [CAPITAL * interest, market.fund, 0, 0]])
    cash = micro(worth) - basis.sum(axis=1)
    found = replace(scenario, fund=min(market.fund / interest, SIZES["fund"][1]))
    for name, count in (("accounts", n), ("coins", m)):  # also beyond what may be drawn
        object.__setattr__(found, name, count)
    return found, {
        "maintenance": coins.maintenance,
        "ledger": Ledger(cash=cash, lots=lots, basis=basis),
        "price": price / (lot * MICRO),
        "lot": lot,
        "coin": coins.coin,
        "account": (*names, PROVIDER),
        "exempt": market.exempt,
    }


def _returns(scenario: Scenario, beta: FloatArray, rng: np.random.Generator) -> FloatArray:
    shape = scenario.steps + 1, scenario.coins
    common = rng.standard_normal((shape[0], 1))
    own = rng.standard_normal(shape)
    mixed = np.sqrt(COMMON) * common + np.sqrt(1 - COMMON) * own
    returns: FloatArray = scenario.volatility * mixed
    first = scenario.steps // 6
    for step, share in zip(range(first, shape[0]), CRASH, strict=False):
        returns[step] += share * beta * np.log1p(-scenario.shock)
    return returns


def _ledger(scenario: Scenario, maintenance: FloatArray, rng: np.random.Generator) -> Ledger:
    n, m = scenario.accounts, scenario.coins
    equity = np.exp(rng.normal(np.log(EQUITY_MEDIAN), EQUITY_SD, n)).clip(10.0, EQUITY_MOST)
    popular = 1 / np.arange(1, m + 1)
    coin = rng.choice(m, n, p=popular / popular.sum())
    sign = np.where(rng.random(n) < LONG, 1, -1)
    hedged = (rng.random(n) < HEDGED) & (m > 1)
    leverage = scenario.leverage * np.exp(rng.normal(0.0, LEVERAGE_SD, n))
    most = 0.5 / maintenance[np.where(hedged, np.maximum(coin, (coin + 1) % m), coin)]
    notional = equity * np.minimum(np.maximum(leverage, 1.0), most)
    leg = np.maximum(np.rint(notional / np.where(hedged, 2, 1) / (PRICE * LOT)), 1)
    everyone = np.arange(n)
    lots = np.zeros((n - BOOK, m), dtype=np.int64)
    lots[everyone, coin] = sign * leg
    lots[everyone[hedged], (coin[hedged] + 1) % m] = (-sign * leg)[hedged]
    lots[BOOK] = -lots[:n].sum(axis=0)
    price = round(PRICE * LOT * MICRO)
    basis = lots * price
    profit = -lots[:n] * price * np.expm1(rng.normal(0.0, ENTRY_SD, (n, m)))
    whole = np.abs(profit.sum(axis=1)) / MICRO
    profit *= np.minimum(1.0, 0.8 * equity / np.maximum(whole, 1e-9))[:, None]
    basis[:n] -= np.rint(profit).astype(np.int64)
    open_interest = float(np.abs(lots[:n]).sum()) * PRICE * LOT
    worth = np.concatenate([equity, [CAPITAL * open_interest, scenario.fund * open_interest, 0, 0]])
    cash = np.rint(worth * MICRO).astype(np.int64) - lots.sum(axis=1) * price
    return Ledger(cash=cash, lots=lots, basis=basis)
