"""The verb that makes episodes of venue data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from adlopt.cli.command import Flag, JsonWords, Output, WholeOrNone, app, as_json, progress
from adlopt.data.loaders.options import Capacity, Deficit
from adlopt.data.loaders.records import TOLERANCE


@app.command
def load(
    *words: str,
    mapping: Annotated[Path | None, Parameter(name="--map")] = None,
    gap_ms: WholeOrNone = None,
    per_coin: Flag = False,
    deficit: Deficit | None = None,
    capacity: Capacity | None = None,
    tolerance: float = TOLERANCE,
    output: Output = None,
    json_: JsonWords = False,
) -> None:
    """Make an episode of a venue's data, and say what is odd about it.

    Parameters
    ----------
    words
        hyperreplay CHECKOUT (or its detailed table, then node fills); fills FILE... (Hyperliquid
        node fills, JSON lines or .lz4); node FOLDER (a clearinghouse snapshot, and *_fills.json
        and *_misc.json since); published FOLDER (an out/ folder of per-round figures); or, with
        --map, a table of your own.
    mapping
        A TOML file that says what the columns of a .csv, .json, .jsonl or .parquet table mean.
    gap_ms
        Milliseconds without a fill that end a round; 5000 unless given.
    per_coin
        Each coin has rounds of its own.
    deficit
        published (a loser counts in each of its rounds) or increment (its debt counts once).
    capacity
        account-max or position-max, the largest in the round, which looks ahead; account or
        position, at the first fill.
    tolerance
        Share of a file's records that may fail to parse.
    output
        Write an episode to this .json or .parquet file, or the figures of its rounds to a .csv.
    json_
        Print everything for machines, with the lines that each figure came from.
    """
    from adlopt.data.loaders import sources as command
    from adlopt.show.load import render

    asked = {"gap_ms": gap_ms, "per_coin": per_coin, "deficit": deficit, "capacity": capacity}
    with progress(None, "reading") as step:
        loaded = command.from_words(words, mapping, asked, tolerance=tolerance, progress=step)
    written = [] if output is None else command.write(loaded, output)
    data = loaded.to_dict()
    print(as_json(data) if json_ else render(data))
    for path in written:
        print(f"wrote {path}", file=sys.stderr)
