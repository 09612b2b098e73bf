"""Whatever is damaged in a file: an error, the same figures, or a word about what is lost."""

import csv
import json
import shutil

import pytest
from hypothesis import given, strategies as st
from tiers import examples
from venue_files import (
    ENRICHED,
    T0,
    block,
    detail_row,
    fill,
    funding,
    update,
    write_blocks,
    write_detail,
    write_snapshot,
)

from adlopt.data.loaders import load, load_table
from adlopt.errors import AdloptError
from adlopt.scoring.quality import inspect

NAMES = {"user", "coin", "users", "liquidatedUser", "dir", "market_name", "destination", "vault"}
"""Texts that another text cannot be told from."""
TABLE = """\
r,who,u,D,B,eq,lev
7,ann,50,40,30,90,3
7,bob,10,40,30,80,2
9,ann,20,5,6,70,1
"""
ACCOUNTS = """kind = "accounts"
[columns]
round = "r"
account = "who"
capacity = "u"
deficit = "D"
needed = "B"
equity = "eq"
leverage = "lev"
"""


def detail(folder):
    """HyperReplay's table and its node fills: two losers in three rounds."""
    losers = [("0xz", -50.0), ("0xy", -20.0), ("0xz", -70.0)]
    rows, events = [], []
    for wave, (loser, equity) in enumerate(losers):
        for k, user in enumerate(("0xa", "0xb")):
            time = T0 + 10_000 * wave + k
            owes = {"liquidated_user": loser, "liquidated_total_equity": equity - k}
            gain = {"total_unrealized_pnl": 30.0 + k + wave, "leverage_realtime": 2.0 + k}
            rows.append(detail_row(user=user, time=time, **owes, **gain))
            events.append(fill(user=user, time=time, tid=len(events)))
    write_detail(folder / "d.csv", rows)
    write_blocks(folder / "f.json", [block(event) for event in events])
    return lambda: load("hyperreplay", [folder / "d.csv", folder / "f.json"], tolerance=0.9)


def node(folder):
    """A snapshot, fills with both legs, and misc events of all accounts."""
    held = {"BTC": [("0xz", 10, 100, 100), ("0xa", -6, 100, 100), ("0xb", -4, 100, 100)]}
    held["ETH"] = [("0xz", 3, 50, 50), ("0xb", -3, 50, 50)]
    values = {"0xz": 40, "0xa": 300, "0xb": 200, "0xq": 9}
    write_snapshot(folder, T0 - 60_000, values, held)
    open_ = {"dir": "Open Long", "liquidation": None}
    liquidated = {"liquidatedUser": "0xz", "markPx": "94", "method": "backstop"}
    events = [fill(user="0xq", px="94", sz="1", time=T0 - 9, tid=1, **open_)]
    for k, (user, size) in enumerate((("0xa", "6"), ("0xb", "4")), start=2):
        both = {"px": "97", "sz": size, "tid": k}
        own = {"startPosition": f"-{size}", "closedPnl": "18", "liquidation": liquidated}
        events += [fill(user=user, **both, **own), fill(user="0xz", side="A", **both, **open_)]
    events.append(fill(user="0xq", coin="ETH", px="49", sz="1", time=T0 - 5, tid=8, **open_))
    write_blocks(folder / "20_fills.json", [block(event) for event in events])
    misc = [funding("0xz", -3), update("deposit", usdc="2"), funding("0xb", 1)]
    misc.append(update("internalTransfer", usdc="5", user="0xa", destination="0xb", fee="1"))
    write_blocks(folder / "20_misc.json", [block(event) for event in misc])
    return lambda: load("node", [folder], tolerance=0.9)


def accounts(folder):
    (folder / "t.csv").write_text(TABLE)
    (folder / "m.txt").write_text(ACCOUNTS)
    return lambda: load_table(folder / "t.csv", folder / "m.txt", tolerance=0.9)


FOLLOWS = {"losers counted several times", "empty winners", "needed is nothing"}
"""Findings that say what the figures are, and not that something is lost."""


def said(loaded):
    """What is said of a loss; what is odd about an episode's figures follows from them alone."""
    complete = len(loaded) and not {"deficit", "needed", "capacity"} & set(loaded.unavailable)
    odd = {finding.name for finding in inspect(loaded.episode())} if complete else set()
    findings = {(f.name, f.text) for f in loaded.quality() if f.name not in odd | FOLLOWS}
    left = {(each.quantity, *each.left_out.items()) for each in loaded.reconciled if each.left_out}
    return findings | left | set(loaded.unavailable.items())


def figures(loaded):
    winners = None if loaded.accounts is None else loaded.accounts.to_dicts()
    recorded = [(record.policy, dict(record.haircut)) for record in loaded.recorded]
    return loaded.rounds.to_dicts(), winners, recorded


def spoil_csv(path, dice):
    """Empty a cell, or put a word where a number stands."""
    with path.open(newline="") as file:
        header, *rows = list(csv.reader(file))
    row, column = dice.randrange(len(rows)), dice.randrange(len(header))
    words = (
        [""] if header[column] in ENRICHED and "user" in header[column] else ["", " ", "x", "NaN"]
    )
    words = ["", " "] if header[column] in ("coin", "who") else words
    rows[row][column] = dice.choice(words)
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def leaves(value, at=()):
    """Places of a JSON value that hold something, deepest first."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inside:
        if isinstance(each, (dict, list)) and each:
            yield from leaves(each, (*at, key))
        yield (*at, key)


def spoil_json(path, dice):
    """Remove, empty or nest a value; or put a word where a number stands; or cut the file."""
    text = path.read_text()
    if dice.random() < 0.1:
        path.write_text(text[: dice.randrange(1, len(text) - 1)])
        return
    lines = text.splitlines() or [""]
    index = dice.randrange(len(lines))
    value = json.loads(lines[index])
    whole_record = isinstance(value, list)
    # Without a whole market longs are still shorts, and a block may be of other events.
    least = 2 if path.name.startswith("perp") else 1 if whole_record else 3
    place = dice.choice([p for p in leaves(value) if len(p) >= least or p == ("events",)])
    holder = value
    for key in place[:-1]:
        holder = holder[key]
    key = place[-1]
    bad = [None, "", [], {}, [1]] if key in NAMES else [None, "", "x", "NaN", [], {"y": 1}]
    if key == "events":
        bad = [None, "", {"y": 1}]  # a block may have no events
    record = whole_record and isinstance(key, int)
    if record or (isinstance(holder, dict) and dice.random() < 0.4):
        del holder[key]
    else:
        holder[key] = dice.choice(bad)
    lines[index] = json.dumps(value)
    path.write_text("\n".join(lines) + ("" if whole_record else "\n"))


SOURCES = {"detail": detail, "node": node, "accounts": accounts}


@pytest.mark.parametrize("source", SOURCES)
@examples(12)
@given(dice=st.randoms(use_true_random=False), times=st.integers(1, 2))
def test_damage_is_an_error_or_said_where_it_changes_a_figure(
    tmp_path_factory, source, dice, times
):
    folder = tmp_path_factory.mktemp("s")
    read = SOURCES[source](folder)
    before = read()
    whole, known = figures(before), said(before)
    files = sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".json"))
    for _ in range(times):
        path = dice.choice(files)
        try:
            (spoil_csv if path.suffix == ".csv" else spoil_json)(path, dice)
        except ValueError:
            break  # what the first damage left is no JSON to be damaged again
    try:
        after = read()
    except AdloptError:
        return
    finally:
        damaged = {path.name: path.read_text() for path in files}
        shutil.rmtree(folder)
    assert figures(after) == whole or said(after) - known, damaged
