"""Whatever stands in a file: a valid answer or `InputError`, and never a hang or a silent zero."""

import ast
import json
import os
import random
import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import lz4.frame
import numpy as np
import polars as pl
import pytest
from tiers import NIGHTLY
from venue_files import (
    block,
    detail_row,
    fill,
    funding,
    update,
    write_blocks,
    write_detail,
    write_snapshot as snapshot,
)

import adlopt as adl
from adlopt import loaders
from adlopt.data.files import (
    read_contract_round,
    read_episode,
    read_limits,
    read_market,
    read_round,
    write_template,
)
from adlopt.errors import AdloptError, InputError, OddInput
from adlopt.studies.sweep import read_sweep

TRIES = 3_000 if NIGHTLY else 60
HEAD = "deficit = 90.0\nneeded = 60.0\n"
SECONDS = 20

ROUND = f"""estimate = 5
{HEAD}[[account]]
id = "a"
capacity = 120.0
equity = 500.0
features = {{ x = 3 }}
[[account]]
id = "b"
capacity = 80.0
equity = 700.0
features = {{ x = 4 }}
[loss]
kind = "min-max"
burden = "equity"
[limits]
cap = 0.5
floor = {{ b = 3 }}
tier = {{ b = 2 }}
weight = {{ a = 1, b = 2 }}
ineligible = {{ }}
[signals]
v = 3
"""
SWEEP = """policies = ["constant:{theta}+pro-rata", "persistence+queue"]
seeds = 10
chunk = 3
[parameters]
theta = [0.25, 0.5]
[[episode]]
source = "shock"
rounds = [3, 4]
winners = 7
[[loss]]
name = "l"
kind = "surrogate"
track = 1
fair = 2
"""
MAPPING = """kind = "fills"
time_unit = "ms"
[columns]
account = "user"
coin = "coin"
time = "time"
price = "adl_price"
size = "adl_size"
mark = "adl_price"
[rules]
gap_ms = 5000
per_coin = false
"""
SPECIAL = [
    *(
        "1e308",
        "-0.0",
        '"NaN"',
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1" + "0" * 400,
        "1" + "0" * 5000,
    ),
    *("true", "null", "[]", "{}", '""', "1e-320", "-1", "0", "1e16", "[[[[1]]]]", "2.5"),
    *("9223372036854775808", "-9223372036854775809", "1_0", "0x10", "2025-01-01", '"\\u0000"'),
    *('"\N{RIGHT-TO-LEFT OVERRIDE}b"', '"e\N{COMBINING ACUTE ACCENT}"', '"é"', '"\\ud800"'),
]
STRAY = [*"\"',\n\0[]{}=:\t#\r", "\N{RIGHT-TO-LEFT MARK}", "\N{BYTE ORDER MARK}", "\\", "[" * 3000]


def spoilt(data, dice):
    """Change one thing in a text, as bytes."""
    if dice.random() < 0.2:
        cut = dice.randrange(len(data) + 1)
        return data[:cut] if dice.random() < 0.5 else data[:cut] + dice.randbytes(3) + data[cut:]
    text = data.decode("utf-8", errors="replace")
    kind, lines = dice.randrange(6), text.split("\n")
    if kind <= 1:
        parts = list(re.finditer(r"-?\d+(\.\d+)?" if kind else r'"[^"]*"', text))
        if parts:
            part = dice.choice(parts)
            text = text[: part.start()] + dice.choice(SPECIAL) + text[part.end() :]
    elif kind == 2:
        lines.insert(dice.randrange(len(lines)), dice.choice(lines))
        text = "\n".join(lines)
    elif kind == 3:
        del lines[dice.randrange(len(lines))]
        text = "\n".join(lines)
    elif kind == 4:
        text = text.replace("\n", dice.choice(["\r\n", "\r", "\n\n"]), dice.randrange(1, 9))
    else:
        at = dice.randrange(len(text) + 1)
        text = text[:at] + dice.choice(STRAY) + text[at:]
    return text.encode("utf-8", errors="surrogatepass")


@contextmanager
def in_time(seconds=SECONDS):
    """Turn a hang into a failure."""

    def late(*_):
        raise TimeoutError(f"still at it after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def solve_what_was_read(path):
    round_, aim = read_round(path)
    limits = read_limits(path, round_.start)
    best = adl.solve(round_, aim, limits=limits)
    assert (best.haircut >= 0).all()
    assert (best.haircut <= round_.start.capacity).all()


def close_what_was_read(path):
    case = read_contract_round(path)
    winners = getattr(case.thing, "winners", case.thing)
    assert np.isfinite(winners.start.capacity).all()


def load(kind):
    def read(path):
        rounds = loaders.load(kind, [path]).rounds
        assert rounds["needed"].drop_nulls().is_finite().all()

    return read


def text_files(folder):
    """One file of every kind of text that is read: what to spoil, and its reader."""
    good = {"round.toml": ROUND.encode()}
    for name in ("episode.toml", "market.toml", "contracts.toml"):
        good[name] = re.sub(rb"#.*", b"", write_template(folder / name).read_bytes())
    good["sweep.toml"] = SWEEP.encode()
    good["map.toml"] = MAPPING.encode()
    entry = {"deficit": 90.5, "needed": 60, "account": [{"id": "a", "capacity": 120.0}]}
    good["round.json"] = json.dumps(entry, indent=1).encode()
    good["meta.json"] = (
        b'{"universe": [{"name": "BTC", "szDecimals": 1}, {"name": "E", "szDecimals": 0}]}'
    )
    good["d.csv"] = write_detail(
        folder / "d.csv", [detail_row(), detail_row(user="0xb")]
    ).read_bytes()
    events = [fill(), fill(user="0xb", tid=2)]
    good["f.jsonl"] = write_blocks(folder / "f.jsonl", [block(*events)]).read_bytes()
    return good


READERS = {
    "round.toml": solve_what_was_read,
    "round.json": solve_what_was_read,
    "episode.toml": read_episode,
    "market.toml": read_market,
    "contracts.toml": close_what_was_read,
    "sweep.toml": read_sweep,
    "map.toml": loaders.read_mapping,
    "meta.json": loaders.read_size_decimals,
    "d.csv": lambda path: loaders.read_detail(path).__exit__(None, None, None),
    "f.jsonl": load("fills"),
}


@pytest.mark.parametrize("name", READERS)
def test_spoilt_texts(tmp_path, name):
    dice, good = random.Random(name), text_files(tmp_path)[name]
    path, read = tmp_path / f"x{Path(name).suffix}", 0
    path.write_bytes(good)
    READERS[name](path)
    for _ in range(TRIES):
        data = good
        for _ in range(dice.randrange(1, 3)):
            data = spoilt(data, dice)
        path.write_bytes(data)
        try:
            with in_time():
                READERS[name](path)
            read += 1
        except AdloptError:
            pass
        except BaseException as error:
            error.add_note(f"after reading {data!r}")
            raise
    assert 0 < read < TRIES


TABLE = b"account,capacity,equity,x\na,1,5,3\nb,2.5,6,4\n"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_spoilt_account_tables(tmp_path, suffix):
    dice, read = random.Random(suffix), 0
    frame = pl.read_csv(TABLE)
    frame.write_parquet(tmp_path / "good.parquet")
    good = TABLE if suffix == "csv" else (tmp_path / "good.parquet").read_bytes()
    (tmp_path / "round.toml").write_text(f'accounts = "t.{suffix}"\n{HEAD}')
    for _ in range(TRIES):
        data = bytearray(good)
        if suffix == "csv":
            data = spoilt(good, dice)
        elif dice.random() < 0.5:
            data = data[: dice.randrange(len(data))] + data[dice.randrange(len(data)) :]
        else:
            data[dice.randrange(len(data))] = dice.randrange(256)
        (tmp_path / f"t.{suffix}").write_bytes(data)
        try:
            with in_time():
                capacity = read_round(tmp_path / "round.toml")[0].start.capacity
            assert np.isfinite(capacity).all()
            read += 1
        except InputError:
            pass
        except BaseException as error:
            error.add_note(f"after reading {bytes(data)!r}")
            raise
    assert 0 < read < TRIES


def test_spoilt_folders_of_a_node(tmp_path):
    dice, read = random.Random("node"), 0
    t0 = 1760130000000
    snapshot(tmp_path, t0, {"0xa": 100.0, "0xz": -5.0}, {"BTC": [("0xa", -2.0, 100.0, 95.0)]})
    write_blocks(tmp_path / "20_fills.json", [block(fill())])
    misc = [funding("0xa", 1.0), update("deposit", usdc="5.0")]
    write_blocks(tmp_path / "20_misc.json", [block(*misc)])
    good = {path: path.read_bytes() for path in tmp_path.iterdir()}
    load("node")(tmp_path)
    for _ in range(TRIES):
        path = dice.choice(list(good))
        path.write_bytes(spoilt(good[path], dice))
        try:
            with in_time():
                load("node")(tmp_path)
            read += 1
        except AdloptError:
            pass
        except BaseException as error:
            error.add_note(f"after {path.name} was {path.read_bytes()!r}")
            raise
        path.write_bytes(good[path])
    assert 0 < read < TRIES


OUTSIDE = ("../t.csv", "below/../../t.csv", "link.csv", "folder/t.csv", "/etc/passwd.csv")


@pytest.fixture
def two_folders(tmp_path):
    """A table outside of the folder that may name it, and links to it."""
    (tmp_path / "t.csv").write_text("account,capacity\na,120\n")
    folder = tmp_path / "case"
    (folder / "below").mkdir(parents=True)
    (folder / "below/t.csv").write_text("account,capacity\nb,120\n")
    (folder / "link.csv").symlink_to("../t.csv")
    (folder / "folder").symlink_to("..")
    (folder / "near.csv").symlink_to("below/t.csv")
    return folder


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_round, 'accounts = "{}"\n' + HEAD),
        (read_episode, 'accounts = "{}"\n[[round]]\n' + HEAD),
        (read_episode, "[[round]]\n" + HEAD + 'accounts = "{}"\n'),
        (read_contract_round, HEAD + 'positions = "{}"\n'),
        (
            read_market,
            'accounts = "{}"\npositions = "below/t.csv"\n'
            '[[coin]]\nname = "E"\nmark = 1.0\nlot = 1.0\n',
        ),
        (
            read_market,
            'positions = "{}"\n[[account]]\nid = "a"\nbalance = 1.0\n'
            '[[coin]]\nname = "E"\nmark = 1.0\nlot = 1.0\n',
        ),
    ],
)
def test_a_reference_stays_in_its_folder(two_folders, read, text, name):
    path = two_folders / "case.toml"
    path.write_text(text.format(name))
    with pytest.raises(InputError, match=r"case\.toml: .*expected a file inside .*; put it there"):
        read(path)


@pytest.mark.parametrize("name", ["below/t.csv", "near.csv", "./below/../near.csv"])
def test_a_reference_within_its_folder_is_read(two_folders, name):
    path = two_folders / "round.toml"
    path.write_text(f'accounts = "{name}"\n{HEAD}')
    assert read_round(path)[0].start.account == ("b",)


def test_a_sweep_names_episodes_in_its_folder_and_no_code(two_folders):
    write_template(two_folders.parent / "episode.toml")
    path = two_folders / "sweep.toml"
    path.write_text('policies = ["queue"]\n[[episode]]\nsource = "../episode.toml"\n')
    with pytest.raises(InputError, match=r"episode\[0\]\.source is .* a file inside"):
        read_sweep(path)
    ran = two_folders / "ran"
    (two_folders / "mine.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    own = f"{two_folders / 'mine.py'}:rule"
    for policies in (
        f'["{own}"]',
        f'["persistence+{own}"]',
        '["{x}"]\n[parameters]\nx = ["' + own + '"]',
    ):
        path.write_text(f'policies = {policies}\n[[episode]]\nsource = "shock"\n')
        with pytest.raises(InputError, match=r"code runs only by command|no code to run"):
            read_sweep(path)
    assert not ran.exists()
    path.write_text('[[episode]]\nsource = "shock"\n')
    with pytest.raises(InputError, match="rule"):
        read_sweep(path, [own])
    assert ran.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("p.toml", read_round),
        ("p.json", read_episode),
        ("p.toml", read_market),
        ("p.toml", read_contract_round),
        ("p.toml", read_sweep),
        ("p.toml", loaders.read_mapping),
        ("p.json", loaders.read_size_decimals),
        ("p.csv", loaders.read_detail),
        ("p.json", lambda path: loaders.load("fills", [path])),
    ],
)
def test_a_pipe_is_not_waited_for(tmp_path, name, read):
    os.mkfifo(tmp_path / name)
    with in_time(5), pytest.raises(InputError, match="not a folder, pipe or device"):
        read(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_that_is_a_pipe_is_not_waited_for(tmp_path, suffix):
    os.mkfifo(tmp_path / f"t.{suffix}")
    (tmp_path / "round.toml").write_text(f'accounts = "t.{suffix}"\n{HEAD}')
    with in_time(5), pytest.raises(InputError, match="not a folder, pipe or device"):
        read_round(tmp_path / "round.toml")


def test_a_packed_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "f.json.lz4"
    path.write_bytes(lz4.frame.compress(b" " * (1 << 27)))
    with in_time(), pytest.raises(InputError, match="times the"):
        loaders.load("fills", [path])


def test_a_table_of_few_bytes_and_endless_rows_is_not_read(tmp_path):
    rows = 20_000_000
    bomb = pl.select(account=pl.repeat("a", rows), capacity=pl.repeat(0, rows, dtype=pl.Int8))
    bomb.write_parquet(tmp_path / "t.parquet", compression="zstd")
    assert (tmp_path / "t.parquet").stat().st_size < 1_000_000
    (tmp_path / "round.toml").write_text(f'accounts = "t.parquet"\n{HEAD}')
    with in_time(), pytest.raises(InputError, match=r"20,000,000 rows.*expected at most"):
        read_round(tmp_path / "round.toml")


def test_ids_that_look_alike_are_different_accounts(tmp_path):
    ids = [
        "é",
        "e\N{COMBINING ACUTE ACCENT}",
        "a",
        "a\N{RIGHT-TO-LEFT MARK}",
        "а",
    ]  # the last: Cyrillic
    table = "".join(f"{name},{2.0 * k + 1}\n" for k, name in enumerate(ids))
    (tmp_path / "t.csv").write_text("account,capacity\n" + table)
    (tmp_path / "round.toml").write_text(f'accounts = "t.csv"\n{HEAD}')
    with pytest.warns(OddInput, match=r"such as 'a' and .* they are different accounts"):
        start = read_round(tmp_path / "round.toml")[0].start
    assert start.account == tuple(ids)
    assert start.capacity.tolist() == [1.0, 3.0, 5.0, 7.0, 9.0]


def test_negative_zero_is_zero(tmp_path):
    (tmp_path / "t.csv").write_text("account,capacity\na,-0.0\nb,90\n")
    (tmp_path / "round.toml").write_text(f'accounts = "t.csv"\n{HEAD.replace("90.0", "-0.0")}')
    start = read_round(tmp_path / "round.toml")[0].start
    assert not np.signbit(start.capacity).any()
    assert not np.signbit(start.deficit)


RUNS_CODE = {"eval", "exec", "compile", "__import__", "execfile", "breakpoint"}
OPENS_DOORS = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "subprocess",
               "yaml", "runpy", "code", "ctypes"}  # fmt: skip
MAY_RUN_FILES = {"foundation/user_code.py", "proof/checking.py"}
"""Named on the command line: `path.py:name`, and proofs."""
PACKAGE = Path(adl.__file__).parent


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_no_code_is_run_from_data(path):
    name = path.relative_to(PACKAGE).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            assert node.id not in RUNS_CODE, f"{name}:{node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in {
                "exec_module",
                "load_module",
                "read_pickle",
                "loads_pickle",
            } or (name in MAY_RUN_FILES), f"{name}:{node.lineno}"
            assert (getattr(node.value, "id", ""), node.attr) not in {
                ("os", "system"),
                ("os", "popen"),
            }
        if isinstance(node, ast.Import):
            assert not OPENS_DOORS & {each.name.split(".")[0] for each in node.names}, name
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in OPENS_DOORS, name
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "load":
            pickles = [k for k in node.keywords if k.arg == "allow_pickle"]
            assert not pickles, f"{name}:{node.lineno}"


def test_reading_files_loads_nothing_that_could_run_them():
    assert "adlopt" in sys.modules
    for name in ("files", "loaders", "sweep", "episodes"):
        for path in (PACKAGE / name).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            assert "own_file import load" not in source
            assert "spec_from_file_location" not in source
