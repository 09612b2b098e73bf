"""A sequence of rounds, with what is recorded about it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import BoolArray, FloatArray, Record, freeze
from adlopt.foundation.frames import NESTED, fields_in_frame, require_fields
from adlopt.foundation.ids import refuse_repeats
from adlopt.model.filled import filled
from adlopt.model.round import IN_USD, WINNER, Round
from adlopt.model.run import Run
from adlopt.model.tables import own_fields, picked
from adlopt.show import episode as shown
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.boards import ByRound, EpisodeData, RecordedData
from adlopt.show.words import counted

POOLED = "all winners"
"""Id of the one account that stands for all winners where only their total is known."""
OF_A_ROUND = ("deficit", "needed", "estimate")
"""Columns of a frame that a round has one value of, the first two needed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Episode(Answer, Record):
    """Rounds in order, numbered 1 to T.

    Parameters
    ----------
    name : str
        Shown in tables.
    rounds : sequence of Round, length T ≥ 1
        Round k must carry t = k.
    recorded : sequence of Run
        What policies are on record to have done; each has T rounds.
    reference : str, optional
        Name of the recorded run whose burden is m_t^ILP of [CTTX26, Eq. 23].
    fairest : str, optional
        Name of the recorded run whose burden is taken for the least at the full budget, where
        accounts are pooled.
    pooled : bool
        True if each round's winners are one pooled account, because accounts are not published:
        then budgets can be judged, but neither burdens nor touched accounts.
    source : str
        Where the figures come from, and their licence.

    Attributes
    ----------
    deficit, needed, total_capacity : FloatArray, shape (T,)
        USD. D_t, B_t^needed and U_t.
    needed_severity : FloatArray, shape (T,)
        θ_t^needed, in hindsight.

    Raises
    ------
    InputError
        If it is empty, misnumbered, or a recorded run has another length.

    Examples
    --------
    >>> rounds = [Round.of(t=t, capacity=[50.0], deficit=40.0, needed=10.0 * t) for t in (1, 2)]
    >>> Episode(name="two rounds", rounds=rounds).needed
    array([10., 20.])
    """

    name: str
    rounds: tuple[Round, ...]
    recorded: tuple[Run, ...] = ()
    reference: str | None = None
    fairest: str | None = None
    pooled: bool = False
    source: str = ""
    deficit: FloatArray = field(init=False)
    needed: FloatArray = field(init=False)
    total_capacity: FloatArray = field(init=False)
    needed_severity: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        own_fields(self, _own_all, "rounds", kind=Round)
        own_fields(self, _own_all, "recorded", kind=Run)
        if not self.rounds:
            raise InputError("rounds", [], "at least one round")
        for index, round_ in enumerate(self.rounds):
            if round_.start.t != index + 1:
                raise InputError("rounds", f"t = {round_.start.t}", f"t = {index + 1}", index=index)
            if self.pooled and len(round_.start.account) != 1:
                expected = "one account, as winners are pooled"
                raise InputError("rounds", round_.start.account, expected, index=index)
        for name in ("deficit", "total_capacity"):
            object.__setattr__(self, name, freeze([getattr(r.start, name) for r in self.rounds]))
        for name in ("needed", "needed_severity"):
            object.__setattr__(self, name, freeze([getattr(r, name) for r in self.rounds]))
        known = [round_.outcome.recorded is not None for round_ in self.rounds]
        if any(known) and not all(known):
            expected = "what was taken from each account in all rounds, or in none"
            raise InputError("recorded", None, expected, index=f"round {known.index(False) + 1}")
        names = [run.policy for run in self.recorded]
        refuse_repeats(names, "recorded", "a name not used before")
        for run in self.recorded:
            if run.haircut.size != len(self.rounds):
                found, expected = f"{run.haircut.size} rounds", f"{len(self.rounds)} rounds"
                raise InputError("recorded", found, expected, index=run.policy)
        for name in ("reference", "fairest"):
            chosen = getattr(self, name)
            if chosen is not None and chosen not in names:
                raise unknown(name, chosen, names)
            if chosen is not None and self.recorded_run(chosen).burden is None:
                raise InputError(name, chosen, "a recorded run with burdens")

    @classmethod
    def from_frame(
        cls, frame: Any, *, name: str = "frame", source: str = "", **columns: str
    ) -> Episode:
        """Build an episode of a dataframe: a row a winner of a round, or a row a round.

        Parameters
        ----------
        frame : pandas or Polars DataFrame, anything that exports Arrow, or a mapping of columns
            With the columns round, whose values sort as the rounds did, deficit, needed and
            capacity, USD, and maybe estimate, USD; and account, equity, lot, recorded, markout,
            features.NAME and tags.NAME as `Round.from_frame` has them. Without account a row is a
            round, its winners pooled, as `to_frame` has it. What is of a round stands in all of
            its rows.
        name, source : str
        **columns : str
            Fields whose column has another name: round="wave".

        Raises
        ------
        InputError
            Naming the column, the keyword or the round, or as `Round` does.

        Examples
        --------
        >>> import polars as pl
        >>> frame = pl.DataFrame({"wave": [3, 3, 7], "account": ["a", "b", "a"],
        ...     "capacity": [50, 30, 40], "deficit": [40, 40, 20], "B": [9, 9, 5]})
        >>> Episode.from_frame(frame, round="wave", needed="B").needed
        array([9., 5.])
        """
        require_fields(columns, ("round", *OF_A_ROUND, *WINNER))
        units: dict[str, Any] = {"units": IN_USD, "named": columns}
        needed = ("round", "deficit", "needed", "capacity")
        optional = [each for each in (*OF_A_ROUND, *WINNER, *NESTED) if each not in needed]
        given = fields_in_frame(frame, "frame", needed, optional=optional, **units)
        pooled = "account" not in given
        if pooled:
            given["account"] = [POOLED] * len(given["capacity"])
        rounds = [
            Round._of_fields(rows, t=t, **_of_round(rows, t))
            for t, rows in enumerate(_by_round(given), 1)
        ]
        return cls(name=name, rounds=rounds, pooled=pooled, source=source)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.rounds)

    def __iter__(self) -> Iterator[Round]:
        return iter(self.rounds)

    def _columns(self) -> Columns:
        return {
            "round": [r.start.t for r in self.rounds],
            "deficit_usd": self.deficit,
            "needed_usd": self.needed,
            "capacity_usd": self.total_capacity,
            "needed_severity": self.needed_severity,
            "estimate_usd": [r.start.estimate for r in self.rounds],
        }

    def _heading(self) -> str:
        source = f"; source: {self.source}" if self.source else ""
        return f"{self.name}: {counted(len(self), 'round')}{source}"

    def __str__(self) -> str:
        return shown.episode(self.data())

    def data(self) -> EpisodeData:
        """Return totals and rounds at full precision, without accounts."""
        deficit, needed = self.deficit, self.needed
        return filled(
            EpisodeData,
            self,
            rounds=len(self),
            deficit_usd=math.fsum(deficit),
            needed_usd=math.fsum(needed),
            capacity_usd=math.fsum(self.total_capacity),
            path_variation=path_variation(self.needed_severity),
            by_round=filled(
                ByRound,
                self,
                capacity_usd=self.total_capacity.tolist(),
                estimate_usd=[r.start.estimate for r in self],
                winners=[len(r.start.account) for r in self],
            ),
            recorded=[
                filled(
                    RecordedData,
                    run,
                    haircut_usd=math.fsum(run.haircut),
                    overshoot_usd=math.fsum(run.haircut) - math.fsum(needed),
                )
                for run in self.recorded
            ],
        )

    def recorded_run(self, policy: str) -> Run:
        """Return the recorded run of that name; `InputError` if there is none."""
        for run in self.recorded:
            if run.policy == policy:
                return run
        raise unknown("policy", policy, [run.policy for run in self.recorded])

    def raised(self, run: Run) -> FloatArray:
        """USD, shape (T,). H_t, and what a fund paid of the needed budget."""
        if run.insured is None:
            return run.haircut
        return freeze(run.haircut + np.minimum(run.insured, self.needed))

    def severity(self, run: Run) -> FloatArray:
        """Shape (T,). Raised over D_t, clipped to the domain [0, 1] of [CTTX26, Prop. 1]."""
        deficit, raised = self.deficit, np.minimum(self.raised(run), self.deficit)
        return freeze(np.divide(raised, deficit, out=np.zeros(len(self)), where=deficit > 0))


def _by_round(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of each round, by field, in the order of the rounds."""
    stated = np.asarray(given.pop("round"), dtype=object).tolist()
    nested = {name: given.pop(name) for name in NESTED if name in given}
    for column, values in given.items():
        if len(values) != len(stated):
            raise InputError(column, f"{len(values)} values", f"{len(stated)}, one a row")
    rows: dict[Any, list[int]] = {}
    for row, value in enumerate(stated):
        if value is None or value != value:  # noqa: PLR0124 - NaN alone is unlike itself
            raise InputError("round", value, "a number, a time or a text", index=row)
        rows.setdefault(value, []).append(row)
    try:
        order = sorted(rows)
    except TypeError:
        raise InputError("round", list(rows)[:3], "values that sort") from None
    for value in order:
        inside = {name: picked(rows[value], **columns) for name, columns in nested.items()}
        yield {**picked(rows[value], **given), **inside}


def _of_round(rows: dict[str, Any], t: int) -> dict[str, float]:
    """Take out what a round has one of."""
    said = {}
    for column in OF_A_ROUND:
        if column in rows:
            said[column] = (values := np.asarray(rows.pop(column)).tolist())[0]
            if any(value != said[column] for value in values):
                expected = f"one number for all rows of round {t}"
                raise InputError(column, sorted(set(values))[:3], expected)
    return said


def _own_all(items: Iterable[Any], field: str, kind: type) -> tuple[Any, ...]:
    if not isinstance(items, Iterable):
        raise InputError(field, items, f"a list, each a {kind.__name__}")
    owned = tuple(items)
    for index, item in enumerate(owned):
        if not isinstance(item, kind):
            raise InputError(field, item, f"a {kind.__name__}", index=index)
    return owned


def path_variation(severities: FloatArray) -> float:
    """Σ_{t≥2} |θ_t − θ_{t−1}|."""
    return math.fsum(np.abs(np.diff(severities)))


def rounds_where(mask: BoolArray) -> tuple[int, ...]:
    """Numbers, from 1, of the rounds where a mask of shape (T,) holds."""
    return tuple(int(t) + 1 for t in np.flatnonzero(mask))
