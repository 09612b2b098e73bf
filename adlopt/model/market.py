"""What a venue sees when it deleverages: accounts, coins, open positions, and its insurance fund.

Everything else is derived: profits, account values, leverage, margin ratios, bankruptcy prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import (
    FloatArray,
    IntArray,
    Record,
    freeze,
    freeze_indices,
    own_number,
)
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.model.positions import WHOLE
from adlopt.model.shed import Shed

__all__ = ["LARGEST_MARKET", "Accounts", "Coins", "Market", "OpenPositions"]

LARGEST_MARKET = 2.0**62 / 1e6
"""USD. Notionals, balances and the fund together stay below this: micro-dollars fit 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market(Record):
    """A venue at the moment it deleverages.

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

    Attributes
    ----------
    owner : IntArray, shape (k,)
        Index into `accounts` of each position's owner.
    sign : FloatArray, shape (k,)
        +1 long, −1 short.
    mark, lot : FloatArray, shape (k,)
        Of each position's coin, USD a contract and contracts.

    Raises
    ------
    InputError
        Naming the field, the index, the value and what was expected.

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
    """

    accounts: Accounts
    coins: Coins
    positions: OpenPositions
    fund: float = 0.0
    signals: Mapping[str, float] = field(default_factory=dict)
    owner: IntArray = field(init=False, repr=False)
    sign: FloatArray = field(init=False, repr=False)
    mark: FloatArray = field(init=False, repr=False)
    lot: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        kinds = (("accounts", Accounts), ("coins", Coins), ("positions", OpenPositions))
        for name, kind in kinds:
            if not isinstance(getattr(self, name), kind):
                raise InputError(name, getattr(self, name), f"a table of {kind.__name__}")
        put(self, "fund", own_number(self.fund, "fund", lowest=0.0))
        signals = {k: own_number(v, f"signals.{k}") for k, v in self.signals.items()}
        put(self, "signals", MappingProxyType(signals))
        _known(self.positions.account, self.accounts.account, "positions.account", "an account")
        _known(self.positions.coin, self.coins.coin, "positions.coin", "a coin")
        place = {name: i for i, name in enumerate(self.accounts.account)}
        put(self, "owner", freeze_indices([place[name] for name in self.positions.account]))
        put(self, "sign", freeze([side.sign for side in self.positions.side]))
        put(self, "mark", self.of_coin("mark"))
        put(self, "lot", self.of_coin("lot"))
        self._check_lots()
        total = float(self.notional.sum() + np.abs(self.accounts.balance).sum()) + self.fund
        if total > LARGEST_MARKET:
            raise InputError("market", total, f"at most {LARGEST_MARKET:.3g} USD in all")

    def _check_lots(self) -> None:
        counts = self.positions.size / self.lot
        odd = np.abs(counts - np.rint(counts)) > WHOLE * np.maximum(counts, 1.0)
        if odd.any():
            row = int(np.argmax(odd))
            expected = f"a whole number of lots of {self.lot[row]:g}"
            raise InputError("size", float(self.positions.size[row]), expected, index=row)

    @property
    def lots(self) -> IntArray:
        """Whole lots in each position, shape (k,)."""
        return freeze_indices(np.rint(self.positions.size / self.lot))

    @property
    def upnl(self) -> FloatArray:
        """Unrealised profit of each position, USD, shape (k,)."""
        return freeze(self.sign * self.positions.size * (self.mark - self.positions.entry))

    @property
    def notional(self) -> FloatArray:
        """Of each position, USD, shape (k,)."""
        return freeze(self.positions.size * self.mark)

    @property
    def equity(self) -> FloatArray:
        """Account value: balance and unrealised profit, USD, shape (n,)."""
        return freeze(self.accounts.balance + self.by_account(self.upnl))

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
        """A column of `coins` for each position, shape (k,).

        Raises
        ------
        InputError
            If the market has no such column.
        """
        column = getattr(self.coins, name)
        if column is None:
            raise InputError(f"coins.{name}", None, "a number for each coin", remedy="add it")
        index = {coin: c for c, coin in enumerate(self.coins.coin)}
        return freeze(column[[index[coin] for coin in self.positions.coin]])

    def by_account(self, values: ArrayLike) -> FloatArray:
        """Sum a column of positions, shape (k,), over each account, shape (n,)."""
        totals = np.bincount(self.owner, np.asarray(values), minlength=len(self.accounts.account))
        return freeze(totals)

    def signal(self, name: str) -> float:
        """Return a signal.

        Raises
        ------
        InputError
            If the market has no signal of that name.
        """
        if name not in self.signals:
            raise unknown("signal", name, self.signals, remedy="add it to the market")
        return self.signals[name]

    def shed(self, accounts: Iterable[str] | None = None) -> Shed:
        """All positions of these accounts, of the bankrupt ones unless given.

        In the order of account, coin and side, so that the order of the input does not matter.

        Examples
        --------
        >>> market = Market(
        ...     accounts=Accounts(account=["A", "B"], balance=[2000, 8000]),
        ...     coins=Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
        ...     positions=OpenPositions(account=["A", "B"], coin=["ETH", "ETH"],
        ...                             side=["long", "short"], size=[10, 10], entry=[4000, 4000]))
        >>> gone = market.shed()
        >>> gone.loser, gone.size, gone.price
        (('A',), array([10.]), array([3800.]))
        """
        chosen = self._bankrupt() if accounts is None else set(accounts)
        _known(tuple(sorted(chosen)), self.accounts.account, "shed", "an account")
        held, price = self.positions, self.bankruptcy_price
        keys = zip(held.account, held.coin, [s.value for s in held.side], strict=True)
        rows = [r for _, r in sorted((key, r) for r, key in enumerate(keys) if key[0] in chosen)]
        return Shed(
            loser=tuple(held.account[r] for r in rows),
            coin=tuple(held.coin[r] for r in rows),
            side=tuple(held.side[r] for r in rows),
            size=held.size[rows],
            price=price[rows],
            mark=self.mark[rows],
        )

    def check_open_interest(self) -> None:
        """Longs and shorts are equal in every coin.

        Raises
        ------
        InputError
            Naming the first coin where they are not.
        """
        signed = self.lots * self.sign.astype(np.int64)
        for coin in self.coins.coin:
            net = int(signed[[c == coin for c in self.positions.coin]].sum())
            if net:
                raise InputError("positions", f"{net:+d} lots of {coin}", "longs equal to shorts")

    def _bankrupt(self) -> set[str]:
        pairs = zip(self.accounts.account, self.equity.tolist(), strict=True)
        return {name for name, value in pairs if value < 0}


def _known(names: Sequence[str], known: Sequence[str], name: str, what: str) -> None:
    allowed = set(known)
    for index, each in enumerate(names):
        if each not in allowed:
            raise InputError(name, each, f"{what} of the market", index=index)
