"""Read rounds and episodes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from adlopt.data.files.account_tables import columns_of, first_line, read_table, rows_by_round
from adlopt.data.files.aims import limits_of, objective_of, renamed
from adlopt.data.files.file_schema import (
    AccountEntry,
    ContractRoundFile,
    EpisodeFile,
    MarketFile,
    RecordedEntry,
    RoundEntry,
    RoundFile,
)
from adlopt.data.files.places import existing_file, inside
from adlopt.errors import InputError, did_you_mean, nearest
from adlopt.model.episode import POOLED, Episode
from adlopt.model.limits import Limits
from adlopt.model.loss import Loss
from adlopt.model.objective import Objective
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.run import Information, Run

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")


def read_round(path: str | Path, *, objective: str | None = None) -> tuple[Round, Loss | Objective]:
    r"""Read a round and the objective it is to be solved under.

    Parameters
    ----------
    path : str or Path
    objective : str, optional
        Instead of the file's: min-max, leximin, tracking, fewest or cvar:LEVEL, over the burdens
        that the file names.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> text = 'deficit = 90.0\nneeded = 60.0\n[[account]]\nid = "a"\ncapacity = 120.0\n'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "round.toml"
    ...     _ = path.write_text(text)
    ...     round_, loss = read_round(path)
    >>> round_.start.account, loss
    (('a',), MinMax(burden=<Burden.CAPACITY: 'capacity'>, epsilon=0.0))
    """
    path = Path(path)
    entry = decode(path, RoundFile)
    with naming(path):
        loss = entry.loss if objective is None else renamed(entry.loss, objective)
        return _round(entry, 1, path, None), objective_of(loss)


def read_limits(path: str | Path, start: RoundStart) -> Limits | None:
    r"""Read the limits of a round file, if it has any.

    Parameters
    ----------
    path : str or Path
    start : RoundStart
        Of the round in the file.

    Raises
    ------
    InputError
        Naming file, field, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> text = 'deficit = 9.0\nneeded = 6.0\ncapacity = 12.0\n[limits]\ncap = 0.5\n'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "round.toml"
    ...     _ = path.write_text(text)
    ...     limits = read_limits(path, read_round(path)[0].start)
    >>> limits.cap
    0.5
    """
    path = Path(path)
    entry = decode(path, RoundFile)
    with naming(path):
        return limits_of(entry.limits, start)


def read_episode(path: str | Path) -> Episode:
    r"""Read an episode.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> text = '''
    ... name = "one round"
    ... [[round]]
    ... deficit = 100
    ... needed = 50
    ... account = [{ id = "a", capacity = 80 }]
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "episode.toml"
    ...     _ = path.write_text(text)
    ...     episode = read_episode(path)
    >>> episode.name, episode.needed
    ('one round', array([50.]))
    """
    path = Path(path)
    entry = decode(path, EpisodeFile)
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
    if rows is not None:
        columns = columns_of(rows)
    elif entry.account is not None:
        columns = _inline_columns(entry.account)
    else:
        columns = {"account": (POOLED,), "capacity": [entry.capacity]}
    if entry.lot is not None:
        columns["lot"] = [entry.lot] * len(columns["account"])
    start = RoundStart(
        t=t,
        deficit=entry.deficit,
        estimate=entry.estimate,
        signals=entry.signals,
        **columns,
    )
    return Round(start=start, outcome=RoundOutcome(needed=entry.needed))


def _inline_columns(accounts: list[AccountEntry]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "account": tuple(a.id for a in accounts),
        "capacity": [a.capacity for a in accounts],
    }
    for name in ("equity", "lot"):
        values = [getattr(a, name) for a in accounts]
        if any(value is not None for value in values):
            require_all(name, values)
            columns[name] = values
    names = dict.fromkeys(name for a in accounts for name in a.features)
    columns["features"] = {}
    for name in names:
        values = [a.features.get(name) for a in accounts]
        require_all(f"features.{name}", values)
        columns["features"][name] = values
    return columns


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


def is_market(path: str | Path) -> bool:
    """Whether a .toml or .json file lists coins, as only markets do."""
    raw = parse(Path(path))
    return isinstance(raw, Mapping) and "coin" in raw


KINDS: dict[type, tuple[str, str]] = {
    EpisodeFile: ("an episode", "adlopt play or adlopt couple"),
    MarketFile: ("a market", "adlopt deleverage"),
    ContractRoundFile: ("a round in contracts", "adlopt match"),
    RoundFile: ("a round", "adlopt solve"),
}
"""What kinds of files are called, and the verb that takes one."""
TOLD_BY = {
    "round": EpisodeFile,
    "coin": MarketFile,
    "positions": ContractRoundFile,
    "deficit": RoundFile,
}
"""Keys that tell files apart, the first first."""


def decode(path: Path, kind: type[T]) -> T:
    """Read a file as one of the kinds of `file_schema`; errors name file and field."""
    raw = parse(path)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        found = _kind(raw)
        if found not in (None, kind):
            remedy = f"{KINDS[found][1]} takes it"
            raise InputError(str(path), KINDS[found][0], KINDS[kind][0], remedy=remedy) from None
        raise _complaint(path, raw, str(error), kind) from None


def _kind(raw: Any) -> type | None:
    """Tell by its tables which kind of file was read."""
    if not isinstance(raw, Mapping):
        return None
    return next((kind for key, kind in TOLD_BY.items() if key in raw), None)


def _complaint(path: Path, raw: Any, text: str, kind: type) -> InputError:
    """Put what msgspec has to say into our words."""
    remedy = ""
    found = re.fullmatch(r"(.*?)(?: - at (?:`key` in )?`\$([^`]*)`)?", text, re.DOTALL)
    what, where = (found[1], found[2] or "") if found else (text, "")
    key = re.search(r"(missing required|unknown) field `(.*)`$", what, re.DOTALL)
    if key is not None:
        where += f".{key[2]}"
        expected = "a value"
        if key[1] == "unknown":
            expected, remedy = "a key that is known", did_you_mean(nearest(key[2], _keys(kind)))
    elif what.startswith("Expected "):
        expected = what.removeprefix("Expected ")
    else:
        expected = f"another value ({what[0].lower() + what[1:]})"
    place = where.removeprefix(".")
    field, value = f"{path}: {place}" if place else str(path), _look_up(raw, where)
    return InputError(field, value, expected, remedy=remedy)


def _keys(kind: type) -> list[str]:
    """All keys that a file of a kind, or one of its tables, may have."""
    _, parts = msgspec.json.schema_components([kind])
    return [key for part in parts.values() for key in part.get("properties", ())]


def _look_up(raw: Any, where: str) -> Any:
    value = raw
    for index, name in re.findall(r"\[(\d+)\]|\.([^.\[]+)", where.partition("[...]")[0]):
        try:
            value = value[int(index)] if index else value[name]
        except (LookupError, TypeError):
            return None
    return "an entry" if isinstance(value, Mapping) else value


def parse(path: Path) -> Any:
    """Read TOML or JSON, unchecked."""
    if path.suffix not in (".toml", ".json"):
        near = did_you_mean(nearest(path.suffix, (".toml", ".json")))
        raise InputError("file", str(path), "a .toml or .json file", remedy=near)
    try:
        text = existing_file(path).read_bytes().decode("utf-8-sig")
        return tomllib.loads(text) if path.suffix == ".toml" else msgspec.json.decode(text)
    except InputError:
        raise
    except OSError as error:
        raise InputError("file", str(path), f"a readable file ({first_line(error)})") from None
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        kind = path.suffix[1:].upper()
        raise InputError("file", str(path), f"well-formed {kind} ({first_line(error)})") from None


@contextmanager
def naming(place: str | Path) -> Iterator[None]:
    """Put the file, and the round, in front of the field that an error names."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{place}: {error.field}",
            error.value,
            error.expected,
            index=error.index,
            remedy=error.remedy,
        ) from None
