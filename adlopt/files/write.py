"""Write episodes, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from adlopt.episode import Episode
from adlopt.errors import InputError
from adlopt.files.schema import EpisodeFile, RecordedEntry, RoundEntry
from adlopt.files.tables import accounts_table
from adlopt.round import Round
from adlopt.run import Information, Run


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
        fairest=episode.fairest,
        round=[_round_entry(round_, pooled=episode.pooled) for round_ in episode],
        recorded=[_recorded_entry(run) for run in episode.recorded],
    )
    written = []
    if not episode.pooled:
        _replace(table, lambda target: accounts_table(episode).write_parquet(target))
        written.append(table)
    encoded = msgspec.json.format(msgspec.json.encode(entry), indent=1)
    _replace(path, lambda target: target.write_bytes(encoded))
    return [*written, path]


def _round_entry(round_: Round, *, pooled: bool) -> RoundEntry:
    return RoundEntry(
        deficit=round_.start.deficit,
        needed=round_.needed,
        capacity=round_.start.total_capacity if pooled else None,
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
    )


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write to a neighbour, then rename: readers see the old file or the new one."""
    partial = path.with_name(path.name + ".partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
