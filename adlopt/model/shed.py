"""What losers shed: positions that bankrupt accounts must close against winners, coin by coin.

A loser's long is closed against winners' shorts in the same coin, a short against longs. At the
loser's bankruptcy price every contract takes |mark − p^bk| from the winner; at the mark, nothing:
the price matters as much as the set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, own, own_number, own_positive, require
from adlopt.foundation.ids import places, read_ids, read_keys
from adlopt.foundation.labels import in_order
from adlopt.model import solvency
from adlopt.model.positions import ContractRound, Positions, Side, own_keys, signs
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.tables import FieldTable, own_fields, picked


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Shed(FieldTable):
    """Orders that winners must close against, one each row; the first listed are served first.

    Parameters
    ----------
    loser : sequence of str, length k
        Who sheds the position.
    coin : sequence of str, length k
    side : sequence of Side or str, length k
        What the loser holds: a LONG is closed against winners' shorts.
    size : array_like, shape (k,)
        Contracts, ≥ 0.
    price : array_like, shape (k,)
        USD. At which both are closed: the loser's bankruptcy price, or the mark.
    mark : array_like, shape (k,)
        USD, > 0; one for each coin.

    Examples
    --------
    >>> Shed(loser=["x", "y"], coin=["ETH", "ETH"], side=["long", "long"], size=[2.0, 3.0],
    ...      price=[3800.0, 3600.0], mark=[3600.0, 3600.0]).value
    array([200.,   0.])
    """

    loser: tuple[str, ...]
    coin: tuple[str, ...]
    side: tuple[Side, ...]
    size: FloatArray
    price: FloatArray
    mark: FloatArray
    row: ClassVar[str] = "order"
    units: ClassVar[Mapping[str, str]] = {"size": "contracts", "price": "usd", "mark": "usd"}

    def __post_init__(self) -> None:
        given, k = own_keys(self, "loser", least=0)
        own_fields(self, own, "size", given=given, length=k, lowest=0.0)
        own_fields(self, own, "price", given=given, length=k)
        own_fields(self, own_positive, "mark", given=given, length=k)
        _refuse_two_marks(self)

    def check_takes(self) -> None:
        """There are orders, at prices ≥ 0, none of them better for a winner than the mark.

        Raises
        ------
        InputError
            Naming the first that is not: a matching has no use for it.

        Examples
        --------
        >>> Shed(loser=["x"], coin=["ETH"], side=["long"], size=[2.0], price=[90.0],
        ...      mark=[100.0]).check_takes()
        Traceback (most recent call last):
        adlopt.errors.InputError: price[0] is 90.0: expected at least the mark, 100.0, for a
        long; a loser that is solvent at the mark closes at the mark
        """
        if not self.loser:
            raise InputError("shed", [], "at least one order", remedy="nobody sheds anything")
        if (self.price < 0).any():
            index = int(np.argmax(self.price < 0))
            held, loser = f"{self.side[index].value} {self.coin[index]}", self.loser[index]
            remedy = (
                "the account owes more than its positions are worth, which no price covers; list "
                "what goes in [[shed]], at a price ≥ 0"
            )
            expected = f"a finite number ≥ 0 for the {held} of {loser!r}"
            raise InputError(
                "price", self.price[index].item(), expected, index=index, remedy=remedy
            )
        if not (self._gap >= 0).all():
            index = int(np.argmin(self._gap >= 0))
            side, price, mark = self.side[index], float(self.price[index]), float(self.mark[index])
            bound = "at least" if side is Side.LONG else "at most"
            expected = f"{bound} the mark, {mark!r}, for a {side.value}"
            remedy = "a loser that is solvent at the mark closes at the mark"
            raise InputError("price", price, expected, index=index, remedy=remedy)

    @classmethod
    def at_mark(
        cls,
        *,
        loser: Sequence[str],
        coin: Sequence[str],
        side: Sequence[Side | str],
        size: ArrayLike,
        mark: ArrayLike,
    ) -> Shed:
        """Close at the mark: winners lose positions, and no value.

        Examples
        --------
        >>> Shed.at_mark(loser=["x"], coin=["ETH"], side=["long"], size=[2.0], mark=[3600.0]).value
        array([0.])
        """
        return cls(loser=loser, coin=coin, side=side, size=size, price=mark, mark=mark)  # type: ignore[arg-type]

    @property
    def value(self) -> FloatArray:
        """USD a contract, shape (k,): what closing against the order takes from a winner."""
        return np.maximum(self._gap, 0.0)

    @property
    def _gap(self) -> FloatArray:
        return signs(self.side) * (self.price - self.mark)


def open_contract_round(
    *,
    account: Sequence[str],
    coin: Sequence[str],
    size: ArrayLike,
    entry: ArrayLike,
    mark: ArrayLike,
    collateral: Mapping[str, float],
    lot: ArrayLike | float = 1.0,
) -> tuple[ContractRound, Shed]:
    """Build a round and what its losers shed from raw accounts under cross margin.

    Insolvent accounts shed all their positions at their bankruptcy prices: the account's negative
    equity is spread over its positions by notional. Winners are the solvent accounts with positive
    PNL; all their positions are listed, hedges included, at the average that losers in the coin
    take. Rows are positions: `size` in contracts, signed (positive long), `entry` and `mark` in
    USD, `lot` in contracts; `collateral` is USD of each account.
    """
    columns = {"account": account, "coin": coin, "size": size, "entry": entry, "mark": mark}
    given = in_order(columns | {"lot": lot}, None)
    account = read_ids(given["account"], "account")
    m = len(account)
    coin = read_ids(given["coin"], "coin", m)
    size, entry, mark, lot = (given[name] for name in ("size", "entry", "mark", "lot"))
    collateral = read_keys(collateral, "collateral")
    pnl_row = solvency.profit(size, entry, mark)
    size, mark = own(size, "size", length=m), own(mark, "mark", length=m, lowest=0.0)
    require(size != 0, size, "size", "not 0")
    require(mark > 0, mark, "mark", "not 0")
    lots = np.full(m, own_number(lot, "lot")) if np.isscalar(lot) else own(lot, "lot", length=m)
    names = tuple(dict.fromkeys(account))
    owner = places(account, names)
    for name in names:
        if name not in collateral:
            raise InputError("collateral", None, "a number", index=name)
    held = np.array([own_number(collateral[name], f"collateral[{name!r}]") for name in names])
    pnl = np.bincount(owner, pnl_row, minlength=len(names))
    equity = solvency.equity(held, pnl)
    wins, loses = (pnl > 0) & (equity > 0), equity < 0
    if not wins.any():
        raise InputError("pnl", "no winner", "an account with positive PNL and equity")
    if not loses.any():
        raise InputError("equity", "no loser", "an account with negative equity")
    notional = np.abs(size) * mark
    share = notional / np.bincount(owner, notional, minlength=len(names))[owner]
    price = mark - equity[owner] * share / size
    out = np.flatnonzero(loses[owner])
    if (price[out] < 0).any():
        i = int(out[np.argmax(price[out] < 0)])
        remedy = "spread the loss over several rounds, or close at the mark"
        expected = f"a bankruptcy price ≥ 0 for {account[i]!r}"
        raise InputError("price", float(price[i]), expected, index=i, remedy=remedy)
    sides = [Side.LONG if q > 0 else Side.SHORT for q in size]
    known = {"coin": coin, "side": sides, "size": np.abs(size), "mark": mark}
    shed = Shed(**picked(out, loser=account, price=price, **known))
    held_on = picked(np.flatnonzero(wins[owner]), account=account, lot=lots, **known)
    value = average_values(shed, held_on["coin"], held_on["side"])
    positions = Positions(**held_on, value=value)
    start = RoundStart(
        **picked(np.flatnonzero(wins), account=names),
        capacity=solvency.capacities(pnl[wins]),
        equity=equity[wins],
        deficit=solvency.deficit(equity),
    )
    needed = solvency.needed_budget(shed.mark, shed.price, shed.size)
    return ContractRound(
        start=start, positions=positions, outcome=RoundOutcome(needed=needed)
    ), shed


def average_values(shed: Shed, coins: Sequence[str], sides: Sequence[Side]) -> FloatArray:
    """USD a contract that losers take on average of positions, (m,); 0 where there are none."""
    totals: dict[tuple[str, Side], list[float]] = {}
    rows = zip(shed.coin, shed.side, shed.size.tolist(), shed.value.tolist(), strict=True)
    for coin, side, size, value in rows:
        both = totals.setdefault((coin, side.opposite), [0.0, 0.0])
        both[0] += size
        both[1] += size * value
    books = (totals.get(book, [1.0, 0.0]) for book in zip(coins, sides, strict=True))
    return np.array([usd / size for size, usd in books])


def _refuse_two_marks(shed: Shed) -> None:
    marks: dict[str, float] = {}
    for index, (coin, mark) in enumerate(zip(shed.coin, shed.mark.tolist(), strict=True)):
        if marks.setdefault(coin, mark) != mark:
            expected = f"{marks[coin]!r}, the mark of {coin} before"
            raise InputError("mark", mark, expected, index=index)
