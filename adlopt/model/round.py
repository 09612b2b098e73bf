"""One round of autodeleveraging: what is known when it starts, and what it turns out to need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import FloatArray, Record, own, own_number, own_positive, own_whole
from adlopt.foundation.frames import NESTED, fields_in_frame, require_fields
from adlopt.foundation.ids import read_ids, refuse_repeats
from adlopt.foundation.labels import in_order, labels_of
from adlopt.model.tables import own_fields, require_kinds
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted, dollars

OUTCOMES = ("recorded", "markout")
"""Columns of an account table that are known when the round is over, and no sooner."""
RESERVED = ("account", "capacity", "equity", "lot", "round", *OUTCOMES)
"""Columns of an account table that are not features."""
WINNER = ("account", "capacity", "equity", "lot", *OUTCOMES)
"""Columns of a frame of winners, the first two needed."""
IN_USD = dict.fromkeys(("deficit", "needed", "estimate", *WINNER[1:]), "usd")
"""Units of columns that have one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RoundStart(Tabular, Record):
    """All that an online policy may see of a round.

    Parameters
    ----------
    account : sequence of str, length n
        Winners' ids, unique and not empty.
    capacity : array_like, shape (n,)
        USD. What may be taken from each winner: its positive PNL, u_i.
    deficit : float
        USD. D_t, the bad debt that liquidation and insurance left.
    t : int
        Number of the round within its episode, from 1.
    equity : array_like, shape (n,), optional
        USD. Account values, for burdens measured against equity.
    lot : array_like, shape (n,), optional
        USD. What closing one contract takes from the account; haircuts are whole multiples of it.
    estimate : float, optional
        USD. Ex ante estimate of the needed budget, [CTTX26, Eq. 5].
    features : mapping of str to array_like, shape (n,)
        What queues may rank by: leverage, return on equity, ….
    signals : mapping of str to float
        What else is observable at the start of the round.
    tags : mapping of str to sequence of str, length n
        What accounts are called, by kind: owner, desk, …; an empty text is no tag. Constraints
        of one's own choose by them.

    Raises
    ------
    InputError
        Naming the field, the index, the value and what was expected.

    Notes
    -----
    Notation of [CTTX26]: *Autodeleveraging as Online Learning*, arXiv 2602.15182, Section 2.

    Examples
    --------
    >>> RoundStart(account=["a", "b"], capacity=[120, 80], deficit=90).total_capacity
    200.0
    >>> RoundStart(account=["a", "a"], capacity=[120, 80], deficit=90)
    Traceback (most recent call last):
    adlopt.errors.InputError: account[1] is 'a': expected an id not used before; merge duplicates
    """

    account: tuple[str, ...]
    capacity: FloatArray
    deficit: float
    t: int = 1
    equity: FloatArray | None = None
    lot: FloatArray | None = None
    estimate: float | None = None
    features: Mapping[str, FloatArray] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__
        ids = read_ids(self.account, "account", wanted="at least one winner")
        refuse_repeats(ids, "account", "an id not used before", remedy="merge duplicates")
        n = len(ids)
        features = {f"features.{name}": values for name, values in _named(self, "features")}
        columns = {name: getattr(self, name) for name in ("account", "capacity", "equity", "lot")}
        tags = {f"tags.{name}": values for name, values in _named(self, "tags")}
        given = in_order(columns | features | tags, ids)
        put(self, "account", ids)
        remedy = "a loser has nothing to give: use max(PNL, 0)"
        own_fields(self, own, "capacity", given=given, length=n, lowest=0.0, remedy=remedy)
        own_fields(self, own_number, "deficit", lowest=0.0)
        put(self, "t", own_whole(self.t, "t", lowest=1, expected="a round number, 1 or more"))
        own_fields(self, own, "equity", given=given, length=n)
        own_fields(self, own_positive, "lot", given=given, length=n)
        own_fields(self, own_number, "estimate", lowest=0.0)
        owned = {k: own(given[f"features.{k}"], f"features.{k}", length=n) for k in self.features}
        put(self, "features", MappingProxyType(owned))
        signals = {k: own_number(v, f"signals.{k}") for k, v in _named(self, "signals")}
        put(self, "signals", MappingProxyType(signals))
        words = {k: _own_tags(given[f"tags.{k}"], f"tags.{k}", n) for k in self.tags}
        put(self, "tags", MappingProxyType(words))

    def _columns(self) -> Columns:
        money = {"capacity_usd": self.capacity, "equity_usd": self.equity, "lot_usd": self.lot}
        known = {name: values for name, values in money.items() if values is not None}
        features = {f"features.{name}": values for name, values in self.features.items()}
        tags = {f"tags.{name}": values for name, values in self.tags.items()}
        return {"account": self.account, **known, **features, **tags}

    def _heading(self) -> str:
        winners = counted(len(self.account), "winner")
        return f"start of round {self.t}: deficit {dollars(self.deficit)}, {winners}"

    @property
    def total_capacity(self) -> float:
        """USD. U_t, the most that can be raised."""
        return float(self.capacity.sum())

    def feature(self, name: str) -> FloatArray:
        """Return a ranking feature, shape (n,); `capacity` and `equity` count as features.

        `InputError` if the round has none of that name.
        """
        if name == "capacity":
            return self.capacity
        if name == "equity" and self.equity is not None:
            return self.equity
        if name not in self.features:
            known = ["capacity", "equity"][: 1 + (self.equity is not None)]
            remedy = "add it to the round"
            raise unknown("feature", name, [*known, *self.features], remedy=remedy)
        return self.features[name]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoundOutcome(Record):
    """What execution reveals once the round is over.

    Parameters
    ----------
    needed : float
        USD. B_t^needed, the ex post needed budget, [CTTX26, Eq. 6].
    recorded : array_like, shape (n,), optional
        USD ≥ 0. What the venue is on record to have taken from each account, in the order of the
        start; it may be more than a capacity.
    markout : array_like, shape (n,), optional
        USD. C_tot of each account's forced fills; negative is worse for it.
    """

    needed: float
    recorded: FloatArray | None = None
    markout: FloatArray | None = None

    def __post_init__(self) -> None:
        own_fields(self, own_number, "needed", lowest=0.0)
        own_fields(self, own, "recorded", lowest=0.0)
        own_fields(self, own, "markout")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Round(Tabular, Record):
    """A finished round: its start and its outcome.

    Examples
    --------
    >>> round_ = Round.of(capacity=[30.0, 10.0], deficit=25.0, needed=20.0)
    >>> round_.start.account, round_.needed
    (('1', '2'), 20.0)
    """

    start: RoundStart
    outcome: RoundOutcome

    def __post_init__(self) -> None:
        require_kinds(self, start=RoundStart, outcome=RoundOutcome)
        for name in OUTCOMES:
            values, n = getattr(self.outcome, name), len(self.start.account)
            if values is not None and values.size != n:
                raise InputError(name, f"{values.size} numbers", f"{n}, one for each account")

    def _columns(self) -> Columns:
        after = {f"{n}_usd": getattr(self.outcome, n) for n in OUTCOMES}
        return {**self.start._columns(), **{n: v for n, v in after.items() if v is not None}}

    def _heading(self) -> str:
        return f"{self.start._heading()}; needed {dollars(self.needed)} (hindsight)"

    @classmethod
    def of(  # noqa: PLR0913 - columns of one table
        cls,
        *,
        capacity: ArrayLike,
        deficit: float,
        needed: float,
        account: Iterable[str] | None = None,
        equity: ArrayLike | None = None,
        lot: ArrayLike | float | None = None,
        estimate: float | None = None,
        t: int = 1,
        tags: Mapping[str, Sequence[str]] | None = None,
        recorded: ArrayLike | None = None,
    ) -> Round:
        """Build a round from plain numbers; accounts are numbered from "1" unless named.

        Parameters are those of `RoundStart` and `RoundOutcome`; a single number for `lot` holds
        for every account, and text labels of a `capacity` without `account` are the ids.

        Examples
        --------
        >>> round_ = Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0)
        >>> round_.needed_severity
        0.6666666666666666
        """
        if account is None:
            account = labels_of(capacity)
        if account is None:
            account = list(map(str, range(1, own(capacity, "capacity").size + 1)))
        elif isinstance(account, Iterator):
            account = tuple(account)
        start = RoundStart(
            t=t,
            account=account,  # type: ignore[arg-type]
            capacity=capacity,  # type: ignore[arg-type]
            deficit=deficit,
            equity=equity,  # type: ignore[arg-type]
            lot=[own_number(lot, "lot")] * len(account) if np.isscalar(lot) else lot,  # type: ignore[arg-type]
            estimate=estimate,
            tags={} if tags is None else tags,  # type: ignore[arg-type]
        )
        taken = in_order({"recorded": recorded}, start.account)["recorded"]
        return cls(start=start, outcome=RoundOutcome(needed=needed, recorded=taken))

    @classmethod
    def from_frame(
        cls, frame: Any, *, deficit: float, needed: float, t: int = 1, **columns: str
    ) -> Round:
        """Build a round of a dataframe, a row a winner.

        Parameters
        ----------
        frame : pandas or Polars DataFrame, anything that exports Arrow, or a mapping of columns
            With the columns account and capacity, USD, and maybe equity, lot, recorded and
            markout, USD; features.NAME and tags.NAME. A unit may end a name, as in `to_frame`.
        deficit, needed : float
            USD.
        t : int
        **columns : str
            Fields whose column has another name: capacity="upnl".

        Raises
        ------
        InputError
            Naming the column or the keyword, or as `RoundStart` and `RoundOutcome` do.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"trader": ["ann", "bob"], "upnl": [120.0, 80.0]})
        >>> Round.from_frame(frame, deficit=90, needed=60, account="trader", capacity="upnl")
        <Round: start of round 1: deficit 90.00 USD, 2 winners; needed 60.00 USD (hindsight)>
        """
        require_fields(columns, WINNER)
        optional = (*WINNER[2:], *NESTED)
        units: dict[str, Any] = {"units": IN_USD, "named": columns}
        given = fields_in_frame(frame, "frame", WINNER[:2], optional=optional, **units)
        return cls._of_fields(given, deficit=deficit, needed=needed, t=t)

    @classmethod
    def _of_fields(cls, given: dict[str, Any], *, needed: float, **start: Any) -> Round:
        after = {name: given.pop(name) for name in OUTCOMES if name in given}
        outcome = RoundOutcome(needed=needed, **after)
        return cls(start=RoundStart(**given, **start), outcome=outcome)

    @property
    def needed(self) -> float:
        """USD. B_t^needed."""
        return self.outcome.needed

    @property
    def needed_severity(self) -> float:
        """θ_t^needed, in hindsight; see `needed_severity`."""
        return needed_severity(self.start, self.outcome)


def needed_severity(start: RoundStart, outcome: RoundOutcome) -> float:
    """θ^needed = min(1, B^needed / D), [CTTX26, Prop. 1]; if D = 0, 1 if anything is needed."""
    if start.deficit > 0:
        return min(1.0, outcome.needed / start.deficit)
    return 1.0 if outcome.needed > 0 else 0.0


def _named(start: RoundStart, field_name: str) -> Iterable[tuple[str, Any]]:
    given = getattr(start, field_name)
    if not isinstance(given, Mapping):
        raise InputError(field_name, given, "a mapping of names")
    for name in given:
        if not isinstance(name, str) or name in RESERVED:
            expected = f"a name other than {', '.join(RESERVED)}"
            raise InputError(field_name, name, expected, remedy="rename it")
    return given.items()


def _own_tags(tags: Sequence[str], field: str, n: int) -> tuple[str, ...]:
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise InputError(field, tags, "a list of texts")
    owned = tuple(tags)
    if len(owned) != n:
        raise InputError(field, f"{len(owned)} texts", f"{n}, one for each account")
    for index, tag in enumerate(owned):
        if not isinstance(tag, str):
            raise InputError(field, tag, "a text; an empty one is no tag", index=index)
    return tuple(map(str, owned))
