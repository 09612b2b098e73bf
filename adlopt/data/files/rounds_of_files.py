"""Rounds and episodes from the entries of files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adlopt.data.files.account_tables import (
    columns_of,
    outcomes_in,
    read_table,
    rows_by_round,
    tags_of,
)
from adlopt.data.files.aims import constraints_of, limits_of, objective_of, worded
from adlopt.data.files.decision_tables import Said, decision_of, refuse_decision
from adlopt.data.files.decoding import naming
from adlopt.data.files.doubts import doubt_accounts
from adlopt.data.files.file_schema import (
    AccountEntry,
    EpisodeFile,
    RecordedEntry,
    RoundEntry,
    RoundFile,
)
from adlopt.data.files.places import inside
from adlopt.errors import InputError
from adlopt.model.episode import POOLED, Episode
from adlopt.model.problem import Problem
from adlopt.model.round import OUTCOMES, Round, RoundOutcome, RoundStart
from adlopt.model.run import Information, Run
from adlopt.policies.decide.decision_problem import DecisionProblem

if TYPE_CHECKING:
    import polars as pl


def problem_of(
    entry: RoundFile, path: Path, objective: str | None = None, said: Said | None = None
) -> Problem | DecisionProblem:
    """Make the round of a file, and how it is to be solved; or decided, as its need is unknown."""
    with naming(path):
        aim = objective_of(entry.loss) if objective is None else worded(objective, entry.loss)
        if entry.needed is None:
            start, _ = _start(entry, 1, path, None)
            stated: Said = {"objective": aim, "limits": limits_of(entry.limits, start)}
            return decision_of(entry, start, path, stated | (said or {}))
        refuse_decision(entry)
        round_ = _round(entry, 1, path, None)
        return Problem(
            thing=round_,
            objective=aim,
            limits=limits_of(entry.limits, round_.start),
            constraints=constraints_of(entry.constraint),
        )


def episode_of(entry: EpisodeFile, path: Path) -> Episode:
    """Make the episode of a file."""
    tables = {}
    if entry.accounts is not None:
        table = inside(path.parent, entry.accounts, f"{path}: accounts")
        tables = rows_by_round(table, len(entry.round))
    rounds = []
    for t, each in enumerate(entry.round, start=1):
        with naming(f"{path}: round {t}"):
            rounds.append(_round(each, t, path, tables.get(t)))
    totals = [each.capacity is not None for each in entry.round]
    if any(totals) and not all(totals):
        t = totals.index(not totals[0]) + 1
        expected = "a total `capacity` in every round, or accounts in every round"
        raise InputError(f"{path}: round {t}: capacity", entry.round[t - 1].capacity, expected)
    with naming(path):
        return Episode(
            name=entry.name or path.stem,
            rounds=tuple(rounds),
            recorded=tuple(_recorded(run) for run in entry.recorded),
            reference=entry.reference,
            fairest=entry.fairest,
            pooled=all(totals),
            source=entry.source,
        )


def _round(entry: RoundEntry, t: int, path: Path, rows: pl.DataFrame | None) -> Round:
    start, known = _start(entry, t, path, rows)
    return Round(start=start, outcome=RoundOutcome(needed=entry.needed, **known))


def _start(
    entry: RoundEntry, t: int, path: Path, rows: pl.DataFrame | None
) -> tuple[RoundStart, dict[str, Any]]:
    """The start of a round, and what else was known of its accounts afterwards."""
    given = [entry.account is not None, entry.accounts is not None, entry.capacity is not None]
    if sum(given) + (rows is not None) != 1:
        raise InputError(
            "accounts",
            f"given {sum(given) + (rows is not None)} times",
            "exactly one of [[account]] entries, a table named by `accounts`, a total `capacity`",
        )
    if entry.accounts is not None:
        rows = read_table(inside(path.parent, entry.accounts, "accounts"))
        if "round" in rows.columns and rows["round"].n_unique() > 1:
            found = rows["round"].unique().sort().to_list()
            remedy = "keep one round, or name the table in an episode file"
            raise InputError("accounts", f"a table of rounds {found}", "one round", remedy=remedy)
    known: dict[str, Any] = {}
    if rows is not None:
        columns, known = columns_of(rows), outcomes_in(rows)
    elif entry.account is not None:
        columns, known = _inline_columns(entry.account), _shared(entry.account, OUTCOMES)
    else:
        columns = {"account": (POOLED,), "capacity": [entry.capacity]}
    if entry.lot is not None:
        columns["lot"] = [entry.lot] * len(columns["account"])
    start = RoundStart(
        t=t, deficit=entry.deficit, estimate=entry.estimate, signals=entry.signals, **columns
    )
    doubt_accounts(start.account, start.capacity.tolist(), path)
    return start, known


def _inline_columns(accounts: list[AccountEntry]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "account": tuple(a.id for a in accounts),
        "capacity": [a.capacity for a in accounts],
        **_shared(accounts, ("equity", "lot")),
    }
    names = dict.fromkeys(name for a in accounts for name in a.features)
    columns["features"] = {}
    for name in names:
        values = [a.features.get(name) for a in accounts]
        require_all(f"features.{name}", values)
        columns["features"][name] = values
    columns["tags"] = tags_of(accounts)
    return columns


def _shared(accounts: list[AccountEntry], names: Sequence[str]) -> dict[str, Any]:
    """Columns that all accounts have, of these; those that none has are left out."""
    columns = {name: [getattr(a, name) for a in accounts] for name in names}
    given = {n: values for n, values in columns.items() if any(v is not None for v in values)}
    for name, values in given.items():
        require_all(name, values)
    return given


def require_all(name: str, values: list[float | None]) -> None:
    """Raise if a column is given in some rows only."""
    if None in values:
        index = values.index(None)
        raise InputError(
            name, None, "a number", index=index, remedy="give all accounts one or none"
        )


def _recorded(entry: RecordedEntry) -> Run:
    return Run(
        policy=entry.policy,
        information=Information.RECORDED_HINDSIGHT if entry.hindsight else Information.RECORDED,
        haircut=entry.haircut,  # type: ignore[arg-type]
        burden=entry.burden,  # type: ignore[arg-type]
        touched=entry.touched,  # type: ignore[arg-type]
        insured=entry.insured,  # type: ignore[arg-type]
    )
