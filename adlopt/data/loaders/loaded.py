"""What a load yields: figures of rounds, where each came from, and what is odd or unavailable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from adlopt.data.files.account_tables import outcomes_in
from adlopt.data.files.doubts import REMOVE, totals
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.round_figures import FEATURE
from adlopt.errors import InputError
from adlopt.model.episode import POOLED, Episode
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.run import Information, Run
from adlopt.scoring.quality import COUNTED_ONCE, LARGEST_LOSS, Finding, inspect
from adlopt.show.answer import Answer, Columns, Tabular
from adlopt.show.load import summary
from adlopt.show.schema.loads import FileReport, Horizon, LoadData, Origin, Reconciled, RoundCut
from adlopt.show.words import counted

NECESSARY = ("deficit", "needed", "capacity")
"""Figures without which there is no episode."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PolicyRecord(Tabular):
    """What a policy is on record to have done: USD and burdens by wave, in hindsight or not."""

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
class Loaded(Answer):
    """Figures of rounds as they were read.

    Parameters
    ----------
    name, source : str
    rounds : DataFrame
        One row a round: `wave` (the source's number), `start_ms`, `end_ms`, and `deficit`,
        `largest_loss`, `counted_once` (what no earlier round counts), `needed`, `capacity` in USD;
        null where unavailable.
    accounts : DataFrame or None
        One row a winner of a round: `wave`, `account`, `capacity`, optionally `equity`, `recorded`
        and `markout`, and features, `features.NAME`; None where winners are not known.
    unavailable : mapping of str to str
        Quantities that the files do not yield, and why.
    look_ahead : tuple of str
        Quantities that were not known when the round began, and why.
    origins : mapping of int to mapping of str to tuple of Origin
        By wave and quantity: the records that a figure was made of.
    reports : tuple of FileReport
    findings : tuple of Finding
        What is odd about what was read; `quality` adds files, and the episode's figures.
    recorded : tuple of PolicyRecord
    cut : RoundCut or None
        How rounds were cut, if they were.
    reconciled : tuple of Reconciled
        What became of the dollars of each quantity.
    horizons : tuple of Horizon
        What production took, measured at several times.
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
    recorded: tuple[PolicyRecord, ...] = ()
    rules: Rules | None = None
    reference: str | None = None
    fairest: str | None = None
    cut: RoundCut | None = None
    reconciled: tuple[Reconciled, ...] = ()
    horizons: tuple[Horizon, ...] = ()

    def __str__(self) -> str:
        return summary(self.data())

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
        winners = {} if self.accounts is None else self.accounts.partition_by("wave", as_dict=True)
        return Episode(
            name=self.name,
            rounds=tuple(
                self._round(t, row, winners.get((row["wave"],)))
                for t, row in enumerate(rows, start=1)
            ),
            recorded=tuple(_run(record, waves) for record in self.recorded),
            reference=self.reference,
            fairest=self.fairest,
            pooled=self.pooled,
            source=self.source,
        )

    def _round(self, t: int, row: dict[str, Any], winners: pl.DataFrame | None) -> Round:
        same = ("wave", "start_ms", "losers", LARGEST_LOSS, COUNTED_ONCE)
        signals = {name: row[name] for name in same if row.get(name) is not None}
        start = RoundStart(
            t=t, deficit=row["deficit"], signals=signals, **self._winners(row, winners)
        )
        known = {} if winners is None else outcomes_in(winners)
        return Round(start=start, outcome=RoundOutcome(needed=row["needed"], **known))

    def _winners(self, row: dict[str, Any], table: pl.DataFrame | None) -> dict[str, Any]:
        if self.accounts is None:
            return {"account": (POOLED,), "capacity": [row["capacity"]]}
        if table is None:
            raise InputError(f"{self.name}: wave {row['wave']}", "no winners", "at least one")
        whole = [name for name in table.columns if not table[name].has_nulls()]
        features = [name for name in whole if name.startswith(FEATURE)]
        equity = {"equity": table["equity"].to_numpy()} if "equity" in whole else {}
        return {
            "account": tuple(table["account"].to_list()),
            "capacity": table["capacity"].to_numpy(),
            "features": {name.removeprefix(FEATURE): table[name].to_numpy() for name in features},
            **equity,
        }

    def quality(self) -> tuple[Finding, ...]:
        """What is odd about the files and, where there is an episode, about its figures."""
        complete = len(self) and not any(name in self.unavailable for name in NECESSARY)
        found = (*self.findings, *_blanks(self.accounts), *_totals(self.accounts))
        return found + (inspect(self.episode()) if complete else ())

    def data(self) -> LoadData:
        """Plain data for machines, at full precision."""
        return LoadData(
            name=self.name,
            source=self.source,
            rules=None if self.rules is None else msgspec.to_builtins(self.rules, enc_hook=str),
            cut=self.cut,
            rounds=self.rounds.to_dicts(),
            winners=None if self.accounts is None else len(self.accounts),
            reconciled=list(self.reconciled),
            unavailable=dict(self.unavailable),
            look_ahead=list(self.look_ahead),
            files=list(self.reports),
            quality=[finding.data() for finding in self.quality()],
            origins={
                str(wave): {name: list(each) for name, each in figures.items()}
                for wave, figures in self.origins.items()
            },
            horizons=list(self.horizons),
        )


def _blanks(accounts: pl.DataFrame | None) -> Iterator[Finding]:
    """Equities and features that are left out of a round because some of its winners lack them."""
    if accounts is None:
        return
    for name in (each for each in accounts.columns if each == "equity" or FEATURE in each):
        each = accounts.group_by("wave").agg(
            blank=pl.col(name).null_count(),
            all=pl.len(),
            usd=pl.col("capacity").filter(pl.col(name).is_null()).sum(),
        )
        odd = each.filter(pl.col("blank") > 0)
        if len(odd) and odd["blank"].sum() < len(accounts):
            blank, winners, usd = (odd[column].sum() for column in ("blank", "all", "usd"))
            text = (
                f"{name.removeprefix(FEATURE)} is left out of {counted(len(odd), 'round')}: "
                f"{blank:,} of {winners:,} winners have none, whose capacity is ${usd:,.2f}"
            )
            yield Finding(name="rejected feature", text=text, usd=float(usd))


def _totals(accounts: pl.DataFrame | None) -> Iterator[Finding]:
    """Winners that may be the sum of the others of their round."""
    for part in () if accounts is None else accounts.partition_by("wave"):
        for text, usd in totals(part["account"].to_list(), part["capacity"].to_list()):
            said = f"wave {part['wave'][0]}: {text}, ${usd:,.2f}: {REMOVE}"
            yield Finding(name="row of totals", text=said, usd=usd)


def _run(record: PolicyRecord, waves: list[int]) -> Run:
    hindsight = Information.RECORDED_HINDSIGHT if record.hindsight else Information.RECORDED
    burden = None if record.burden is None else [record.burden[wave] for wave in waves]
    return Run(
        policy=record.policy,
        information=hindsight,
        haircut=[record.haircut[wave] for wave in waves],  # type: ignore[arg-type]
        burden=burden,  # type: ignore[arg-type]
    )
