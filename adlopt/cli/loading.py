"""The verb that makes episodes of venue data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adlopt.cli import command as cli
from adlopt.data.loaders.options import Capacity, Deficit
from adlopt.data.loaders.records import TOLERANCE
from adlopt.errors import InputError
from adlopt.foundation.ids import Alike
from adlopt.show.load import of_market

_STATED = "A table that states them by a time within a round, or by its number."
Stated = Annotated[Path | None, Parameter(help=_STATED)]
_SHARE = "Share of a file's records, and of its dollars, that may fail to parse."
Share = Annotated[float, Parameter(help=_SHARE)]
_ALIKE = "Whether ids that differ in case or blanks alone are one account (same) or not (apart)."
OneId = Annotated[Alike, Parameter(help=_ALIKE)]


@cli.example("adlopt load hyperreplay CHECKOUT/ -o october.json")
def load(
    *words: str,
    mapping: Annotated[Path | None, Parameter(name="--map")] = None,
    gap_ms: cli.WholeOrNone = None,
    per_coin: cli.Flag = False,
    deficit: Deficit | None = None,
    capacity: Capacity | None = None,
    horizon_ms: cli.WholeOrNone = None,
    deficit_from: Stated = None,
    needed_from: Stated = None,
    tolerance: Share = TOLERANCE,
    alike: OneId = Alike.APART,
    output: cli.Output = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Make an episode of a venue's data, and say what is odd about it.

    Parameters
    ----------
    words
        A kind of data and its files, such as hyperreplay CHECKOUT, fills FILE..., node FOLDER or
        published FOLDER (`adlopt load` alone says what each takes); or, with --map, a table of
        your own.
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
    horizon_ms
        Milliseconds after a round's end at which what production took is measured: of published
        figures and node folders; 0 unless given.
    output
        Write an episode to this .json or .parquet file, or the figures of its rounds to a .csv.
    """
    from adlopt.data.loaders import loader
    from adlopt.show.load import render

    asked: dict[str, Any] = {
        "gap_ms": gap_ms, "horizon_ms": horizon_ms, "per_coin": per_coin, "deficit": deficit,
        "capacity": capacity,
        "deficit_from": deficit_from, "needed_from": needed_from,
    }  # fmt: skip
    with cli.progress(None, "reading") as step:
        loaded = loader.from_words(
            words, mapping, asked, tolerance=tolerance, progress=step, alike=alike
        )
    written = [] if output is None else loader.write(loaded, output)
    cli.put(loaded, form, render)
    for path in written:
        print(f"wrote {path}", file=sys.stderr)


@cli.example("adlopt market node FOLDER --wave 3 -o market.json")
def market(
    kind: str,
    folder: Path,
    *,
    wave: cli.WholeOrNone = None,
    gap_ms: cli.WholeOrNone = None,
    shed: Annotated[list[str] | None, Parameter(negative="")] = None,
    exempt: Annotated[list[str] | None, Parameter(negative="")] = None,
    tolerance: Share = TOLERANCE,
    alike: OneId = Alike.APART,
    output: cli.Output = None,
    form: cli.Form = cli.TEXT,
) -> None:
    """Make a market of a venue's data: accounts, positions, marks, and what was shed.

    Parameters
    ----------
    kind
        node (a clearinghouse snapshot, and *_fills.json and *_misc.json since, as for adlopt load),
        or info (saved responses: meta.json, and a clearinghouseState in each ACCOUNT.json).
    folder
        With the files.
    wave
        Of node files: the round whose start the market shows; the first unless given.
    gap_ms
        Of node files: milliseconds without a fill that end a round; 5000 unless given.
    shed
        An account all of whose positions go; repeat for several. What the venue shed, or all that
        the bankrupt hold, unless given.
    exempt
        ACCOUNT=REASON: who may not be deleveraged, such as a child vault; repeat for several.
    output
        Write the market to this .json file, its tables beside it.
    """
    from adlopt.data.files.markets import write_market
    from adlopt.data.loaders.node_folder import node_market
    from adlopt.data.loaders.options import Rules
    from adlopt.data.loaders.venue_info import info_market

    asked: dict[str, Any] = {"shed": shed, "exempt": _reasons(exempt or []), "alike": alike}
    with cli.progress(None, "reading") as step:
        asked |= {"tolerance": tolerance, "progress": step}
        if kind == "node":
            rules = Rules() if gap_ms is None else Rules(gap_ms=gap_ms)
            loaded = node_market(folder, wave=1 if wave is None else wave, rules=rules, **asked)
        elif kind == "info" and wave is gap_ms is None:
            loaded = info_market(folder, **asked)
        else:
            remedy = "--wave and --gap-ms are of node files" if kind == "info" else ""
            raise InputError("kind", kind, "node or info", remedy=remedy)
    written = [] if output is None else write_market(loaded.market, output)
    cli.put(loaded, form, of_market)
    for path in written:
        print(f"wrote {path}", file=sys.stderr)


def _reasons(words: list[str]) -> dict[str, str]:
    reasons = {}
    for word in words:
        account, equals, reason = word.partition("=")
        if not equals:
            raise InputError("--exempt", word, "ACCOUNT=REASON")
        reasons[account] = reason
    return reasons
