"""Rounds and episodes from files: TOML or JSON, with account tables inline, in CSV or Parquet.

A round file::

    deficit = 90.0                 # USD
    needed = 60.0                  # USD, ex post
    [[account]]
    id = "alice"
    capacity = 120.0               # USD, positive PNL

An account table has the columns `account` and `capacity`, optionally `equity` and `lot`; every
other column is a feature to rank by. In an episode's table the column `round` says which round a
row belongs to.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from adlopt.arrays import FloatArray
from adlopt.episode import Episode
from adlopt.errors import InputError
from adlopt.loss import Asymmetric, Burden, Empirical, Loss, MinMax, surrogate
from adlopt.round import Round, RoundOutcome, RoundStart
from adlopt.run import Information, Run

if TYPE_CHECKING:
    import polars as pl

POOLED = "all winners"
"""Id of the one account that stands for all winners where only their total is known."""
T = TypeVar("T")


class AccountEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[account]]`."""

    id: str
    capacity: float
    equity: float | None = None
    lot: float | None = None
    features: dict[str, float] = {}


class RoundEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A round: exactly one of `account` (inline), `accounts` (a table) and `capacity` (a total)."""

    deficit: float
    needed: float
    account: list[AccountEntry] | None = None
    accounts: str | None = None
    capacity: float | None = None
    lot: float | None = None
    estimate: float | None = None
    signals: dict[str, float] = {}


class LossEntry(msgspec.Struct, forbid_unknown_fields=True):
    """The objective of a round file: which kind, and its prices."""

    kind: str = "min-max"
    burden: Burden = Burden.CAPACITY
    epsilon: float = 0.0
    track: float | None = None
    under: float | None = None
    over: float | None = None
    fair: float | None = None
    reference: float | None = None
    weight: float | None = None


class RoundFile(RoundEntry, forbid_unknown_fields=True):
    """A file with one round."""

    loss: LossEntry = msgspec.field(default_factory=LossEntry)


class RecordedEntry(msgspec.Struct, forbid_unknown_fields=True):
    """What a policy is on record to have done."""

    policy: str
    haircut: list[float]
    burden: list[float] | None = None
    touched: list[float] | None = None


class EpisodeFile(msgspec.Struct, forbid_unknown_fields=True):
    """A file with several rounds; `accounts` names one table for all of them."""

    round: list[RoundEntry]
    name: str | None = None
    source: str = ""
    accounts: str | None = None
    reference: str | None = None
    recorded: list[RecordedEntry] = []


def read_round(path: str | Path) -> tuple[Round, Loss]:
    """Read a round and the loss it is to be solved under.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> text = 'deficit = 90.0\\nneeded = 60.0\\n[[account]]\\nid = "a"\\ncapacity = 120.0\\n'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "round.toml"
    ...     _ = path.write_text(text)
    ...     round_, loss = read_round(path)
    >>> round_.start.account, loss
    (('a',), MinMax(burden=<Burden.CAPACITY: 'capacity'>, epsilon=0.0))
    """
    path = Path(path)
    entry = _decode(path, RoundFile)
    with _naming(path):
        return _round(entry, 1, path, None), _loss(entry.loss)


def read_episode(path: str | Path) -> Episode:
    """Read an episode.

    Raises
    ------
    InputError
        Naming file, field or row, value, and what was expected.
    """
    path = Path(path)
    entry = _decode(path, EpisodeFile)
    tables = _tables_by_round(entry, path)
    rounds = []
    for t, each in enumerate(entry.round, start=1):
        with _naming(f"{path}: round {t}"):
            rounds.append(_round(each, t, path, tables.get(t)))
    with _naming(path):
        return Episode(
            name=entry.name or path.stem,
            rounds=tuple(rounds),
            recorded=tuple(_recorded(run) for run in entry.recorded),
            reference=entry.reference,
            pooled=all(each.capacity is not None for each in entry.round),
            source=entry.source,
        )


def write_episode(episode: Episode, path: str | Path) -> list[Path]:
    """Write an episode as JSON, and its accounts, if any, as a Parquet table beside it.

    Each file appears whole or not at all.

    Returns
    -------
    list of Path
        What was written, the JSON last.

    Raises
    ------
    InputError
        If the path does not end in .json.
    """
    path = Path(path)
    if path.suffix != ".json":
        raise InputError("path", str(path), "a name that ends in .json")
    table = path.with_suffix(".accounts.parquet")
    entry = EpisodeFile(
        name=episode.name,
        source=episode.source,
        accounts=None if episode.pooled else table.name,
        reference=episode.reference,
        round=[_round_entry(round_, pooled=episode.pooled) for round_ in episode],
        recorded=[_recorded_entry(run) for run in episode.recorded],
    )
    written = []
    if not episode.pooled:
        _replace(table, lambda target: _accounts_table(episode).write_parquet(target))
        written.append(table)
    encoded = msgspec.json.format(msgspec.json.encode(entry), indent=1)
    _replace(path, lambda target: target.write_bytes(encoded))
    return [*written, path]


def _round(entry: RoundEntry, t: int, path: Path, rows: pl.DataFrame | None) -> Round:
    given = [entry.account is not None, entry.accounts is not None, entry.capacity is not None]
    if sum(given) + (rows is not None) != 1:
        raise InputError(
            "accounts",
            f"given {sum(given) + (rows is not None)} times",
            "exactly one of [[account]] entries, a table named by `accounts`, a total `capacity`",
        )
    if entry.accounts is not None:
        rows = _read_table(path.parent / entry.accounts)
    if rows is not None:
        columns = _columns(rows)
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
            _require_all(name, values)
            columns[name] = values
    names = dict.fromkeys(name for a in accounts for name in a.features)
    columns["features"] = {}
    for name in names:
        values = [a.features.get(name) for a in accounts]
        _require_all(f"features.{name}", values)
        columns["features"][name] = values
    return columns


def _require_all(name: str, values: list[float | None]) -> None:
    if None in values:
        index = values.index(None)
        raise InputError(
            name, None, "a number", index=index, remedy="give all accounts one or none"
        )


def _columns(rows: pl.DataFrame) -> dict[str, Any]:
    known = ("account", "capacity", "equity", "lot", "round")
    columns: dict[str, Any] = {"account": tuple(rows["account"].to_list())}
    for name in ("capacity", "equity", "lot"):
        if name in rows.columns:
            columns[name] = rows[name].to_numpy()
    columns["features"] = {n: rows[n].to_numpy() for n in rows.columns if n not in known}
    return columns


def _tables_by_round(entry: EpisodeFile, path: Path) -> dict[int, pl.DataFrame]:
    if entry.accounts is None:
        return {}
    table = path.parent / entry.accounts
    rows = _read_table(table)
    if "round" not in rows.columns:
        raise InputError(f"{table}: columns", rows.columns, "a column `round`, counted from 1")
    parts = {int(t): part for (t,), part in rows.partition_by("round", as_dict=True).items()}
    for t in sorted(parts):
        if not 1 <= t <= len(entry.round):
            raise InputError(f"{table}: round", t, f"a number from 1 to {len(entry.round)}")
    return parts


def _read_table(path: Path) -> pl.DataFrame:
    """Read an account table; every column but `account` becomes checked float64."""
    import polars as pl  # noqa: PLC0415 - takes 0.3 s

    readers = {".csv": lambda p: pl.read_csv(p, infer_schema=False), ".parquet": pl.read_parquet}
    if path.suffix not in readers:
        raise InputError("accounts", str(path), "a .csv or .parquet file")
    try:
        raw = readers[path.suffix](path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            "accounts", str(path), f"a readable table ({_first_line(error)})"
        ) from None
    for name in ("account", "capacity"):
        if name not in raw.columns:
            raise InputError(f"{path}: columns", raw.columns, f"a column `{name}`")
    checked = {"account": raw["account"].cast(pl.String)}
    for name in raw.columns:
        if name != "account":
            checked[name] = pl.Series(name, _numbers(raw[name], path))
    return pl.DataFrame(checked)


def _numbers(column: pl.Series, path: Path) -> FloatArray:
    import polars as pl  # noqa: PLC0415

    numbers = column.cast(pl.Float64, strict=False)
    bad = (numbers.is_null() | ~numbers.is_finite().fill_null(False)).arg_true()
    lowest = 0.0 if column.name == "capacity" else None
    if lowest is not None and not len(bad):
        bad = (numbers < lowest).arg_true()
    if len(bad):
        row = bad[0]
        line = f"line {row + 2}" if path.suffix == ".csv" else f"row {row + 1}"
        least = "" if lowest is None else " ≥ 0"
        raise InputError(f"{path} {line}: {column.name}", column[row], f"a finite number{least}")
    return numbers.to_numpy()


def _loss(entry: LossEntry) -> Loss:
    shape = {"burden": entry.burden, "epsilon": entry.epsilon}
    fields = {
        "min-max": (),
        "surrogate": ("track", "fair"),
        "asymmetric": ("under", "over", "fair"),
        "empirical": ("reference", "weight"),
    }
    if entry.kind not in fields:
        raise InputError("loss.kind", entry.kind, f"one of {', '.join(fields)}")
    prices: dict[str, Any] = {}
    for name in ("track", "under", "over", "fair", "reference", "weight"):
        value = getattr(entry, name)
        if (value is not None) != (name in fields[entry.kind]):
            expected = "a number" if name in fields[entry.kind] else "nothing"
            raise InputError(f"loss.{name}", value, expected, remedy=f"kind is {entry.kind!r}")
        if value is not None:
            prices[name] = value
    if entry.kind == "min-max":
        return MinMax(**shape)  # type: ignore[arg-type]
    if entry.kind == "surrogate":
        return surrogate(**prices, **shape)
    if entry.kind == "asymmetric":
        return Asymmetric(**prices, **shape)
    return Empirical(**prices, excess_only=True, **shape)


def _recorded(entry: RecordedEntry) -> Run:
    return Run(
        policy=entry.policy,
        information=Information.RECORDED,
        haircut=entry.haircut,  # type: ignore[arg-type]
        burden=entry.burden,  # type: ignore[arg-type]
        touched=entry.touched,  # type: ignore[arg-type]
    )


def _recorded_entry(run: Run) -> RecordedEntry:
    return RecordedEntry(
        policy=run.policy,
        haircut=run.haircut.tolist(),
        burden=None if run.burden is None else run.burden.tolist(),
        touched=None if run.touched is None else run.touched.tolist(),
    )


def _round_entry(round_: Round, *, pooled: bool) -> RoundEntry:
    return RoundEntry(
        deficit=round_.start.deficit,
        needed=round_.needed,
        capacity=round_.start.total_capacity if pooled else None,
        estimate=round_.start.estimate,
        signals=dict(round_.start.signals),
    )


def _accounts_table(episode: Episode) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415

    frames = []
    for round_ in episode:
        start = round_.start
        columns: dict[str, Any] = {
            "round": [start.t] * len(start.account),
            "account": list(start.account),
            "capacity": start.capacity,
        }
        columns |= {
            n: getattr(start, n) for n in ("equity", "lot") if getattr(start, n) is not None
        }
        frames.append(pl.DataFrame(columns | dict(start.features)))
    return pl.concat(frames)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write to a neighbour, then rename: readers see the old file or the new one."""
    partial = path.with_name(path.name + ".partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _decode(path: Path, kind: type[T]) -> T:
    raw = _parse(path)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        steps = re.findall(r"\[(\d+)\]|\.(\w+)", where)
        value: Any = raw
        for index, name in steps:
            value = value[int(index)] if index else value[name]
        place = where.strip("`").removeprefix("$").removeprefix(".")
        field = f"{path}: {place}" if place else str(path)
        shown = "an entry" if isinstance(value, Mapping) else value
        expected = message[0].lower() + message[1:]
        raise InputError(field, shown, expected.removeprefix("expected ")) from None


def _parse(path: Path) -> Any:
    if path.suffix not in (".toml", ".json"):
        raise InputError("file", str(path), "a .toml or .json file")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text) if path.suffix == ".toml" else msgspec.json.decode(text)
    except OSError as error:
        raise InputError("file", str(path), f"a readable file ({_first_line(error)})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.DecodeError) as error:
        kind = path.suffix[1:].upper()
        raise InputError("file", str(path), f"well-formed {kind} ({_first_line(error)})") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


@contextmanager
def _naming(place: str | Path) -> Iterator[None]:
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
