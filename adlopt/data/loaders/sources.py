"""What `adlopt load` does: find the reader of a kind, write what was loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adlopt.data.files.places import inside
from adlopt.data.files.writing import json_writer, replace_all, write_episode
from adlopt.data.loaders.cutting import rounds_of
from adlopt.data.loaders.hyperreplay import find_detail, find_node_fills, read_detail
from adlopt.data.loaders.lines import Progress
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.mapped import read_mapped, read_mapping
from adlopt.data.loaders.markout import markouts, production
from adlopt.data.loaders.misc_events import read_ledger
from adlopt.data.loaders.node_fills import every_trade, read_node_fills
from adlopt.data.loaders.options import Capacity, Deficit, Rules
from adlopt.data.loaders.published import read_published
from adlopt.data.loaders.records import TOLERANCE
from adlopt.data.loaders.snapshot import read_snapshot
from adlopt.data.loaders.states import valued
from adlopt.errors import InputError, unknown

KINDS = ("hyperreplay", "fills", "node", "published")
DEFAULTS = {
    "fills": Rules(capacity=Capacity.POSITION),
    "node": Rules(capacity=Capacity.POSITION, deficit=Deficit.INCREMENT),
}
"""Rules that are not those of the published figures."""


def from_words(
    words: Sequence[str],
    mapping: Path | None,
    asked: Mapping[str, Any],
    *,
    tolerance: float = TOLERANCE,
    progress: Progress = None,
) -> Loaded:
    """Read what a command line asks for.

    Parameters
    ----------
    words : sequence of str
        A kind and its paths, or with a mapping one path.
    asked : mapping of str to object
        Fields of `Rules`; None and False are not asked for.

    Raises
    ------
    InputError
        If the words make no sense, or the files cannot be used.
    """
    given = {name: value for name, value in asked.items() if value not in (None, False)}
    if mapping is not None:
        if len(words) != 1:
            raise InputError("words", list(words), "one table, beside --map")
        if given:
            name = next(iter(given)).replace("_", "-")
            remedy = f"put it into the [rules] of {mapping}"
            raise InputError(f"--{name}", given[next(iter(given))], "nothing", remedy=remedy)
        return load_table(Path(words[0]), mapping, tolerance=tolerance, progress=progress)
    if not words:
        raise unknown("kind", None, KINDS)
    rules = None
    if given:
        rules = replace(DEFAULTS.get(words[0], Rules()), **given)
    paths = [Path(word) for word in words[1:]]
    return load(words[0], paths, rules=rules, tolerance=tolerance, progress=progress)


def load(
    kind: str,
    paths: Sequence[Path],
    *,
    rules: Rules | None = None,
    tolerance: float = TOLERANCE,
    progress: Progress = None,
) -> Loaded:
    """Read files of a kind that is known.

    Parameters
    ----------
    kind : {"hyperreplay", "fills", "node", "published"}
        HyperReplay's detailed table or a checkout of it, with node fills in data/raw or named
        after it; Hyperliquid's node fills; a folder with a clearinghouse snapshot, node fills and
        misc events since; the `out/` folder of the analysis of [CTTX26].
    paths : sequence of Path
    rules : Rules, optional
        How rounds are cut; by default as published for HyperReplay, and without look-ahead for
        node files.

    Raises
    ------
    InputError
        If the kind is unknown or its files cannot be used.
    """
    if kind not in KINDS:
        remedy = "give --map map.toml for a table of your own"
        raise unknown("kind", kind, KINDS, remedy=remedy)
    if not paths:
        raise InputError("paths", [], "at least one file or folder")
    if kind in ("node", "published") and len(paths) > 1:
        raise InputError("paths", [str(path) for path in paths], "one folder")
    if kind == "published":
        if rules not in (None, Rules(gap_ms=(rules or Rules()).gap_ms)):
            raise InputError("rules", "given", "none but gap_ms: the figures are made already")
        gap_ms = Rules().gap_ms if rules is None else rules.gap_ms
        return read_published(paths[0], gap_ms=gap_ms, tolerance=tolerance, progress=progress)
    if kind == "node":
        return _from_node(paths[0], rules or DEFAULTS[kind], tolerance, progress)
    if kind == "fills":
        chosen = rules or DEFAULTS[kind]
        with read_node_fills(paths, tolerance=tolerance, progress=progress) as fills:
            return rounds_of(fills, name=paths[0].stem, source=_named(paths), rules=chosen)
    detail = find_detail(paths[0])
    node = [*paths[1:]] or find_node_fills(paths[0])
    with read_detail(detail, tolerance=tolerance, progress=progress) as fills:
        name, source = "hyperreplay", _named([detail, *node])
        if not node:
            return rounds_of(fills, name=name, source=source, rules=rules)
        with read_node_fills(node, tolerance=tolerance, progress=progress) as gaps:
            return rounds_of(fills, name=name, source=source, rules=rules, gaps=gaps)


def load_table(
    path: Path,
    mapping: Path,
    *,
    tolerance: float = TOLERANCE,
    progress: Progress = None,
) -> Loaded:
    """Read any table by a TOML file that says what its columns mean.

    Raises
    ------
    InputError
        If either cannot be used.
    """
    return read_mapped(path, read_mapping(mapping), tolerance=tolerance, progress=progress)


def _from_node(folder: Path, rules: Rules, tolerance: float, progress: Progress) -> Loaded:
    """Rounds whose deficits and equities are those at their start."""
    names = {kind: sorted(folder.glob(f"*_{kind}.json*")) for kind in ("fills", "misc")}
    for kind, found in names.items():
        if not found:
            raise InputError("path", str(folder), f"a folder with *_{kind}.json")
    files = {kind: [inside(folder, path.name) for path in found] for kind, found in names.items()}
    snapshot = read_snapshot(folder, tolerance=tolerance, progress=progress)
    ledger, reports = read_ledger(files["misc"], tolerance=tolerance, progress=progress)
    options: Any = {"tolerance": tolerance, "progress": progress}
    with every_trade() as trades, read_node_fills(files["fills"], trades=trades, **options) as raw:
        with valued(raw, trades, snapshot, ledger, rules) as fills:
            fills.reports += [*reports, *snapshot.reports]
            source = _named([*files["fills"], *files["misc"]])
            loaded = rounds_of(fills, name="node", source=source, rules=rules)
        if rules.per_coin:
            return loaded
        costs = markouts(raw, loaded, trades, horizon_ms=0)
        unpriced = costs.filter(costs["total"].is_null())["coin"].unique().sort().to_list()
        if unpriced:
            reason = f"coins without a price before a round's end: {', '.join(unpriced[:5])}"
            return replace(loaded, unavailable={**loaded.unavailable, "production": reason})
        return replace(loaded, recorded=(production(costs, loaded, horizon_ms=0),))


def _named(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths)


def write(loaded: Loaded, path: Path) -> list[Path]:
    """Write what was loaded.

    A .json is an episode for `adlopt play`, with its accounts in a Parquet table beside it; so is
    a .parquet, which is that table, with the .json beside it. Next to either stands a
    .load.json that says where each figure came from. A .csv holds the figures of the rounds,
    also where an episode cannot be made of them.

    Raises
    ------
    InputError
        If the path ends in none of these, or an episode cannot be made or written.
    """
    if path.suffix == ".csv":
        return replace_all({path: loaded.rounds.write_csv})
    if path.suffix not in (".json", ".parquet"):
        raise InputError("output", str(path), "a .json, .parquet or .csv file")
    episode = replace(loaded.episode(), name=loaded.name)
    main = path.with_suffix(".json")
    table = path if path.suffix == ".parquet" else None
    if table is not None and loaded.pooled:
        raise InputError("output", str(path), "a .json file, as winners are not known one by one")
    written = write_episode(episode, main, accounts=table)
    report = main.with_suffix(".load.json")
    return written + replace_all({report: json_writer(loaded.to_dict())})
