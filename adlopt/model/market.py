"""What a venue sees when it deleverages: accounts, coins, open positions, and its insurance fund.

Everything else is derived: profits, account values, leverage, margin ratios, bankruptcy prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Record,
    freeze,
    freeze_indices,
    own_number,
)
from adlopt.foundation.frames import require_fields
from adlopt.foundation.ids import Picked, places, read_keys
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.model.positions import WHOLE, signs
from adlopt.model.shed import Shed
from adlopt.model.tables import own_fields, picked, require_kinds
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import usd

__all__ = ["LARGEST_MARKET", "Accounts", "Coins", "Market", "OpenPositions"]

LARGEST_MARKET = 2.0**62 / 1e6
"""USD. Notionals, balances and the fund together stay below this: micro-dollars fit 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Market(Tabular, Record):
    """A venue at the moment it deleverages; as a table, a row an account.

    Parameters
    ----------
    accounts : Accounts
    coins : Coins
    positions : OpenPositions
        Of those accounts in those coins, in whole lots.
    fund : float
        USD. The insurance fund.
    signals : mapping of str to float
        What else triggers read, such as `fund_peak`, USD.
    forced : Shed, optional
        What has to go, where that is on record; all positions of the bankrupt unless given.
    exempt : mapping of str to str
        Accounts that are not deleveraged, such as a market maker, each with the reason.

    Attributes
    ----------
    owner : IntArray, shape (k,)
        Index into `accounts` of each position's owner.
    sign : FloatArray, shape (k,)
        +1 long, −1 short.
    kind : IntArray, shape (k,)
        Index into `coins` of each position's coin.
    mark, lot : FloatArray, shape (k,)
        Of each position's coin, USD a contract and contracts.
    lots : IntArray, shape (k,)
        Whole lots in each position.
    upnl, notional : FloatArray, shape (k,)
        USD. Unrealised profit, and value at the mark, of each position.
    equity : FloatArray, shape (n,)
        USD. Account value: balance and unrealised profit.

    Examples
    --------
    >>> market = Market(
    ...     accounts=Accounts(account=["A", "B"], balance=[2000, 8000]),
    ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
    ...     positions=OpenPositions(account=["A", "B"], coin=["ETH", "ETH"],
    ...                             side=["long", "short"], size=[10, 10], entry=[4000, 4000]))
    >>> market.equity
    array([-2000., 12000.])
    >>> market.bankruptcy_price[0].item(), market.required
    (3800.0, 2000.0)
    >>> market.shed().loser, market.shed().size, market.shed().price
    (('A',), array([10.]), array([3800.]))
    >>> market
    <Market: 2 accounts, 1 coin, 2 open positions; 2,000.00 USD short, 0.00 in the fund>
    """

    accounts: Accounts
    coins: Coins
    positions: OpenPositions
    fund: float = 0.0
    signals: Mapping[str, float] = field(default_factory=dict)
    forced: Shed | None = None
    exempt: Mapping[str, str] = field(default_factory=dict)
    owner: IntArray = field(init=False)
    sign: FloatArray = field(init=False)
    kind: IntArray = field(init=False)
    mark: FloatArray = field(init=False)
    lot: FloatArray = field(init=False)
    lots: IntArray = field(init=False)
    upnl: FloatArray = field(init=False)
    notional: FloatArray = field(init=False)
    equity: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        kinds = {"accounts": Accounts, "coins": Coins, "positions": OpenPositions}
        require_kinds(self, "a table of", **kinds)
        own_fields(self, own_number, "fund", lowest=0.0)
        signals = {k: own_number(v, f"signals.{k}") for k, v in self.signals.items()}
        put(self, "signals", MappingProxyType(signals))
        held, account = self.positions, self.accounts.account
        put(self, "owner", _known(held.account, account, "positions.account", "an account"))
        put(self, "kind", _known(held.coin, self.coins.coin, "positions.coin", "a coin"))
        put(self, "sign", freeze(signs(held.side)))
        put(self, "mark", self.of_coin("mark"))
        put(self, "lot", self.of_coin("lot"))
        self._check_lots()
        put(self, "lots", freeze_indices(np.rint(held.size / self.lot)))
        put(self, "upnl", freeze(self.sign * held.size * (self.mark - held.entry)))
        put(self, "notional", freeze(held.size * self.mark))
        put(self, "equity", freeze(self.accounts.balance + self.by_account(self.upnl)))
        exempt = read_keys(self.exempt, "exempt")
        put(self, "exempt", MappingProxyType(exempt))
        _known(tuple(exempt), account, "exempt", "an account")
        for name, reason in exempt.items():
            if not isinstance(reason, str) or not reason.strip():
                raise InputError("exempt", reason, "a reason", index=name)
        if self.forced is not None:
            require_kinds(self, forced=Shed)
            self.rows_of(self.forced)
        total = float(self.notional.sum() + np.abs(self.accounts.balance).sum()) + self.fund
        if total > LARGEST_MARKET:
            raise InputError("market", total, f"at most {LARGEST_MARKET:.3g} USD in all")

    @classmethod
    def from_frames(
        cls,
        accounts: Any,
        coins: Any,
        positions: Any,
        *,
        fund: float = 0.0,
        signals: Mapping[str, float] | None = None,
        exempt: Mapping[str, str] | None = None,
        **columns: str,
    ) -> Market:
        """Build a market of three dataframes, with the columns of their tables.

        Parameters
        ----------
        accounts, coins, positions : DataFrame, anything that exports Arrow, or mapping of columns
            As `Accounts`, `Coins` and `OpenPositions` have them, a unit after a name or not.
        fund, signals, exempt
            As a market has them.
        **columns : str
            Fields whose column has another name, in every table that has the field: coin="symbol".

        Raises
        ------
        InputError
            Naming the table and the column, or the keyword, or as `Market` does.

        Examples
        --------
        >>> market = Market.from_frames(
        ...     {"user": ["A", "B"], "cash": [2000, 8000]},
        ...     {"coin": ["ETH"], "mark": [3600], "lot": [0.01]},
        ...     {"user": ["A", "B"], "coin": ["ETH", "ETH"], "side": ["long", "short"],
        ...      "size": [10, 10], "entry": [4000, 4000]}, account="user", balance="cash")
        >>> market.required
        2000.0
        """
        frames: dict[Any, Any] = {Accounts: accounts, Coins: coins, OpenPositions: positions}
        require_fields(columns, [name for table in frames for name in table.__slots__])
        made: list[Any] = [
            table.from_frame(frame, **{n: c for n, c in columns.items() if n in table.__slots__})
            for table, frame in frames.items()
        ]
        parts = dict(zip(("accounts", "coins", "positions"), made, strict=True))
        return cls(**parts, fund=fund, signals=signals or {}, exempt=exempt or {})

    def _check_lots(self) -> None:
        counts = self.positions.size / self.lot
        odd = np.abs(counts - np.rint(counts)) > WHOLE * np.maximum(counts, 1.0)
        if odd.any():
            row = int(np.argmax(odd))
            expected = f"a whole number of lots of {self.lot[row]:g}"
            raise InputError("size", float(self.positions.size[row]), expected, index=row)

    def _columns(self) -> Columns:
        return {
            "account": self.accounts.account,
            "balance_usd": self.accounts.balance,
            "upnl_usd": self.by_account(self.upnl),
            "value_usd": self.equity,
            "positions": np.bincount(self.owner, minlength=len(self.accounts.account)),
        }

    def _heading(self) -> str:
        parts = (self.accounts, self.coins, self.positions)
        held = ", ".join(part._heading() for part in parts)
        return f"{held}; {usd(self.required)} USD short, {usd(self.fund)} in the fund"

    @property
    def winners(self) -> BoolArray:
        """Solvent accounts with an unrealised profit that are not exempt, shape (n,)."""
        wins: BoolArray = (self.by_account(self.upnl) > 0) & (self.equity > 0)
        return wins & self.within_reach

    @property
    def within_reach(self) -> BoolArray:
        """Accounts that are not exempt, shape (n,)."""
        if not self.exempt:
            return np.ones(len(self.accounts), dtype=bool)
        return np.array([name not in self.exempt for name in self.accounts.account], dtype=bool)

    @property
    def required(self) -> float:
        """USD. Σ (−equity)_+ over all accounts."""
        return float(np.maximum(-self.equity, 0.0).sum())

    @property
    def bankruptcy_price(self) -> FloatArray:
        """Of each position, USD a contract, shape (k,).

        The mark at which the account has nothing left. An account with several positions divides
        its value among them by maintenance margin, as dYdX v4 does, by notional where no
        maintenance rates are known. A value ≤ 0 means that no price bankrupts it.
        """
        held = self.notional
        if self.coins.maintenance is not None:
            held = held * self.of_coin("maintenance")
        share = held / self.by_account(held)[self.owner]
        gap = self.equity[self.owner] * share / self.positions.size
        return freeze(self.mark - self.sign * gap)

    def of_coin(self, name: str) -> FloatArray:
        """A column of `coins` for each position, shape (k,); `InputError` if there is none."""
        column = getattr(self.coins, name)
        if column is None:
            raise InputError(f"coins.{name}", None, "a number for each coin", remedy="add it")
        return freeze(column[self.kind])

    def by_account(self, values: ArrayLike) -> FloatArray:
        """Sum a column of positions, shape (k,), over each account, shape (n,)."""
        totals = np.bincount(self.owner, np.asarray(values), minlength=len(self.accounts.account))
        return freeze(totals)

    def signal(self, name: str) -> float:
        """Return a signal; `InputError` if the market has none of that name."""
        if name not in self.signals:
            raise unknown("signal", name, self.signals, remedy="add it to the market")
        return self.signals[name]

    def having(self, **features: FloatArray) -> Market:
        """The same with further features of its accounts, shape (n,); nothing is derived of them.

        >>> market = Market(
        ...     accounts=Accounts(account=["A"], balance=[2000]),
        ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
        ...     positions=OpenPositions(account=["A"], coin=["ETH"], side=["long"], size=[10],
        ...                             entry=[4000]))
        >>> market.having(given=[5]).accounts.features["given"], market.accounts.features
        (array([5.]), mappingproxy({}))
        """
        made, own = object.__new__(Market), self.accounts
        known = {name: getattr(self, name) for name in self.__slots__}
        known["accounts"] = replace(own, features={**own.features, **features})
        for name, value in known.items():
            object.__setattr__(made, name, value)
        return made

    def shed(self, accounts: Iterable[str] | None = None) -> Shed:
        """All positions of these accounts; unless given what has to go, or those of the bankrupt.

        In the order of account, coin and side, so that the order of the input does not matter.
        """
        if accounts is None and self.forced is not None:
            return self.forced
        if accounts is None:
            gone = self.equity < 0
        else:
            gone = np.zeros(len(self.accounts), dtype=bool)
            gone[_known(sorted(set(accounts)), self.accounts.account, "shed", "an account")] = True
        held, price = self.positions, self.bankruptcy_price
        known = {"coin": held.coin, "side": held.side, "size": held.size, "mark": self.mark}
        rows = np.flatnonzero(gone[self.owner])
        keys = picked(rows, coin=held.coin, account=held.account)
        rows = rows[np.lexsort([-self.sign[rows], *keys.values()])]
        loser = Picked(self.accounts.account, self.owner[rows])
        return Shed(loser=loser, **picked(rows, price=price, **known))

    def rows_of(self, shed: Shed) -> IntArray:
        """Rows of the positions that a shed names, shape (len(shed),).

        `InputError` if one is not there, smaller than what must go, or at another mark.
        """
        who, coins = places(shed.loser, self.accounts.account), 2 * len(self.coins)
        coin = places(shed.coin, self.coins.coin)
        key = who * coins + 2 * coin + (signs(shed.side) > 0)
        theirs = np.zeros(len(self.accounts) + 1, dtype=bool)
        theirs[who] = True
        own = np.flatnonzero(theirs[self.owner])
        held = self.owner[own] * coins + 2 * self.kind[own] + (self.sign[own] > 0)
        order = np.argsort(held)
        at = np.searchsorted(held, key, sorter=order)
        row = own[order][np.minimum(at, own.size - 1)] if own.size else at
        there = (who >= 0) & (coin >= 0) & (at < own.size)
        there[there] = held[order][at[there]] == key[there]
        for i in np.flatnonzero(~there)[:1].tolist():
            found = f"{shed.side[i].value} {shed.coin[i]} of {shed.loser[i]!r}"
            raise InputError("shed", found, "a position", index=i)
        for i in np.flatnonzero(shed.size > self.positions.size[row] * (1 + WHOLE))[:1].tolist():
            expected = f"at most the {self.positions.size[row[i]]:g} contracts held"
            raise InputError("shed.size", float(shed.size[i]), expected, index=i)
        for i in np.flatnonzero(shed.mark != self.mark[row])[:1].tolist():
            expected = f"{self.mark[row[i]].item()!r}, the market's mark of {shed.coin[i]}"
            raise InputError("shed.mark", float(shed.mark[i]), expected, index=i)
        return freeze_indices(row)

    def lots_of(self, shed: Shed) -> IntArray:
        """Whole lots of each row of a shed, shape (len(shed),)."""
        return freeze_indices(np.rint(shed.size / self.lot[self.rows_of(shed)]))

    def check_open_interest(self) -> None:
        """Refuse, by `InputError`, the first coin in which longs and shorts differ."""
        net = dict.fromkeys(self.coins.coin, 0)
        signed = (self.lots * self.sign.astype(np.int64)).tolist()
        for coin, lots in zip(self.positions.coin, signed, strict=True):
            net[coin] += lots
        for coin, lots in net.items():
            if lots:
                raise InputError("positions", f"{lots:+d} lots of {coin}", "longs equal to shorts")


def _known(names: Sequence[str], known: Sequence[str], name: str, what: str) -> IntArray:
    found = places(names, known)
    if (found < 0).any():
        index = int(np.argmax(found < 0))
        raise InputError(name, names[index], f"{what} of the market", index=index)
    return freeze_indices(found)
