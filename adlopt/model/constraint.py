"""Constraints of a venue's own: linear rows over accounts, chosen by what is known of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray, Record, own_number
from adlopt.foundation.ids import places
from adlopt.model.positions import Positions, signs
from adlopt.model.round import RoundStart


class Says(Enum):
    """What a constraint bounds."""

    GIVES = "gives"
    """Σ x_i of the group, USD."""
    KEEPS = "keeps"
    """Σ (u_i − x_i) of the group, USD."""
    SHARES = "shares a burden"
    """Nothing: the burdens of the group are one, Σ x_i / Σ w_i, not one for each account."""
    DELTA = "net delta changed"
    """USD at the mark by which closing moves each hedge of the group."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """lower ≤ Σ coefficient · x[index] − share · H + burden · z ≤ upper; x may be contracts."""

    name: str
    index: IntArray
    coefficient: FloatArray
    share: float = 0.0
    burden: float = 0.0
    lower: float = -math.inf
    upper: float = math.inf
    positions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constraint(Record):
    """A bound on what a group gives or keeps; `adlopt.group(...)` makes it.

    `share` is a part of the sum of all haircuts, added to the bounds, USD; `times` has factors of
    accounts instead of 1, others being left out, or names a feature that has them.
    """

    group: Group
    says: Says = Says.GIVES
    share: float = 0.0
    lower: float = -math.inf
    upper: float = math.inf
    times: Mapping[str, float] | str | None = None

    def __post_init__(self) -> None:
        for name, end in (("at_least", self.lower), ("at_most", self.upper)):
            if math.isnan(end):
                raise InputError(name, end, "a number")
        if isinstance(self.times, Mapping):
            for account, factor in self.times.items():
                own_number(factor, f"haircut.{account}")

    def rows(self, start: RoundStart, positions: Positions | None = None) -> Iterator[Row]:
        """State it for a round, a row for each group; none where burdens are shared."""
        for name, members in self.group.parts(start, positions):
            if self.says is Says.SHARES:
                continue
            if self.says is Says.DELTA:
                yield from self._hedges(name, members, start, positions)
                continue
            index = np.flatnonzero(members)
            factor = np.ones(index.size)
            if isinstance(self.times, str):
                factor = start.feature(self.times)[index]
            elif self.times is not None:
                factor = np.array([self.times.get(start.account[i], 0.0) for i in index.tolist()])
            lower, upper = self.lower, self.upper
            if self.says is Says.KEEPS:
                held = math.fsum(start.capacity[index])
                lower, upper = held - self.upper, held - self.lower
            yield Row(
                name=name,
                index=index,
                coefficient=factor,
                share=self.share,
                lower=lower,
                upper=upper,
            )

    def _hedges(
        self, name: str, members: BoolArray, start: RoundStart, positions: Positions | None
    ) -> Iterator[Row]:
        """Accounts long and short in one coin: the net delta that closing takes away."""
        if positions is None or positions.mark is None:
            raise InputError("constraint", "net delta", "positions with marks", remedy="give marks")
        place = {account: i for i, account in enumerate(start.account)}
        held: dict[tuple[str, str], list[int]] = {}
        for j, key in enumerate(zip(positions.account, positions.coin, strict=True)):
            if members[place[key[0]]]:
                held.setdefault(key, []).append(j)
        sign = signs(positions.side)
        for (account, coin), rows in held.items():
            if np.unique(sign[rows]).size == 2:
                yield Row(
                    name=f"{name}: delta of {account} in {coin}",
                    index=np.array(rows),
                    coefficient=(sign * positions.mark)[rows],
                    lower=self.lower,
                    upper=self.upper,
                    positions=True,
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group(Record):
    """Accounts that have all that is asked for; `adlopt.group` makes it, and says of what."""

    tag: str | None = None
    account: tuple[str, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    coin: str | None = None
    where: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    each: str | None = None

    def __post_init__(self) -> None:
        for name in ("tag", "coin", "each"):
            given = getattr(self, name)
            if given is not None and (not isinstance(given, str) or not given):
                raise InputError(f"group.{name}", given, "a non-empty text")
        for name, ends in dict(self.where).items():
            if not isinstance(ends, Sequence) or len(ends) != 2 or not ends[0] <= ends[1]:
                raise InputError(f"group.where.{name}", ends, "a pair (from, to)")
        if isinstance(self.account, str):
            raise InputError("group.account", self.account, "a list of ids")
        for name in ("tags", "where"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if self.account is not None:
            object.__setattr__(self, "account", tuple(self.account))

    def gives_at_most(self, *, share: float | None = None, usd: float | None = None) -> Constraint:
        """At most so many USD, or such a share of what all give."""
        part, bound = _bound(share, usd)
        return Constraint(group=self, share=part, upper=bound)

    def gives_at_least(self, *, share: float | None = None, usd: float | None = None) -> Constraint:
        """At least so many USD, or such a share of what all give."""
        part, bound = _bound(share, usd)
        return Constraint(group=self, share=part, lower=bound)

    def keeps_at_most(self, usd: float) -> Constraint:
        """Keep at most so many USD of their capacities."""
        return Constraint(group=self, says=Says.KEEPS, upper=_bound(None, usd)[1])

    def keeps_at_least(self, usd: float) -> Constraint:
        """Keep at least so many USD of their capacities."""
        return Constraint(group=self, says=Says.KEEPS, lower=_bound(None, usd)[1])

    def shares_burden(self) -> Constraint:
        """Have one burden, what they give in all over their weight in all."""
        return Constraint(group=self, says=Says.SHARES)

    def delta_changes_at_most(self, usd: float) -> Constraint:
        """No hedge, long and short in one coin, changes its net delta by more, USD at the mark."""
        most = _bound(None, usd)[1]
        return Constraint(group=self, says=Says.DELTA, lower=-most, upper=most)

    @property
    def name(self) -> str:
        """What it is called in models, reasons and prices."""
        words = [self.tag, *self.tags.values(), self.coin, *(self.account or ())[:2], *self.where]
        return " ".join(word for word in words if word) or "all"

    def parts(self, start: RoundStart, positions: Positions | None) -> list[tuple[str, BoolArray]]:
        """Its accounts as masks, shape (n,), by name: one, or one for each tag of a kind."""
        members = self._members(start, positions)
        if not members.any():
            expected = "an account of the round"
            raise InputError("group", self.name, expected, remedy=f"tags: {_known(start)}")
        if self.each is None:
            return [(self.name, members)]
        kind = start.account if self.each == "account" else _kind(start, self.each)
        rows: dict[str, list[int]] = {}
        for i in np.flatnonzero(members).tolist():
            if kind[i]:
                rows.setdefault(kind[i], []).append(i)
        masks = [(name, np.zeros(members.size, dtype=bool)) for name in rows]
        for name, mask in masks:
            mask[rows[name]] = True
        return masks

    def _members(self, start: RoundStart, positions: Positions | None) -> BoolArray:
        members = np.ones(len(start.account), dtype=bool)
        if self.tag is not None:
            tagged = [np.array(values) == self.tag for values in start.tags.values()]
            members &= np.any(tagged, axis=0) if tagged else False
        for kind, tag in self.tags.items():
            members &= np.array(_kind(start, kind)) == tag
        for name, (low, high) in self.where.items():
            values = start.feature(name)
            members &= (values >= low) & (values <= high)
        if self.account is not None:
            members &= _named(self.account, start.account, "group.account")
        if self.coin is not None:
            if positions is None or self.coin not in positions.coin:
                coins = "none" if positions is None else ", ".join(sorted(set(positions.coin)))
                raise InputError("group.coin", self.coin, f"a coin of the positions: {coins}")
            pairs = zip(positions.account, positions.coin, strict=True)
            holders = dict.fromkeys(account for account, coin in pairs if coin == self.coin)
            members &= _named(tuple(holders), start.account, "positions.account")
        return members


def group(
    tag: str | None = None,
    *,
    account: Sequence[str] | None = None,
    coin: str | None = None,
    where: Mapping[str, tuple[float, float]] | None = None,
    each: str | None = None,
    **tags: str,
) -> Group:
    """Choose accounts, to bound what they give: those that have all that is asked for.

    Parameters
    ----------
    tag : str, optional
        A tag of any kind, as in `group("market makers")`.
    account : sequence of str, optional
        Ids.
    coin : str, optional
        Holders of positions in a coin.
    where : mapping of str to pair of float, optional
        Features, `capacity` and `equity` among them, and from where to where, as in
        `{"leverage": (10, math.inf)}`.
    each : str, optional
        A kind of tags, or `account`: the bound holds for each of them, as in `each="owner"`.
    **tags : str
        Kinds of tags, as in `desk="market makers"`.

    Raises
    ------
    InputError
        If something given is of another kind.

    Examples
    --------
    >>> start = RoundStart(account=["ann", "bob", "cat"], capacity=[120, 80, 40], deficit=90,
    ...                    tags={"desk": ["makers", "", "makers"]})
    >>> row, = group("makers").gives_at_most(share=0.2).rows(start)
    >>> row.name, row.index, row.share, row.upper
    ('makers', array([0, 2]), 0.2, 0.0)
    """
    return Group(
        tag=tag,
        account=account,  # type: ignore[arg-type]
        coin=coin,
        where={} if where is None else where,
        each=each,
        tags=tags,
    )


def pools(constraints: Sequence[Constraint], start: RoundStart) -> tuple[IntArray, list[str]]:
    """Whose burden each account's is part of, shape (n,), and the names of all that bear one."""
    bearer, names = np.arange(len(start.account)), list(start.account)
    taken = np.zeros(len(start.account), dtype=bool)
    for constraint in constraints:
        if constraint.says is Says.SHARES:
            for name, members in constraint.group.parts(start, None):
                if taken[members].any():
                    twice = start.account[int(np.argmax(taken & members))]
                    raise InputError("constraints", twice, "an account that shares one burden")
                taken |= members
                first = int(np.argmax(members))
                bearer[members], names[first] = first, name
    held, bearer = np.unique(bearer, return_inverse=True)
    return bearer, [names[i] for i in held.tolist()]


def listed(constraints: Any) -> list[Any]:
    """Constraints in a list; one that stands alone is refused, by `InputError`."""
    if not isinstance(constraints, Iterable):
        raise InputError("constraints", constraints, "a list of them", remedy="write [...]")
    return list(constraints)


def _bound(share: float | None, usd: float | None) -> tuple[float, float]:
    if (share is None) == (usd is None):
        raise InputError("share", share, "either a share of the sum or `usd`")
    if usd is not None:
        return 0.0, own_number(usd, "usd", lowest=0.0)
    if own_number(share, "share", lowest=0.0) > 1:
        raise InputError("share", share, "a share in [0, 1]")
    return float(share or 0.0), 0.0


def _named(wanted: tuple[str, ...], known: tuple[str, ...], where: str) -> BoolArray:
    at, members = places(wanted, known), np.zeros(len(known), dtype=bool)
    if at.min(initial=0) < 0:
        index = int(np.argmin(at))
        raise InputError(where, wanted[index], "an account of the round", index=index)
    members[at] = True
    return members


def _kind(start: RoundStart, kind: str) -> tuple[str, ...]:
    if kind not in start.tags:
        known = ", ".join(start.tags) or "none"
        raise InputError("group", kind, f"a kind of tags of the round: {known}")
    return start.tags[kind]


def _known(start: RoundStart) -> str:
    found = sorted({tag for values in start.tags.values() for tag in values if tag})
    return ", ".join(found[:8]) + (", …" if len(found) > 8 else "") or "none"
