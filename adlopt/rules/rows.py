"""Rows that a rule may take from, with named columns: positions in lots, accounts in dollars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray, Record
from adlopt.foundation.ids import pick
from adlopt.foundation.money import MICRO, micro
from adlopt.model.market import Market
from adlopt.model.positions import Side, signs
from adlopt.model.round import RoundStart
from adlopt.model.shed import Shed
from adlopt.show.answer import Columns, Tabular

OF_POSITIONS = (
    "side", "lot", "lots", "entry", "mark", "bankruptcy_price", "price_ratio", "entry_return",
    "effective_leverage", "previous_mark", "index",
)  # fmt: skip
"""Columns that only positions have."""
HUGE = 1e100
"""Ratio to an equity that is not positive: above all others, and 0 times it is 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Rows(Tabular, Record):
    """Candidates of a rule: some places of a table.

    Parameters
    ----------
    names : tuple of str, length N
        Owners, of the whole table.
    features : mapping of str to FloatArray, shape (N,)
        What formulas read, of the whole table.
    most : IntArray, shape (n,)
        The most that may be taken of each candidate: lots of a position, micro-dollars of an
        account.
    signals : mapping of str to float
        What else formulas read.
    places : IntArray, shape (n,), optional
        Rows of the table that are candidates, in order; all unless given.
    own : mapping of str to FloatArray, shape (n,) or ()
        Columns of the candidates alone, before those of the table; one number holds for all.
    loser : IntArray, shape (n,) or () or (k, 1), optional
        The row of the table that each closes against: its columns are read as `loser_…`. Where all
        close against each of k, columns are of shape (k, n).
    """

    names: tuple[str, ...]
    features: Mapping[str, FloatArray]
    most: IntArray
    signals: Mapping[str, float] = field(default_factory=dict)
    places: IntArray | None = None
    own: Mapping[str, FloatArray] = field(default_factory=dict)
    loser: IntArray | None = None

    def _columns(self) -> Columns:
        names = {**self.features, **self.own}
        return {"account": self.account} | {name: self.feature(name) for name in names}

    def _heading(self) -> str:
        return "what formulas read"

    def __len__(self) -> int:
        return self.most.size

    @property
    def account(self) -> tuple[str, ...]:
        """Owners of the candidates, length n."""
        return self.names if self.places is None else pick(self.names, self.places.ravel())

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a column: of the candidates, and of the losers where these are another axis."""
        return self.most.shape if self.loser is None else np.broadcast(self.most, self.loser).shape

    def full(self, values: FloatArray) -> FloatArray:
        """A column of what may be one number for all."""
        shape = self.shape
        return values if values.shape == shape else np.broadcast_to(values, shape)

    def feature(self, name: str) -> FloatArray:
        """Return a column of the candidates, shape (n,).

        Raises
        ------
        InputError
            If there is none of that name.
        """
        theirs = name.removeprefix("loser_")
        if name in self.own:
            return self.full(self.own[name])
        if self.loser is not None and theirs != name and theirs in self.features:
            return self.full(self.features[theirs][self.loser])
        if name not in self.features:
            raise _absent("feature", name, {**self.features, **self.own})
        values = self.features[name]
        return self.full(values if self.places is None else values[self.places])

    __getitem__ = feature

    def signal(self, name: str) -> float:
        """Return a signal.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        if name not in self.signals:
            raise _absent("signal", name, self.signals)
        return self.signals[name]

    def take(self, chosen: BoolArray | IntArray) -> Rows:
        """The candidates chosen by a mask or by indices, in that order."""
        indices = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(np.int64)
        places = indices if self.places is None else self.places[indices]
        own = {name: v if v.ndim == 0 else v[indices] for name, v in self.own.items()}
        loser = self.loser if self.loser is None or not self.loser.ndim else self.loser[indices]
        return replace(self, most=self.most[indices], places=places, own=own, loser=loser)

    def having(self, columns: Mapping[str, ArrayLike]) -> Rows:
        """The same candidates with further columns, shape (n,) or (), or others in their place."""
        given = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
        return replace(self, own={**self.own, **given})

    def against(self, loser: ArrayLike, price: ArrayLike) -> Rows:
        """The same candidates, closing against rows of the table whose bankruptcy price is this."""
        rows = replace(self, loser=np.asarray(loser, dtype=np.int64))
        return rows.having({"loser_bankruptcy_price": price})

    def limited(self, most: IntArray) -> Rows:
        """The same candidates with other limits."""
        return replace(self, most=most)


def position_rows(market: Market) -> Rows:
    """Every open position of a market, in the market's order.

    Columns of the position: `side` (+1 long, −1 short), `size`, `lot`, `lots`, `entry`, `mark`,
    `upnl`, `notional`, `bankruptcy_price`, and the ratios `price_ratio` (mark over entry),
    `entry_return` (profit over the value at entry), `pnl_percent` (profit over a balance of at
    least 1 USD), `leverage` (notional over equity) and `effective_leverage` (notional over what is
    left before bankruptcy); where the market knows them `previous_mark`, `index`, and the margins
    `maintenance` and `initial`, USD. Columns of its account: those of `account_rows`, with
    `account_` in front where the names clash.
    """
    owner, held = market.owner, market.positions
    columns: dict[str, FloatArray] = {
        "side": market.sign,
        "size": held.size,
        "lot": market.lot,
        "lots": market.lots.astype(np.float64),
        "entry": held.entry,
        "mark": market.mark,
        "upnl": market.upnl,
        "notional": market.notional,
        "bankruptcy_price": market.bankruptcy_price,
    }
    for name in ("previous_mark", "index"):
        if getattr(market.coins, name) is not None:
            columns[name] = market.of_coin(name)
    for name in ("maintenance", "initial"):
        if getattr(market.coins, name) is not None:
            columns[name] = market.of_coin(name) * market.notional
    of_account = {name: column[owner] for name, column in _account_columns(market).items()}
    columns |= _ratios(columns["upnl"], columns["notional"], of_account)
    room = columns["side"] * (columns["mark"] - columns["bankruptcy_price"])
    columns |= {
        "price_ratio": columns["mark"] / columns["entry"],
        "entry_return": columns["upnl"] / (columns["size"] * columns["entry"]),
        "effective_leverage": over(columns["mark"], room),
    }
    clash = {f"account_{n}" if n in columns else n: column for n, column in of_account.items()}
    return Rows(
        names=held.account, most=market.lots, features=columns | clash, signals=_signals(market)
    )


def account_rows(market: Market) -> Rows:
    """Every account of a market, in the market's order; limits are positive profits.

    Columns: `balance`, `upnl`, `notional`, `equity`, `deficit`, `gains` and `losses` (of its
    positions, each ≥ 0), `capacity` (positive `upnl`), `size` (contracts held, all coins and
    sides), `pnl_percent`, `leverage`; where the market knows them the margins `maintenance` and
    `initial`, USD, `margin_ratio` (maintenance margin over equity, 0 without equity) and
    `opened`; and the accounts' own features. A ratio to an equity that is not positive is `HUGE`.
    """
    columns = _account_columns(market)
    columns |= _ratios(columns["upnl"], columns["notional"], columns)
    columns["capacity"] = np.maximum(columns["upnl"], 0.0)
    columns["size"] = market.by_account(market.positions.size)
    return Rows(
        names=market.accounts.account,
        most=micro(columns["capacity"]),
        features=columns,
        signals=_signals(market),
    )


def round_rows(start: RoundStart) -> Rows:
    """Winners of a round: what they may give is their positive profit, `upnl`."""
    n = len(start.account)
    capacity = start.capacity
    columns = {"capacity": capacity, "upnl": capacity, "profit": capacity, "opposite": np.ones(n)}
    if start.equity is not None:
        columns["equity"] = start.equity
    return Rows(
        names=start.account,
        most=np.floor(start.capacity * MICRO).astype(np.int64),
        features=columns | dict(start.features),
        signals=start.signals,
    )


def closes_against(market: Market, coin: str, side: Side) -> BoolArray:
    """Positions on the other side of a coin whose owners are not exempt, shape (k,)."""
    against: BoolArray = _in_coin(market, coin) & (market.sign == side.opposite.sign)
    return against & market.within_reach[market.owner]


def holder_rows(market: Market, shed: Shed, accounts: Rows, coin: str = "") -> Rows:
    """Of some `account_rows` those that hold a coin, with what they hold; all without a coin.

    Columns besides: `size`, contracts; `profit`, the positive one of these positions, USD; and
    whether one of them is `opposite` to what has to go, or to anything where nothing has.
    """
    here = _in_coin(market, coin)
    against = here.copy()
    if len(shed):
        gone, coins = set(zip(shed.coin, shed.side, strict=True)), market.coins.coin
        wanted = [2 * coins.index(coin) + (side.sign < 0) for coin, side in gone]
        against &= np.isin(2 * market.kind + (market.sign > 0), wanted)
    columns = {
        "size": market.by_account(market.positions.size * here),
        "profit": np.maximum(market.by_account(market.upnl * here), 0.0),
        "opposite": market.by_account(against) > 0,
    }
    if coin:
        accounts = accounts.take(columns["size"][accounts.places] > 0)
    return accounts.having({name: column[accounts.places] for name, column in columns.items()})


def debt_by_coin(market: Market, shed: Shed) -> dict[str, float]:
    """Debts as coins bear them, in the order of their ids: USD of each that bears any.

    What has to go owes the gap between mark and bankruptcy price. What the bankrupt without a
    position owe is divided by open interest, as a market does not say in which coin they lost it.
    """
    sides = signs(shed.side)
    gaps = dict.fromkeys(market.coins.coin, 0.0)
    for coin, gap in zip(
        shed.coin, (sides * (shed.price - shed.mark) * shed.size).tolist(), strict=True
    ):
        gaps[coin] += gap
    flat = np.bincount(market.owner, minlength=len(market.accounts.account)) == 0
    homeless = float(np.maximum(-market.equity, 0.0)[flat].sum())
    interest = np.bincount(market.kind, market.notional, minlength=len(gaps))
    share = interest / max(float(interest.sum()), 1e-300)
    debts = zip(gaps.items(), (homeless * share).tolist(), strict=True)
    owed = {coin: max(gap, 0.0) + old for (coin, gap), old in debts}
    return {coin: owed[coin] for coin in sorted(owed) if owed[coin]}


def _in_coin(market: Market, coin: str) -> BoolArray:
    """Positions of a coin, of all without one, shape (k,)."""
    here: BoolArray = market.kind == market.coins.coin.index(coin) if coin else market.kind >= 0
    return here


def _account_columns(market: Market) -> dict[str, FloatArray]:
    columns = {
        "balance": market.accounts.balance,
        "upnl": market.by_account(market.upnl),
        "notional": market.by_account(market.notional),
        "equity": market.equity,
        "deficit": np.maximum(-market.equity, 0.0),
        "gains": market.by_account(np.maximum(market.upnl, 0.0)),
        "losses": market.by_account(np.maximum(-market.upnl, 0.0)),
    }
    for name in ("maintenance", "initial"):
        if getattr(market.coins, name) is not None:
            columns[name] = market.by_account(market.of_coin(name) * market.notional)
    if "maintenance" in columns:
        solvent = columns["equity"] > 0
        ratio = over(columns["maintenance"], columns["equity"])
        columns["margin_ratio"] = np.where(solvent, ratio, 0.0)
    if market.accounts.opened is not None:
        columns["opened"] = market.accounts.opened
    return columns | dict(market.accounts.features)


def _absent(kind: str, name: str, known: Iterable[str]) -> InputError:
    remedy = "add it to the market or round"
    if name in OF_POSITIONS and "entry" not in known:
        remedy = (
            "a position has it, and an account with several has more than one: the rule plays on a "
            "market (adlopt.deleverage, adlopt.simulate), and on rounds of dollars where every "
            "winner holds one position or the round has such a feature"
        )
    return unknown(kind, name, known, remedy=remedy)


def _signals(market: Market) -> dict[str, float]:
    own = {
        "fund": market.fund,
        "required": market.required,
        "total_balance": float(market.accounts.balance.sum()) + market.fund,
    }
    return own | dict(market.signals)


def _ratios(
    upnl: FloatArray, notional: FloatArray, account: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    return {
        "pnl_percent": upnl / np.maximum(account["balance"], 1.0),
        "leverage": over(notional, account["equity"]),
    }


def over(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide; `HUGE` where there is nothing, or less, to divide by."""
    solvent = below > 0
    return np.where(solvent, np.minimum(above / np.where(solvent, below, 1.0), HUGE), HUGE)
