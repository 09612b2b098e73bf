"""Contract space: accounts hold positions in coins, and a round closes whole lots of them.

A `Round` lives in wealth space: it takes dollars from accounts. A `ContractRound` closes contracts;
each takes a fixed value from its owner, and all positions of an account share its burden. Either
converts to the other: `ContractRound.to_wealth` and `ContractRound.of_wealth`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import repeat
from operator import is_
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import (
    FloatArray,
    IntArray,
    Record,
    freeze_indices,
    own,
    own_number,
    own_positive,
)
from adlopt.foundation.ids import codes, places, read_ids, refuse_repeats
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.tables import FieldTable, Given, fields_in_order, own_fields, require_kinds
from adlopt.show.answer import Columns, Tabular

WHOLE = 1e-9
"""Relative distance at which a size counts as a whole number of lots."""
SLIVER = 1e-3
"""Of a lot: a size further from a whole number of lots is never rounded up to it."""
DOLLAR = "USD"
"""Coin of the positions that stand for an account's wealth."""


class Side(Enum):
    """Which way a position profits."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """+1 long, −1 short."""
        return 1 if self is Side.LONG else -1

    @property
    def opposite(self) -> Side:
        """The other side: who closes against whom."""
        return Side.SHORT if self is Side.LONG else Side.LONG


def signs(sides: Sequence[Side]) -> IntArray:
    """+1 where long, −1 where short."""
    long = np.fromiter(map(is_, sides, repeat(Side.LONG)), np.int64, len(sides))
    return 2 * long - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Positions(FieldTable):
    """Positions that a round may close, one each row.

    Parameters
    ----------
    account : sequence of str, length m
        Owner of each position; an account may own several, in different coins or sides.
    coin : sequence of str, length m
    side : sequence of Side or str, length m
        LONG or SHORT; an account has at most one position in a coin on either side.
    size : array_like, shape (m,)
        Contracts held, ≥ 0.
    lot : array_like, shape (m,)
        Contracts. The venue's size step; what is closed is a whole multiple of it.
    value : array_like, shape (m,)
        USD a contract, ≥ 0. What closing one contract takes from its owner.
    mark : array_like, shape (m,), optional
        USD a contract. For exposures and leverage.
    """

    account: tuple[str, ...]
    coin: tuple[str, ...]
    side: tuple[Side, ...]
    size: FloatArray
    lot: FloatArray
    value: FloatArray
    mark: FloatArray | None = None
    row: ClassVar[str] = "position"
    units: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("size", "lot"), "contracts"),
        **dict.fromkeys(("value", "mark"), "usd"),
    }

    def __post_init__(self) -> None:
        given, m = own_keys(self, "account")
        own_fields(self, own, "size", "value", given=given, length=m, lowest=0.0)
        own_fields(self, own_positive, "lot", "mark", given=given, length=m)
        refuse_second_positions(self.account, self.coin, self.side)

    @property
    def most(self) -> IntArray:
        """Whole lots in each position, shape (m,)."""
        lots = self.size / self.lot
        nearest = np.rint(lots)
        whole = np.abs(lots - nearest) <= np.minimum(WHOLE * lots, SLIVER)
        return np.where(whole, nearest, np.floor(lots)).astype(np.int64)

    @property
    def lot_value(self) -> FloatArray:
        """USD that closing one lot takes, shape (m,)."""
        return self.lot * self.value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ContractRound(Tabular, Record):
    """A finished round in contract space.

    Parameters
    ----------
    start : RoundStart
        Accounts, what may be taken from each in all, equities and the deficit; no lots.
    positions : Positions
        Of those accounts; an account without one cannot be touched.
    outcome : RoundOutcome
        What the round needed, USD.
    rounded_by : float
        USD. By how much `rounded()` changed what an account can give, at most.
    unrounded : ContractRound or None
        What `rounded()` was called of.

    Raises
    ------
    InputError
        If a position belongs to no account of the round, or the start has lots of its own.

    Examples
    --------
    >>> round_ = ContractRound.of(
    ...     account=["a", "a", "b"], coin=["ETH", "BTC", "ETH"], side=["long", "short", "long"],
    ...     size=[10, 0.25, 4], lot=[1, 0.1, 1], value=[40, 900, 50], deficit=500, needed=300)
    >>> round_.start.account, round_.start.capacity
    (('a', 'b'), array([580., 200.]))
    """

    start: RoundStart
    positions: Positions
    outcome: RoundOutcome
    rounded_by: float = 0.0
    unrounded: ContractRound | None = None
    owner: IntArray = field(init=False)
    """Index into `start.account` of each position's owner, shape (m,)."""

    def __post_init__(self) -> None:
        require_kinds(self, start=RoundStart, positions=Positions, outcome=RoundOutcome)
        if self.start.lot is not None:
            raise InputError("lot", "a lot an account", "None", remedy="positions have the lots")
        owner = places(self.positions.account, self.start.account)
        if (owner < 0).any():
            row = int(np.argmin(owner))
            name, expected = self.positions.account[row], "an account of the round"
            raise InputError("positions.account", name, expected, index=row)
        object.__setattr__(self, "owner", freeze_indices(owner))

    def _columns(self) -> Columns:
        return self.positions._columns()

    def _heading(self) -> str:
        return f"{self.start._heading()}; needed {self.needed:,.2f} USD (hindsight)"

    @classmethod
    def of(  # noqa: PLR0913 - columns of one table
        cls,
        *,
        account: Sequence[str],
        coin: Sequence[str],
        side: Sequence[Side | str],
        size: ArrayLike,
        value: ArrayLike,
        deficit: float,
        needed: float,
        lot: ArrayLike | float = 1.0,
        mark: ArrayLike | None = None,
        equity: ArrayLike | None = None,
        capacity: ArrayLike | None = None,
        tags: Mapping[str, Sequence[str]] | None = None,
    ) -> ContractRound:
        """Build a round from a table of positions; accounts stand in order of appearance.

        Parameters
        ----------
        equity, capacity : array_like, shape (n,), optional
            USD, one for each account; the capacity is what its whole lots are worth unless given.
        tags : mapping of str to sequence of str, optional
            What accounts are called, by kind.

        The others are those of `Positions`, `RoundStart` and `RoundOutcome`.
        """
        m = len(read_ids(account, "account"))
        positions = Positions(
            account=account,  # type: ignore[arg-type]
            coin=coin,  # type: ignore[arg-type]
            side=side,  # type: ignore[arg-type]
            size=size,  # type: ignore[arg-type]
            lot=[own_number(lot, "lot")] * m if np.isscalar(lot) else lot,  # type: ignore[arg-type]
            value=value,  # type: ignore[arg-type]
            mark=mark,  # type: ignore[arg-type]
        )
        names = tuple(dict.fromkeys(positions.account))
        owner = places(positions.account, names)
        worth = np.bincount(owner, positions.most * positions.lot_value, minlength=len(names))
        start = RoundStart(
            account=names,
            capacity=worth if capacity is None else capacity,  # type: ignore[arg-type]
            equity=equity,  # type: ignore[arg-type]
            deficit=deficit,
            tags={} if tags is None else tags,  # type: ignore[arg-type]
        )
        return cls(start=start, positions=positions, outcome=RoundOutcome(needed=needed))

    @classmethod
    def of_wealth(cls, round_: Round) -> ContractRound:
        """State a round of dollars in contracts: one position an account, of contracts worth 1 USD.

        A round without lots gets lots of one micro-dollar.

        Examples
        --------
        >>> round_ = Round.of(capacity=[30.0, 20.0], deficit=40.0, needed=20.0, lot=5.0)
        >>> ContractRound.of_wealth(round_).positions.most
        array([6, 4])
        """
        start, n = round_.start, len(round_.start.account)
        positions = Positions(
            account=start.account,
            coin=(DOLLAR,) * n,
            side=(Side.LONG,) * n,
            size=start.capacity,
            lot=np.full(n, 1e-6) if start.lot is None else start.lot,
            value=np.ones(n),
        )
        return cls(start=replace(start, lot=None), positions=positions, outcome=round_.outcome)

    def to_wealth(self) -> Round:
        """State the round in dollars: an account can give what its positions are worth.

        Where every account has one position, its lots become lots of dollars, and `of_wealth` is
        undone; where one has several there is no such lot, and the round becomes continuous: a
        relaxation, up to what whole lots are worth. Burdens over capacity are measured against the
        capacity of the new round.

        Examples
        --------
        >>> round_ = Round.of(capacity=[30.0, 20.0], deficit=40.0, needed=20.0, lot=5.0)
        >>> ContractRound.of_wealth(round_).to_wealth().start.lot
        array([5., 5.])
        """
        worth, lot = self.haircut(self.positions.most), None
        held, counts = np.unique(self.owner, return_counts=True)
        if held.size == len(self.start.account) and (counts == 1).all():
            order = np.argsort(self.owner, kind="stable")
            sizes = self.positions.lot_value[order]
            if (sizes > 0).all():
                lot = sizes
                worth = np.maximum(worth, (self.positions.size * self.positions.value)[order])
        capacity = np.minimum(self.start.capacity, worth)
        start = replace(self.start, capacity=capacity, lot=lot)
        return Round(start=start, outcome=self.outcome)

    def rounded(self) -> ContractRound:
        """Round lot values and the needed budget to whole micro-dollars (0.000001 USD).

        The optimum in lots is exact in micro-dollars and asks for this. `rounding` says what it
        changes. A capacity that covers all lots of an account still does.

        Examples
        --------
        >>> round_ = ContractRound.of(account=["a"], coin=["ETH"], side=["long"], size=[9],
        ...                           value=[1 / 3], deficit=3, needed=2)
        >>> round_.rounded().positions.lot_value, round_.rounding
        (array([0.333333]), array([3.e-06]))
        """
        lot_value, worth = self.positions.lot_value, self.haircut(self.positions.most)
        value = _to_the_micro_dollar(lot_value) / self.positions.lot
        rounded = replace(self, positions=replace(self.positions, value=value))
        covers = self.start.capacity >= worth * (1 - WHOLE)
        all_lots = np.maximum(self.start.capacity, rounded.haircut(rounded.positions.most))
        capacity = np.where(covers, all_lots, self.start.capacity)
        return replace(
            rounded,
            start=replace(self.start, capacity=capacity),
            outcome=RoundOutcome(needed=round(self.needed, 6)),
            unrounded=self if self.unrounded is None else self.unrounded,
            rounded_by=max(self.rounded_by, float(self.rounding.max())),
        )

    @property
    def rounding(self) -> FloatArray:
        """USD, shape (n,). Most that `rounded()` changes in the haircut of an account."""
        lot_value = self.positions.lot_value
        apart = np.abs(_to_the_micro_dollar(lot_value) - lot_value)
        most: FloatArray = np.zeros(len(self.start.account))
        np.add.at(most, self.owner, apart * self.positions.most)
        return most

    @property
    def needed(self) -> float:
        """USD. B_t^needed."""
        return self.outcome.needed

    def haircut(self, lots: ArrayLike) -> FloatArray:
        """USD that closing so many lots of each position, shape (m,), takes from accounts, (n,).

        Examples
        --------
        >>> round_ = Round.of(capacity=[30.0, 20.0], deficit=40.0, needed=20.0, lot=5.0)
        >>> ContractRound.of_wealth(round_).haircut([2, 1])
        array([10.,  5.])
        """
        haircut = np.zeros(len(self.start.account))
        np.add.at(haircut, self.owner, np.asarray(lots) * self.positions.lot_value)
        return haircut


def _to_the_micro_dollar(amount: FloatArray) -> FloatArray:
    rounded: FloatArray = np.rint(amount * 1e6) / 1e6
    return rounded


def own_sides(sides: Iterable[Side | str], m: int) -> tuple[Side, ...]:
    """Check m sides."""
    if isinstance(sides, str) or not isinstance(sides, Iterable):
        raise InputError("side", sides, "a list of sides")
    owned: tuple[Any, ...] = tuple(sides)
    if not set(map(type, owned)) <= {Side}:
        owned = tuple(_own_side(side, index) for index, side in enumerate(owned))
    if len(owned) != m:
        raise InputError("side", f"{len(owned)} sides", f"{m}, one for each row")
    return owned


def _own_side(side: object, index: int) -> Side:
    try:
        return Side(side)
    except ValueError:
        raise InputError("side", side, "long or short", index=index) from None


def own_keys(table: Any, owner: str, *, within: str = "", least: int = 1) -> tuple[Given, int]:
    """Check whose the rows are, in which coin and on which side; all columns in order, and rows."""
    given = fields_in_order(table)
    ids = read_ids(given[owner], within + owner, least=least)
    own_fields(table, lambda *_: ids, owner)
    own_fields(table, lambda v, name: read_ids(v, within + name, len(ids)), "coin", given=given)
    own_fields(table, lambda v, _: own_sides(v, len(ids)), "side", given=given)
    return given, len(ids)


def refuse_second_positions(
    account: Sequence[str], coin: Sequence[str], side: Sequence[Side]
) -> None:
    """Refuse two rows of one account, coin and side."""
    keys = 2 * (codes(account) * len(coin) + codes(coin)) + (signs(side) > 0)
    if np.diff(np.sort(keys)).all():
        return
    refuse_repeats(
        list(zip(account, coin, signs(side).tolist(), strict=True)),
        "positions",
        "one",
        shown=lambda key: f"a second {'long' if key[2] > 0 else 'short'} {key[1]} of {key[0]!r}",
        remedy="merge duplicates",
    )
