"""Who may be touched, how far, and in which order: set by the venue, before any objective."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Record,
    freeze_indices,
    own,
    own_number,
    require,
)
from adlopt.foundation.ids import read_keys
from adlopt.foundation.labels import in_order
from adlopt.model.positions import Positions
from adlopt.model.round import RoundStart
from adlopt.model.tables import own_fields


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits(Record):
    """Eligibility, caps, floors, tiers and weights of the accounts of one round.

    A single number for `cap` or `floor` holds for every account. Burdens stay measured against
    the whole capacity or equity of an account, or against `weight` where it is given; with burdens
    over capacity, caps and floors make the min–max haircut the capped pro-rata
    h_i = min(η, β_i), β_i = min(cap_i, 1 − (floor_i − collateral_i) / u_i) of [Chitra25]
    (arXiv 2512.01112).

    Parameters
    ----------
    ineligible : mapping of str to str
        Account ids that must not be touched, and why.
    cap : array_like, shape (n,), or float, optional
        Share of its capacity in [0, 1] that an account may lose.
    floor : array_like, shape (n,), or float, optional
        USD. Equity that an account keeps: x_i ≤ equity_i − floor_i.
    tier : sequence of int, length n, optional
        Lower tiers give all they can before the next one gives anything.
    weight : array_like, shape (n,), optional
        USD ≥ 0. Denominators of the burdens; 0 protects an account.
    lots : sequence of int, length m, optional
        In contract space: lots of each position that may be closed.

    Examples
    --------
    >>> start = RoundStart(account=["a", "b"], capacity=[120, 80], deficit=90, equity=[200, 100])
    >>> limits = Limits(ineligible={"b": "market maker"}, floor=150.0, cap=0.9)
    >>> limits.most(start)
    array([50.,  0.])
    >>> limits.reasons(start)
    ('floor', 'ineligible: market maker')
    """

    ineligible: Mapping[str, str] = field(default_factory=dict)
    cap: FloatArray | float | None = None
    floor: FloatArray | float | None = None
    tier: IntArray | None = None
    weight: FloatArray | None = None
    lots: IntArray | None = None

    def __post_init__(self) -> None:
        reasons = MappingProxyType(_own_reasons(self.ineligible))
        object.__setattr__(self, "ineligible", reasons)
        own_fields(self, _own_or_number, "cap", "floor")
        if self.cap is not None and np.max(self.cap, initial=0.0) > 1:
            index = None if np.isscalar(self.cap) else int(np.argmax(self.cap))
            raise InputError("cap", float(np.max(self.cap)), "a share in [0, 1]", index=index)
        own_fields(self, _own_whole, "tier")
        own_fields(self, _own_whole, "lots", lowest=0)
        own_fields(self, own, "weight", lowest=0.0)

    def most(self, start: RoundStart) -> FloatArray:
        """USD that each account may lose, shape (n,).

        `InputError` if a length differs from the round's, an ineligible account is unknown, or
        floors are given for a round without equities.
        """
        rooms: FloatArray = np.array([room for _, room in self._rooms(start)])
        return np.asarray(rooms.min(axis=0), dtype=np.float64)

    def reasons(self, start: RoundStart) -> tuple[str, ...]:
        """What keeps each account from losing more, length n."""
        names, rooms = zip(*self._rooms(start), strict=True)
        tightest = [names[i] for i in np.argmin(rooms, axis=0)]
        return tuple(
            f"ineligible: {self.ineligible[name]}" if name in self.ineligible else reason
            for name, reason in zip(start.account, tightest, strict=True)
        )

    def denominators(self, weight: FloatArray) -> FloatArray:
        """The weights given here, if any, else those of the loss; USD, shape (n,)."""
        return weight if self.weight is None else own(self.weight, "weight", length=weight.size)

    def barred(self, start: RoundStart) -> BoolArray:
        """Where accounts are ineligible, shape (n,); `InputError` if one of them is unknown."""
        known = set(start.account)
        for name in self.ineligible:
            if name not in known:
                raise InputError("ineligible", name, "an account of the round")
        return np.array([name in self.ineligible for name in start.account], dtype=bool)

    def most_lots(self, positions: Positions) -> IntArray:
        """Whole lots that may be closed of each position, shape (m,)."""
        if self.lots is None:
            return positions.most
        return np.minimum(positions.most, self._lots_of(positions))

    def most_size(self, positions: Positions) -> FloatArray:
        """Contracts that may be closed of each position, whole lots or not, shape (m,)."""
        if self.lots is None:
            return positions.size
        return np.minimum(positions.size, self._lots_of(positions) * positions.lot)

    def tiers(self, accounts: int) -> Iterator[BoolArray]:
        """Masks of the accounts in each tier, shape (n,), lowest tier first."""
        if self.tier is None:
            yield np.ones(accounts, dtype=bool)
            return
        if self.tier.size != accounts:
            raise InputError("tier", f"{self.tier.size} values", f"{accounts}, one an account")
        for tier in np.unique(self.tier):
            yield self.tier == tier

    def _lots_of(self, positions: Positions) -> IntArray:
        assert self.lots is not None
        if self.lots.size != len(positions):
            found, expected = f"{self.lots.size} values", f"{len(positions)}, one a position"
            raise InputError("lots", found, expected)
        return self.lots

    def _rooms(self, start: RoundStart) -> Iterator[tuple[str, FloatArray]]:
        """Every limit by name and the USD it leaves, shape (n,); the first of equals is named."""
        n = len(start.account)
        yield "capacity", start.capacity
        if self.ineligible:
            yield "ineligible", np.where(self.barred(start), 0.0, np.inf)
        if self.cap is not None:
            yield "cap", _each(self.cap, "cap", n) * start.capacity
        if self.floor is not None:
            if start.equity is None:
                raise InputError("equity", None, "account values", remedy="floors need them")
            yield "floor", _above(start.equity, _each(self.floor, "floor", n))


def _above(equity: FloatArray, floor: FloatArray) -> FloatArray:
    """What equity leaves above the floor, rounded so that the floor itself is never touched."""
    room = np.maximum(equity - floor, 0.0)
    kept: FloatArray = np.where((equity - room < floor) & (room > 0), np.nextafter(room, 0.0), room)
    return kept


def _each(given: FloatArray | float, field_name: str, n: int) -> FloatArray:
    return own(np.full(n, given) if np.isscalar(given) else given, field_name, length=n)


def _own_or_number(given: ArrayLike, field_name: str) -> FloatArray | float:
    if np.isscalar(given):
        return own_number(given, field_name, lowest=0.0)
    return own(given, field_name, lowest=0.0)


def _own_reasons(given: Mapping[str, str]) -> dict[str, str]:
    reasons = read_keys(given, "ineligible")
    for name, reason in reasons.items():
        if not isinstance(reason, str) or not reason:
            raise InputError("ineligible", reason, "a reason in words", index=name)
    return {name: str(reason) for name, reason in reasons.items()}


def _own_whole(given: ArrayLike, field_name: str, lowest: int | None = None) -> IntArray:
    whole = np.asarray(in_order({field_name: given}, None)[field_name])
    if whole.ndim != 1 or whole.dtype.kind not in "iu":
        raise InputError(field_name, given, "a list of whole numbers")
    if lowest is not None:
        require(whole >= lowest, whole, field_name, f"a number ≥ {lowest}")
    return freeze_indices(whole)


NO_LIMITS = Limits()
