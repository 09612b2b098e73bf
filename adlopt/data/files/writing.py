"""Write files, whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from adlopt.data.files.account_tables import accounts_table, first_line
from adlopt.data.files.file_schema import EpisodeFile, RecordedEntry, RoundEntry
from adlopt.errors import InputError, unknown
from adlopt.model.episode import Episode
from adlopt.model.round import Round
from adlopt.model.run import Information, Run
from adlopt.show.answer import Tabular

Writer: TypeAlias = Callable[[Path], object]


def write_episode(
    episode: Episode, path: str | Path, *, accounts: Path | None = None
) -> list[Path]:
    """Write an episode as JSON, and its accounts, if any, as a Parquet table beside it.

    The table is `accounts`, in the same folder, or takes the name of the JSON file. Each file
    appears whole or not at all. Of pooled winners, capacity and lot are written.

    Returns
    -------
    list of Path
        What was written, the JSON last.

    Raises
    ------
    InputError
        If the path does not end in .json or cannot be written, or if equity, lots or a feature
        are given in some rounds only.

    Examples
    --------
    >>> import tempfile
    >>> from adlopt.data.episodes import shock
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_episode(shock(rounds=2, winners=3), f"{folder}/e.json")]
    ['e.accounts.parquet', 'e.json']
    """
    path = json_path(path)
    table = path.with_suffix(".accounts.parquet") if accounts is None else accounts
    entry = EpisodeFile(
        name=episode.name,
        source=episode.source,
        accounts=None if episode.pooled else table.name,
        reference=episode.reference,
        fairest=episode.fairest,
        round=[_round_entry(round_, pooled=episode.pooled) for round_ in episode],
        recorded=[_recorded_entry(run) for run in episode.recorded],
    )
    writers: dict[Path, Writer] = {}
    if not episode.pooled:
        writers[table] = lambda target: accounts_table(episode).write_parquet(target)
    return replace_all({**writers, path: json_writer(entry)})


def write_rows(table: Tabular, path: str | Path) -> Path:
    r"""Write all rows of an answer, or of an input, as .csv or .parquet; money in USD.

    Raises
    ------
    InputError
        If the path ends in neither, or its folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> from adlopt.model.round import RoundStart
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     start = RoundStart(account=["a"], capacity=[120.0], deficit=90.0)
    ...     write_rows(start, f"{folder}/a.csv").read_text()
    'account,capacity_usd\na,120.0\n'
    """
    path = Path(path)
    if path.suffix not in (".csv", ".parquet") or not path.parent.is_dir():
        raise InputError("output", str(path), "a .csv or .parquet file in a folder that exists")

    def write(target: Path) -> None:
        frame = table.to_frame()
        (frame.write_csv if path.suffix == ".csv" else frame.write_parquet)(target)

    replace_all({path: write})
    return path


def parquet_writer(columns: Mapping[str, Any]) -> Writer:
    """Return what writes columns as Parquet, but for those that are None."""
    import polars as pl

    given = {name: values for name, values in columns.items() if values is not None}
    return lambda target: pl.DataFrame(given).write_parquet(target)


def json_path(path: str | Path) -> Path:
    """Return the path of a JSON file in a folder that exists."""
    path = Path(path)
    if path.suffix != ".json" or not path.parent.is_dir():
        raise InputError("file", str(path), "a .json file in a folder that exists")
    return path


def json_writer(data: object) -> Writer:
    """Return what writes data as indented JSON."""
    return lambda target: target.write_bytes(
        msgspec.json.format(msgspec.json.encode(data), indent=1)
    )


def replace_texts(texts: Mapping[Path, str]) -> list[Path]:
    """Write texts, all or none."""

    def writer(text: str) -> Writer:
        return lambda path: path.write_text(text, encoding="utf-8", newline="\n")

    return replace_all({path: writer(text) for path, text in texts.items()})


def replace_all(writers: Mapping[Path, Writer]) -> list[Path]:
    """Write to neighbours, then rename: readers see the old files or the new ones."""
    partial = {path: path.with_name(path.name + ".partial") for path in writers}
    try:
        try:
            for path, write in writers.items():
                if path.is_dir():
                    raise InputError("file", str(path), "a file, not a folder")
                write(partial[path])
            for path, target in partial.items():
                target.replace(path)
        finally:
            for target in partial.values():
                target.unlink(missing_ok=True)
    except (OSError, UnicodeEncodeError) as error:
        expected = f"something that can be written ({first_line(error)})"
        raise InputError("file", str(path), expected) from None
    return list(writers)


def _round_entry(round_: Round, *, pooled: bool) -> RoundEntry:
    lot = round_.start.lot
    return RoundEntry(
        deficit=round_.start.deficit,
        needed=round_.needed,
        capacity=round_.start.total_capacity if pooled else None,
        lot=float(lot[0]) if pooled and lot is not None else None,
        estimate=round_.start.estimate,
        signals=dict(round_.start.signals),
    )


def _recorded_entry(run: Run) -> RecordedEntry:
    return RecordedEntry(
        policy=run.policy,
        haircut=run.haircut.tolist(),
        hindsight=run.information is Information.RECORDED_HINDSIGHT,
        burden=None if run.burden is None else run.burden.tolist(),
        touched=None if run.touched is None else run.touched.tolist(),
        insured=None if run.insured is None else run.insured.tolist(),
    )


VERBS = {
    "round": "solve {}",
    "contracts": "match {}",
    "decision": "decide {}",
    "episode": "play {}",
    "market": "deleverage {} --rule hyperliquid",
    "policy": "play october-10 -p {}:rule",
    "severity": "play october-10 -p {}:rule",
    "proof": "prove {}",
}
"""Who reads what starts from the template of a kind; its text is in the folder `starts`."""
PYTHON = ("policy", "severity", "proof")
"""Kinds whose files end in .py, not .toml."""


def write_template(path: str | Path, kind: str | None = None) -> Path:
    """Write the template of a kind; unless given it is the one that the file's name has a word of.

    A .py file whose name has none is a proof.

    Raises
    ------
    InputError
        If there is no such kind, the name says none or several, the path does not end as files of
        that kind do, or it cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".toml", ".py"):
        raise InputError("file", str(path), "a name that ends in .toml, or .py for Python")
    if not path.parent.is_dir():
        raise InputError("file", str(path), "a folder that exists")
    kind = kind_of(path) if kind is None else kind
    if kind not in VERBS:
        raise unknown("kind", kind, VERBS)
    if path.suffix != suffix_of(kind):
        raise InputError("file", str(path), f"a name that ends in {suffix_of(kind)}, for a {kind}")
    start = files("adlopt.data.files") / "starts" / f"{kind}{suffix_of(kind)}.txt"
    text = start.read_text(encoding="utf-8").replace("{name}", str(path))
    encoded = text.encode("utf-8", errors="replace")
    replace_all({path: lambda target: target.write_bytes(encoded)})
    return path


def kind_of(path: Path) -> str:
    """Say which kind of template a file's name has a word of."""
    words = re.findall("[a-z]+", path.stem.lower())
    kinds = [
        k for k in VERBS if suffix_of(k) == path.suffix and any(w.startswith(k) for w in words)
    ]
    if path.suffix == ".py" and not kinds:
        return "proof"
    if len(kinds) != 1:
        found = " or ".join(kinds) or None
        remedy = f"adlopt new KIND {path}"
        raise InputError("kind", found, f"one of {', '.join(VERBS)}", remedy=remedy)
    return kinds[0]


def suffix_of(kind: str) -> str:
    """How files of a kind end."""
    return ".py" if kind in PYTHON else ".toml"


def next_verb(path: str | Path, kind: str | None = None) -> str:
    """Say which verb reads the template of that name.

    Examples
    --------
    >>> next_verb("market.toml"), next_verb("mine.toml", "episode")
    ('deleverage market.toml --rule hyperliquid', 'play mine.toml')
    """
    return VERBS[kind or kind_of(Path(path))].format(path)
