"""Read and write rounds in contracts: positions, accounts and what losers shed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from adlopt.data.files.account_tables import Columns, read_columns
from adlopt.data.files.aims import limits_entry, limits_of
from adlopt.data.files.file_schema import ContractRoundFile
from adlopt.data.files.places import inside
from adlopt.data.files.reading import decode, naming, parse
from adlopt.data.files.writing import (
    json_path,
    json_writer,
    parquet_writer,
    replace_all,
    write_table,
)
from adlopt.errors import InputError, unknown
from adlopt.model.limits import Limits
from adlopt.model.loss import Burden
from adlopt.model.positions import ContractRound, Positions, Side
from adlopt.model.round import RoundOutcome, RoundStart
from adlopt.model.shed import Shed
from adlopt.model.solvency import capacities, profit
from adlopt.optimum.matching.goals import Goal, Lots
from adlopt.optimum.matching.matching import Matching, match

T = TypeVar("T")
POSITIONS = Columns(
    text=("account", "coin", "side"),
    needed=("size",),
    optional=("lot", "value", "mark", "entry", "closable"),
)
ACCOUNTS = Columns(text=("account",), needed=("capacity",), optional=("equity",))
GOALS = {goal.value: goal for goal in Goal}
LOTS = {"any": Lots.ANY, "rounded": Lots.ROUNDED, "searched": Lots.SEARCHED}
"""How goals and lots are called in files."""
SHED = Columns(text=("loser", "coin", "side"), needed=("size", "price", "mark"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCase:
    """A round in contracts, what losers shed, how they are to be matched, and within what."""

    round_: ContractRound
    shed: Shed | None = None
    goal: Goal = Goal.LEAST_BURDEN
    burden: Burden = Burden.CAPACITY
    lots: Lots = Lots.ANY
    underlying: Mapping[str, str] = field(default_factory=dict)
    limits: Limits | None = None

    def match(self, *, goal: Goal | None = None, time_limit: float | None = None) -> Matching:
        """Match it, under another goal if one is given.

        Raises
        ------
        InputError
            If nothing is shed.
        """
        if self.shed is None:
            remedy = "add [[shed]] entries, or a table named by `shed`"
            raise InputError("shed", None, "what losers shed", remedy=remedy)
        goal = self.goal if goal is None else goal
        hedges = self.underlying if goal is Goal.KEEP_HEDGES else None
        return match(
            self.round_,
            self.shed,
            goal,
            burden=self.burden,
            lots=self.lots,
            limits=self.limits,
            underlying=hedges or None,
            time_limit=time_limit,
        )


def is_contract_round(path: str | Path) -> bool:
    """Whether a .toml or .json file lists positions: a round in contracts."""
    raw = parse(Path(path))
    return isinstance(raw, dict) and "positions" in raw


def read_contract_round(path: str | Path) -> ContractCase:
    r"""Read a round in contracts.

    `value` of a position may be left out where losers shed: it is then the most that a loser in
    the coin takes a contract. Without an account table the capacity is the positive PNL, where
    every position has `entry` and `mark`, and otherwise what closing everything takes.
    `closable` lots of a position may be closed; `[limits]` is that of a round file.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> text = '''deficit = 90.0
    ... needed = 60.0
    ... [[positions]]
    ... account = "a"
    ... coin = "ETH"
    ... side = "short"
    ... size = 3.0
    ... value = 20.0
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "round.toml"
    ...     _ = path.write_text(text)
    ...     case = read_contract_round(path)
    >>> case.round_.start.capacity, case.shed
    (array([60.]), None)
    """
    path = Path(path)
    entry = decode(path, ContractRoundFile)
    accounts = ACCOUNTS
    if isinstance(entry.accounts, str) and entry.limits is not None:
        accounts = replace(ACCOUNTS, optional=(*ACCOUNTS.optional, *entry.limits.columns))
    tables = {
        name: _table(path, name, getattr(entry, name), columns)
        for name, columns in (("positions", POSITIONS), ("accounts", accounts), ("shed", SHED))
    }
    with naming(path):
        shed = None if tables["shed"] is None else _shed(tables["shed"])
        positions = dict(tables["positions"] or {})
        closable = positions.pop("closable", None)
        round_ = _round(entry, positions, tables["accounts"], shed)
        return ContractCase(
            round_=round_,
            shed=shed,
            goal=_chosen(GOALS, entry.match.goal, "match.goal"),
            burden=entry.match.burden,
            lots=_chosen(LOTS, entry.match.lots, "match.lots"),
            underlying=entry.match.underlying,
            limits=limits_of(entry.limits, round_.start, lots=closable),
        )


def write_contract_round(case: ContractCase, path: str | Path) -> list[Path]:
    """Write a round in contracts as JSON, and its tables in Parquet beside it.

    Raises
    ------
    InputError
        If the path does not end in .json or cannot be written.
    """
    path = json_path(path)
    round_, shed = case.round_, case.shed
    start, positions = round_.start, round_.positions
    tables: dict[str, dict[str, Any]] = {
        "positions": {
            "account": positions.account,
            "coin": positions.coin,
            "side": [side.value for side in positions.side],
            "size": positions.size,
            "lot": positions.lot,
            "value": positions.value,
            "mark": positions.mark,
        },
        "accounts": {
            "account": start.account,
            "capacity": start.capacity,
            "equity": start.equity,
        },
    }
    if shed is not None:
        sides = [side.value for side in shed.side]
        tables["shed"] = {"loser": shed.loser, "coin": shed.coin, "side": sides}
        tables["shed"] |= {name: getattr(shed, name) for name in ("size", "price", "mark")}
    names = {name: path.with_suffix(f".{name}.parquet") for name in tables}
    entry: dict[str, Any] = {"deficit": start.deficit, "needed": round_.needed}
    entry |= {name: table.name for name, table in names.items()}
    entry["match"] = {
        "goal": case.goal.value,
        "burden": case.burden.value,
        "lots": next(name for name, lots in LOTS.items() if lots is case.lots),
        "underlying": dict(case.underlying),
    }
    if case.limits is not None:
        entry["limits"] = limits_entry(case.limits, start)
        tables["positions"]["closable"] = case.limits.lots

    writers = {names[name]: parquet_writer(columns) for name, columns in tables.items()}
    return replace_all({**writers, path: json_writer(entry)})


def write_trades(case: ContractCase, matching: Matching, path: str | Path) -> Path:
    """Write who closed what against whom, as .csv or .parquet.

    Raises
    ------
    InputError
        If the path ends in neither, or its folder does not exist.
    """
    return write_table(trade_columns(case, matching), path)


def trade_columns(case: ContractCase, matching: Matching) -> dict[str, list[Any]]:
    """Winner, loser, coin, contracts, price and USD taken of each trade."""
    shed, trades = case.shed, matching.trades
    if shed is None:
        raise InputError("shed", None, "what losers shed")
    position, order = trades.position.tolist(), trades.order.tolist()
    return {
        "winner": [case.round_.positions.account[j] for j in position],
        "loser": [shed.loser[k] for k in order],
        "coin": [shed.coin[k] for k in order],
        "winner_side": [shed.side[k].opposite.value for k in order],
        "contracts": trades.contracts.tolist(),
        "price_usd": shed.price[order].tolist(),
        "haircut_usd": (trades.contracts * shed.value[order]).tolist(),
    }


def _shed(columns: dict[str, Any]) -> Shed:
    shed = Shed(**columns)
    shed.check_takes()
    return shed


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
    start = RoundStart(deficit=entry.deficit, features=features, **accounts)
    return ContractRound(
        start=start, positions=positions, outcome=RoundOutcome(needed=entry.needed)
    )


def _accounts(positions: Positions, entries: Any) -> dict[str, Any]:
    names = tuple(dict.fromkeys(positions.account))
    index = {name: i for i, name in enumerate(names)}
    owner = [index[name] for name in positions.account]
    worth = positions.size * positions.value
    if entries is not None and positions.mark is not None:
        signs = np.array([side.sign for side in positions.side])
        worth = profit(signs * positions.size, entries, positions.mark)
    total = np.bincount(owner, worth, minlength=len(names))
    return {"account": names, "capacity": capacities(total)}


def _dearest(columns: Mapping[str, Any], shed: Shed) -> list[float]:
    dearest: dict[tuple[str, str], float] = {}
    for coin, side, value in zip(shed.coin, shed.side, shed.value.tolist(), strict=True):
        key = coin, side.opposite.value
        dearest[key] = max(value, dearest.get(key, 0.0))
    sides = [side.value if isinstance(side, Side) else side for side in columns["side"]]
    return [dearest.get(key, 0.0) for key in zip(columns["coin"], sides, strict=True)]


def _table(path: Path, name: str, given: Any, columns: Columns) -> dict[str, Any] | None:
    if given is None:
        return None
    if isinstance(given, str):
        return read_columns(inside(path.parent, given, f"{path}: {name}"), name, columns)
    table: dict[str, Any] = {
        key: [getattr(each, key) for each in given] for key in (*columns.text, *columns.needed)
    }
    for key in columns.optional:
        values = [getattr(each, key) for each in given]
        if any(value is not None for value in values):
            if None in values:
                index, remedy = values.index(None), "give it in all rows or in none"
                field_ = f"{path}: {name}.{key}"
                raise InputError(field_, None, "a number", index=index, remedy=remedy)
            table[key] = values
    return table


def _chosen(known: Mapping[str, T], name: str, where: str) -> T:
    if name not in known:
        raise unknown(where, name, known)
    return known[name]
