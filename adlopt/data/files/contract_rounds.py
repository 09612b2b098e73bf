"""Read and write rounds in contracts: positions, accounts and what losers shed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from adlopt.data.files.account_tables import SHED, TAGS, Columns, columns_in, table_in, tags_in
from adlopt.data.files.aims import constraints_of, limits_entry, limits_of, matched, table_of
from adlopt.data.files.decision_tables import Said, decision_of, refuse_decision
from adlopt.data.files.decoding import naming
from adlopt.data.files.doubts import doubt_accounts
from adlopt.data.files.file_schema import ContractRoundFile
from adlopt.data.files.writing import json_path, json_writer, parquet_writer, replace_all
from adlopt.errors import InputError, unknown
from adlopt.model.method import Method
from adlopt.model.positions import ContractRound, Positions, Side, signs
from adlopt.model.problem import Problem
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.shed import Shed
from adlopt.model.solvency import capacities, profit
from adlopt.model.two_sided import TwoSidedRound
from adlopt.policies.decide.decision_problem import DecisionProblem

POSITIONS = Columns(
    text=("account", "coin", "side"),
    needed=("size",),
    optional=("lot", "value", "mark", "entry", "closable"),
)
ACCOUNTS = Columns(text=("account",), needed=("capacity",), optional=("equity",), tags=True)
LOTS = {
    "any": (False, Method.AUTO),
    "rounded": (True, Method.AUTO),
    "searched": (True, Method.HIGHS),
}
"""How files call whether whole lots are closed, and what finds them."""


def contract_problem_of(
    entry: ContractRoundFile, path: Path, objective: str | None = None, said: Said | None = None
) -> Problem | DecisionProblem:
    """Make the round in contracts of a file, and how it is to be solved.

    Without losers the worst burden alone can be made least, whatever `[match]` says.
    """
    accounts = ACCOUNTS
    if isinstance(entry.accounts, str) and entry.limits is not None:
        accounts = replace(ACCOUNTS, optional=(*ACCOUNTS.optional, *entry.limits.columns))
    tables = {
        name: table_in(path, name, getattr(entry, name), columns)
        for name, columns in (("positions", POSITIONS), ("accounts", accounts), ("shed", SHED))
    }
    with naming(path):
        shed = None if tables["shed"] is None else Shed(**tables["shed"])
        if shed is not None:
            shed.check_takes()
        positions = dict(tables["positions"] or {})
        closable = positions.pop("closable", None)
        round_ = _round(entry, positions, tables["accounts"], shed)
        doubt_accounts(round_.start.account, round_.start.capacity.tolist(), path)
        lots = entry.match.get("lots", "any")
        if not isinstance(lots, str) or lots not in LOTS:
            raise unknown("match.lots", lots, LOTS)
        whole, method = LOTS[lots]
        aim = matched(entry.match, objective)
        limits = limits_of(entry.limits, round_.start, lots=closable)
        if entry.needed is None:
            stated: Said = {"objective": aim.worst, "limits": limits, "positions": round_.positions}
            return decision_of(entry, round_.start, path, stated | (said or {}))
        refuse_decision(entry)
        return Problem(
            thing=round_ if shed is None else TwoSidedRound(round_, shed),
            objective=aim.worst if shed is None else aim,
            limits=limits,
            whole_lots=whole,
            method=method,
            constraints=constraints_of(entry.constraint),
        )


def write_contract_round(problem: Problem, path: str | Path) -> list[Path]:
    """Write a round in contracts as JSON, and its tables in Parquet beside it.

    Raises
    ------
    InputError
        If the problem is of another kind, or the path does not end in .json or cannot be written.
    """
    path = json_path(path)
    both = problem.thing
    round_, shed = (both.winners, both.losers) if isinstance(both, TwoSidedRound) else (both, None)
    if not isinstance(round_, ContractRound):
        raise InputError("problem", both, "a round in contracts")
    if problem.constraints:
        remedy = "add their [[constraint]] tables to the file"
        raise InputError("problem.constraints", len(problem.constraints), "none", remedy=remedy)
    start, positions = round_.start, round_.positions
    tables: dict[str, dict[str, Any]] = {
        "positions": columns_in(positions),
        "accounts": {
            "account": start.account,
            "capacity": start.capacity,
            "equity": start.equity,
            **{f"{TAGS}{kind}": list(values) for kind, values in start.tags.items()},
        },
    }
    if shed is not None:
        tables["shed"] = columns_in(shed)
    names = {name: path.with_suffix(f".{name}.parquet") for name in tables}
    entry: dict[str, Any] = {"deficit": start.deficit, "needed": round_.needed}
    entry |= {name: table.name for name, table in names.items()}
    lots = (problem.whole_lots, problem.method)
    goal = {"lots": next(name for name, each in LOTS.items() if each == lots)}
    entry["match"] = goal | table_of(problem.objective, kind="goal")
    if problem.limits is not None:
        entry["limits"] = limits_entry(problem.limits, start)
        tables["positions"]["closable"] = problem.limits.lots

    writers = {names[name]: parquet_writer(columns) for name, columns in tables.items()}
    return replace_all({**writers, path: json_writer(entry)})


def _round(
    entry: ContractRoundFile,
    given: dict[str, Any],
    accounts: dict[str, Any] | None,
    shed: Shed | None,
) -> ContractRound:
    columns = dict(given)
    entries = columns.pop("entry", None)
    columns.setdefault("lot", [1.0] * len(columns["account"]))
    if "value" not in columns:
        if shed is None:
            remedy = "give what closing a contract takes, or add what losers shed"
            raise InputError("positions.value", None, "a number", remedy=remedy)
        columns["value"] = _dearest(columns, shed)
    positions = Positions(**columns)
    if accounts is None:
        accounts = _accounts(positions, entries)
    named = () if entry.limits is None else entry.limits.columns
    features = {name: accounts.pop(name) for name in named if name in accounts}
    tags = tags_in(accounts) | accounts.pop("tags", {})
    accounts = {name: values for name, values in accounts.items() if not name.startswith(TAGS)}
    start = RoundStart(deficit=entry.deficit, features=features, tags=tags, **accounts)
    return ContractRound(
        start=start, positions=positions, outcome=RoundOutcome(needed=entry.needed or 0.0)
    )


def _accounts(positions: Positions, entries: Any) -> dict[str, Any]:
    names = tuple(dict.fromkeys(positions.account))
    index = {name: i for i, name in enumerate(names)}
    owner = [index[name] for name in positions.account]
    worth = positions.size * positions.value
    if entries is not None and positions.mark is not None:
        sign = signs(positions.side)
        worth = profit(sign * positions.size, entries, positions.mark)
    total = np.bincount(owner, worth, minlength=len(names))
    return {"account": names, "capacity": capacities(total)}


def _dearest(columns: Mapping[str, Any], shed: Shed) -> list[float]:
    dearest: dict[tuple[str, str], float] = {}
    for coin, side, value in zip(shed.coin, shed.side, shed.value.tolist(), strict=True):
        key = coin, side.opposite.value
        dearest[key] = max(value, dearest.get(key, 0.0))
    sides = [side.value if isinstance(side, Side) else side for side in columns["side"]]
    return [dearest.get(key, 0.0) for key in zip(columns["coin"], sides, strict=True)]
