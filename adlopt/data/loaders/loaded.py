"""What a load yields: figures of rounds, where each came from, and what is odd or unavailable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.records import FileReport, Origin
from adlopt.errors import InputError
from adlopt.model.episode import POOLED, Episode
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.run import Information, Run
from adlopt.scoring.quality import LARGEST_LOSS, Finding, inspect
from adlopt.show.answer import Columns, Tabular
from adlopt.show.words import counted

if TYPE_CHECKING:
    import polars as pl

NECESSARY = ("deficit", "needed", "capacity")
"""Figures without which there is no episode."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Record(Tabular):
    """What a policy is on record to have done, a number for each wave.

    Parameters
    ----------
    policy : str
    haircut : mapping of int to float
        USD, by wave.
    burden : mapping of int to float, optional
    hindsight : bool
        Whether its budget was what the round turned out to need.
    """

    policy: str
    haircut: Mapping[int, float]
    burden: Mapping[int, float] | None = None
    hindsight: bool = False

    def _columns(self) -> Columns:
        burden = (
            {} if self.burden is None else {"burden": [self.burden[wave] for wave in self.haircut]}
        )
        return {"wave": list(self.haircut), "haircut_usd": list(self.haircut.values()), **burden}

    def _heading(self) -> str:
        return self.policy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Loaded(Tabular):
    """Figures of rounds as they were read.

    Parameters
    ----------
    name, source : str
    rounds : DataFrame
        One row a round: `wave` (the source's number), `start_ms`, `end_ms`, and `deficit`,
        `largest_loss`, `needed`, `capacity` in USD; null where unavailable.
    accounts : DataFrame or None
        One row a winner of a round: `wave`, `account`, `capacity`, optionally `equity` and
        features; None where winners are not known.
    unavailable : mapping of str to str
        Quantities that the files do not yield, and why.
    look_ahead : tuple of str
        Quantities that were not known when the round began, and why.
    origins : mapping of int to mapping of str to tuple of Origin
        By wave and quantity: the records that a figure was made of.
    reports : tuple of FileReport
    findings : tuple of Finding
        What is odd about the files; `quality` adds what is odd about the episode.
    recorded : tuple of Record
    """

    name: str
    source: str
    rounds: pl.DataFrame
    accounts: pl.DataFrame | None
    unavailable: Mapping[str, str]
    look_ahead: tuple[str, ...]
    origins: Mapping[int, Mapping[str, tuple[Origin, ...]]]
    reports: tuple[FileReport, ...]
    findings: tuple[Finding, ...] = ()
    recorded: tuple[Record, ...] = ()
    rules: Rules | None = None
    reference: str | None = None
    fairest: str | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __len__(self) -> int:
        return len(self.rounds)

    def _columns(self) -> Columns:
        return {name: self.rounds[name] for name in self.rounds.columns}

    def _heading(self) -> str:
        return f"{self.name}: {counted(len(self), 'round')} from {self.source}"

    @property
    def pooled(self) -> bool:
        """Whether winners are known in total only."""
        return self.accounts is None

    def episode(self) -> Episode:
        """Make an episode of the rounds.

        Raises
        ------
        InputError
            If deficits, needed budgets or capacities are unavailable; it says which, and why.
        """
        for name in NECESSARY:
            if name in self.unavailable:
                raise InputError(
                    f"{self.name}: {name}",
                    "unavailable",
                    "a figure for every round",
                    remedy=self.unavailable[name],
                )
        if not len(self):
            raise InputError(f"{self.name}: rounds", 0, "at least one round with a deficit")
        rows = self.rounds.iter_rows(named=True)
        waves = self.rounds["wave"].to_list()
        return Episode(
            name=self.name,
            rounds=tuple(self._round(t, row) for t, row in enumerate(rows, start=1)),
            recorded=tuple(_run(record, waves) for record in self.recorded),
            reference=self.reference,
            fairest=self.fairest,
            pooled=self.pooled,
            source=self.source,
        )

    def _round(self, t: int, row: dict[str, Any]) -> Round:
        names = {"wave": "wave", "start_ms": "start_ms", "losers": "losers"}
        names |= {"largest_loss": LARGEST_LOSS}
        signals = {ours: row[name] for name, ours in names.items() if row.get(name) is not None}
        start = RoundStart(t=t, deficit=row["deficit"], signals=signals, **self._winners(row))
        return Round(start=start, outcome=RoundOutcome(needed=row["needed"]))

    def _winners(self, row: dict[str, Any]) -> dict[str, Any]:
        if self.accounts is None:
            return {"account": (POOLED,), "capacity": [row["capacity"]]}
        table = self.accounts.filter(self.accounts["wave"] == row["wave"])
        if table.is_empty():
            raise InputError(f"{self.name}: wave {row['wave']}", "no winners", "at least one")
        features = [n for n in table.columns if n not in ("wave", "account", "capacity", "equity")]
        equity = {"equity": table["equity"].to_numpy()} if "equity" in table.columns else {}
        return {
            "account": tuple(table["account"].to_list()),
            "capacity": table["capacity"].to_numpy(),
            "features": {
                name: table[name].to_numpy() for name in features if not table[name].has_nulls()
            },
            **equity,
        }

    def quality(self) -> tuple[Finding, ...]:
        """What is odd about the files and, where there is an episode, about its figures."""
        complete = len(self) and not any(name in self.unavailable for name in NECESSARY)
        return self.findings + (inspect(self.episode()) if complete else ())

    def to_dict(self) -> dict[str, Any]:
        """Plain data for machines, at full precision."""
        data: dict[str, Any] = {
            "name": self.name,
            "source": self.source,
            "rules": None if self.rules is None else msgspec.to_builtins(self.rules),
            "rounds": self.rounds.to_dicts(),
            "winners": None if self.accounts is None else len(self.accounts),
            "unavailable": dict(self.unavailable),
            "look_ahead": list(self.look_ahead),
            "files": [report.to_dict() for report in self.reports],
            "quality": [msgspec.to_builtins(finding) for finding in self.quality()],
            "origins": {
                str(wave): {name: [o._asdict() for o in each] for name, each in figures.items()}
                for wave, figures in self.origins.items()
            },
        }
        return data | dict(self.extra)


def _run(record: Record, waves: list[int]) -> Run:
    hindsight = Information.RECORDED_HINDSIGHT if record.hindsight else Information.RECORDED
    burden = None if record.burden is None else [record.burden[wave] for wave in waves]
    return Run(
        policy=record.policy,
        information=hindsight,
        haircut=[record.haircut[wave] for wave in waves],  # type: ignore[arg-type]
        burden=burden,  # type: ignore[arg-type]
    )
