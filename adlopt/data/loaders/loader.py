"""What a loader is, which there are (one file and one line each), and what `adlopt load` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Unpack

from adlopt.data.files.writing import json_writer, replace_all, write_episode
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.mapped import read_mapped, read_mapping
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.records import How
from adlopt.errors import InputError, unknown

FILES = ("hyperreplay", "node_fills", "node_folder", "published")
"""Files of this folder that have a `LOADER`."""
AS_PUBLISHED = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """A reader of files of one kind.

    Parameters
    ----------
    kind : str
        What it is called.
    takes : str
        Which files, in words.
    read : callable
        Makes rounds of paths, by rules, as told how.
    rules : Rules
        How rounds are cut unless rules are given.
    most : int, optional
        Paths that it takes at most.
    """

    kind: str
    takes: str
    read: Callable[[Sequence[Path], Rules, How], Loaded]
    rules: Rules = AS_PUBLISHED
    most: int | None = None


@cache
def loaders() -> dict[str, Loader]:
    """Every loader by its kind.

    Examples
    --------
    >>> sorted(loaders())
    ['fills', 'hyperreplay', 'node', 'published']
    """
    modules = (import_module(f"adlopt.data.loaders.{name}") for name in FILES)
    return {module.LOADER.kind: module.LOADER for module in modules}


TABLE = "give --map map.toml for a table of your own"


def from_words(
    words: Sequence[str], mapping: Path | None, asked: Mapping[str, Any], **how: Unpack[How]
) -> Loaded:
    """Read what a command line asks for: a kind and its paths, or with a mapping one path.

    `asked` are fields of `Rules`; None and False are not asked for.
    """
    given = {name: value for name, value in asked.items() if value not in (None, False)}
    if mapping is not None:
        if len(words) != 1:
            raise InputError("words", list(words), "one table, beside --map")
        if given:
            name = next(iter(given)).replace("_", "-")
            remedy = f"put it into the [rules] of {mapping}"
            raise InputError(f"--{name}", given[next(iter(given))], "nothing", remedy=remedy)
        return load_table(Path(words[0]), mapping, **how)
    if not words:
        kinds = "; ".join(f"{each.kind} {each.takes}" for each in loaders().values())
        raise InputError("kind", None, kinds, remedy=TABLE)
    known = loaders().get(words[0])
    rules = replace(known.rules, **given) if known is not None and given else None
    return load(words[0], [Path(word) for word in words[1:]], rules=rules, **how)


def load(
    kind: str, paths: Sequence[str | Path], *, rules: Rules | None = None, **how: Unpack[How]
) -> Loaded:
    """Read files of a kind that is known.

    Parameters
    ----------
    kind : str
        "hyperreplay": its detailed table or a checkout of it, with node fills in data/raw or named
        after it; "fills": Hyperliquid's node fills; "node": a folder with a clearinghouse
        snapshot, node fills and misc events since; "published": the `out/` folder of the analysis
        of [CTTX26].
    paths : sequence of Path
    rules : Rules, optional
        How rounds are cut; by default as published for HyperReplay, and without look-ahead for
        node files.
    tolerance : float
        Share of the records, and of the dollars, of a file that may be rejected.
    progress : callable, optional
        Told what is being read.
    alike : Alike
        Whether ids that differ in case or blanks alone name one account.

    Raises
    ------
    InputError
        If the kind is unknown or its files cannot be used.
    """
    known = loaders()
    if kind not in known:
        raise unknown("kind", kind, known, remedy=TABLE)
    loader, found = known[kind], [Path(path) for path in paths]
    if not found:
        raise InputError("paths", [], "at least one file or folder")
    if loader.most is not None and len(found) > loader.most:
        most = "one folder" if loader.most == 1 else f"at most {loader.most}"
        raise InputError("paths", [str(path) for path in found], most)
    return loader.read(found, loader.rules if rules is None else rules, how)


def load_table(path: str | Path, mapping: str | Path, **how: Unpack[How]) -> Loaded:
    """Read any table by a TOML file that says what its columns mean.

    Raises
    ------
    InputError
        If either cannot be used.
    """
    return read_mapped(path, read_mapping(mapping), **how)


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
