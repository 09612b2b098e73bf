"""A venue in motion: prices, the book, liquidations, and those who leave."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.ids import Picked
from adlopt.foundation.money import MICRO
from adlopt.model.market import Market
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.model.positions import Side
from adlopt.rules.split import shared
from adlopt.studies.simulation.double_entry import Ledger
from adlopt.studies.simulation.world import BOOK, FUND, OUTSIDE, World

MOST_MOVE = 0.05
"""Beyond this move of the price in one step the book is empty."""


def execute(wanted: IntArray, mark: int, depth: float) -> tuple[IntArray, int]:
    """Fill orders against each other, and what is left against the book, all at one price.

    The price is p ± α q for the q lots that the book takes, as in [CTTX26, Section 4.2], and lots
    beyond what it holds stay unfilled, in proportion to the orders.

    From the lots `wanted`, (N,), below zero to sell, the mark, micro-dollars a lot, and the lots
    that move it by 1 %, to the lots bought, (N,), and their price: the book takes the other side.

    >>> execute(np.array([-300, -100, 50]), mark=1_000_000, depth=50.0)
    (array([-225,  -75,   50]), 950000)
    """
    net = int(wanted.sum())
    excess = abs(net) - int(100 * MOST_MOVE * depth)
    bought = wanted
    if excess > 0:
        pushing = np.where(wanted * np.sign(net) > 0, np.abs(wanted), 0)
        filled = shared(pushing, pushing, int(pushing.sum()) - excess)
        bought = np.where(pushing > 0, np.sign(net) * filled, wanted)
    taken = int(bought.sum())
    move = 0.01 * taken / depth if taken else 0.0
    return bought, max(round(mark * (1 + move)), 1)


MAKERS = 0.5
"""Share of the book that traders with open positions provide; the liquidity provider has the rest,
as far as it has not lost what it began with."""
RESILIENCE = 0.8
"""Share of its own impact that a price keeps from step to step."""
FARTHEST = 7.0
"""Log-units: prices stay within a factor of about a thousand of where they began."""
SIDES = np.array([Side.SHORT, Side.LONG])
POOL_FACTORS = {"max_pnl_factor": 0.45, "min_pnl_factor": 0.4, "initial_premium": 0.0}
"""For rules whose counterparty is a pool: here the liquidity provider."""


@dataclass(slots=True, kw_only=True)
class Venue:
    """What changes while a world runs. Arrays are of traders, (n,), or of coins, (m,).

    `deleveraging` says whether the step before called for it. Of everyone in the ledger, (N,), the
    `touched` gave or closed, and of those with a hedge the net exposure of the `broken` grew.
    """

    world: World
    ledger: Ledger
    mark: IntArray
    previous: IntArray
    fair: FloatArray
    impact: FloatArray
    opening: IntArray
    provided: IntArray
    book_capital: int
    fund_peak: int
    leaving: BoolArray
    liquidated: BoolArray
    touched: BoolArray
    broken: BoolArray
    deleveraging: bool = False

    @classmethod
    def of(cls, world: World) -> Venue:
        """Open for trading; the world itself stays as it was drawn."""
        ledger, n = deepcopy(world.ledger), world.scenario.accounts
        start = np.rint(world.micro_a_lot).astype(np.int64)
        value = ledger.value(start)
        return cls(
            world=world,
            ledger=ledger,
            mark=start,
            previous=start,
            fair=np.zeros(start.size),
            impact=np.zeros(start.size),
            opening=ledger.balance(),
            provided=np.abs(ledger.lots[:n]),
            book_capital=int(value[BOOK]),
            fund_peak=int(value[FUND]),
            leaving=np.zeros(n, dtype=bool),
            liquidated=np.zeros(n, dtype=bool),
            touched=np.zeros(value.size, dtype=bool),
            broken=np.zeros(value.size, dtype=bool),
        )

    @property
    def value(self) -> IntArray:
        """Micro-dollars at the mark, of everyone in the ledger."""
        return self.ledger.value(self.mark)

    @property
    def bankrupt(self) -> IntArray:
        """Rows of traders, and of the liquidity provider, that are worth less than nothing."""
        return np.flatnonzero(self.value[:FUND] < 0)

    def depth(self, value: IntArray) -> FloatArray:
        """Lots that move each price by 1 %: those who are gone, at this value, provide none."""
        n, book = self.leaving.size, int(value[BOOK])
        here = (self.ledger.lots[:n] != 0) & (value[:n, None] > 0)
        start = self.provided.sum(axis=0)
        traders = (self.provided * here).sum(axis=0) / np.maximum(start, 1)
        provider = min(max(book, 0) / max(self.book_capital, 1), 1.0)
        share = (MAKERS * traders + (1 - MAKERS) * provider) * (book > 0)
        return np.asarray(self.world.scenario.depth * start * share)

    def move(self, step: int) -> None:
        """Let prices move, impact fade, and accounts without positions that leave take their cash.

        Those who were flat before the step go: whoever became so in it is still within reach.
        """
        n = self.leaving.size
        flat = ~self.ledger.lots[:n].any(axis=1)
        self.leaving |= flat
        cash = np.zeros_like(self.ledger.cash)
        cash[:n] = np.where(flat, np.maximum(self.ledger.cash[:n], 0), 0)
        cash[OUTSIDE] = -cash.sum()
        self.ledger.pay(-cash)
        self.previous = self.mark
        self.fair = self.fair + self.world.log_return[step]
        self.impact = self.impact * RESILIENCE
        self._set_mark()

    def liquidate(self) -> None:
        """Send to the book who lacks maintenance margin, who leaves, and what the fund holds.

        Positions of the bankrupt do not go there: the book would not pay their bankruptcy price.
        """
        n, mark, worth = self.leaving.size, self.mark, self.value
        value, lots = worth[:n], self.ledger.lots
        margin = np.abs(lots[:n]) @ (mark * self.world.maintenance)
        held = lots[:n].any(axis=1)
        short = held & (value >= 0) & (value < margin)
        self.liquidated |= short
        out = np.zeros_like(lots)
        out[:n] = -lots[:n] * (short | (self.leaving & (value >= 0)))[:, None]
        out[FUND] = -lots[FUND]
        if out.any():
            for coin, depth in enumerate(self.depth(worth).tolist()):
                bought, price = execute(out[:, coin], int(mark[coin]), depth)
                bought = bought.copy()
                bought[BOOK] -= bought.sum()
                self.ledger.exchange(coin, bought, price)
                self.impact[coin] += np.log(price / mark[coin])
            self._set_mark()
        self.fund_peak = max(self.fund_peak, int(self.value[FUND]))

    def expected(self, sold: IntArray) -> IntArray:
        """Marks, shape (m,), if so many lots were sold to the book now."""
        depth = self.depth(self.value).tolist()
        orders = [np.array([-q]) for q in sold.tolist()]
        pairs = zip(orders, self.mark.tolist(), depth, strict=True)
        return np.array([execute(q, mark, d)[1] for q, mark, d in pairs])

    def present(self) -> IntArray:
        """Rows of the ledger that a market shows: who has lots or cash, and the book."""
        n = self.leaving.size
        here = self.ledger.lots[:n].any(axis=1) | (self.ledger.cash[:n] != 0)
        return np.append(np.flatnonzero(here), self.ledger.cash.size + BOOK)

    def market(self, rows: IntArray) -> Market:
        """What the venue sees now, of these rows of the ledger."""
        world, a_lot = self.world, self.world.lot * MICRO
        held = self.ledger.lots[rows]
        account, coin = np.nonzero(held)
        lots, owner = held[account, coin], rows[account]
        entry = self.ledger.basis[owner, coin] / lots
        names = world.names(rows)
        here = set(names) if world.exempt else ()
        value = self.value
        book = max(int(value[BOOK]), MICRO) / MICRO
        return Market(
            accounts=Accounts(
                account=names,
                balance=self.ledger.balance()[rows] / MICRO,
                opened=rows.astype(np.float64),
                features=self._features(rows, value),
            ),
            coins=Coins(
                coin=Picked(world.coin, np.arange(len(world.coin))),
                mark=self.mark / a_lot,
                lot=world.lot,
                previous_mark=self.previous / a_lot,
                index=world.price * np.exp(self.fair),
                maintenance=world.maintenance,
                initial=2 * world.maintenance,
            ),
            positions=OpenPositions(
                account=world.names(owner),
                coin=Picked(world.coin, coin),
                side=tuple(SIDES[(lots > 0).astype(np.int64)].tolist()),
                size=np.abs(lots) * world.lot[coin],
                entry=entry / a_lot[coin],
            ),
            fund=max(int(value[FUND]), 0) / MICRO,
            exempt={name: why for name, why in world.exempt.items() if name in here},
            signals=POOL_FACTORS
            | {
                "fund_peak": self.fund_peak / MICRO,
                "deleveraging": float(self.deleveraging),
                "pool_usd": book,
                "pool_liquidity": book,
            },
        )

    def _features(self, rows: IntArray, value: IntArray) -> dict[str, FloatArray]:
        """What rules read besides balances: profits of the session, of the step, unsettled ones."""
        lots, balance = self.ledger.lots, self.ledger.balance()
        gain = lots @ (self.mark - self.previous)
        leaves = np.zeros(value.size, dtype=bool)
        leaves[: self.leaving.size] = self.leaving
        columns = {
            "session_profit": balance - self.opening,
            "vm_gain": gain,
            "unsettled_profit": value - balance,
            "withdrawal": np.where(leaves, np.minimum(balance, value), 0),
        }
        shown = {name: np.maximum(column[rows], 0) / MICRO for name, column in columns.items()}
        return shown | {"pool": (rows == value.size + BOOK).astype(np.float64)}

    def _set_mark(self) -> None:
        level = np.clip(self.fair + self.impact, -FARTHEST, FARTHEST)
        self.fair = np.clip(self.fair, -FARTHEST, FARTHEST)
        self.mark = np.maximum(np.rint(self.world.micro_a_lot * np.exp(level)), 1).astype(np.int64)
