"""Ctrl-C: exit code 130, no traceback, at once, and no half-written file."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from tiers import by_day
from venue_files import detail_row, write_detail

from adlopt.cli import command
from adlopt.data.files import write_template

MAIN = "import sys; sys.argv[0] = 'adlopt'; from adlopt.__main__ import main; main()"
MIDWAY = f"""
import os, signal
from pathlib import Path
import polars as pl

def stopped(write):
    def half(*given, **named):
        made = write(*given, **named)
        for target in given:
            if isinstance(target, Path) and target.suffix == ".partial":
                os.truncate(target, target.stat().st_size // 2)
                os.kill(os.getpid(), signal.SIGINT)
        return made
    return half

Path.write_bytes = stopped(Path.write_bytes)
for name in ("write_csv", "write_parquet"):
    setattr(pl.DataFrame, name, stopped(getattr(pl.DataFrame, name)))
{MAIN}
"""
PROFILED = f"""
import os, signal, sys
import adlopt.__main__
CALLS = int(sys.argv.pop())
calls = 0

def count(frame, event, argument):
    global calls
    calls += 1
    if calls == CALLS:
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGINT)

sys.setprofile(count)
{MAIN}
"""
ROUND = 'deficit = 90.0\nneeded = 60.0\n[[account]]\nid = "a"\ncapacity = 120.0\n'
SWEEP = 'policies = ["queue"]\n[[episode]]\nsource = "shock"\nrounds = 3\nwinners = 3\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "round.toml").write_text(ROUND)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    for name in ("episode.toml", "contracts.toml"):
        write_template(tmp_path / name)
    write_detail(tmp_path / "d.csv", [detail_row()])
    return tmp_path


def run(folder, code, *words):
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def was_stopped(code):
    """Python ends itself by the signal if it struck in code that is compiled on the way; a shell
    calls both 130."""
    return code in (130, -signal.SIGINT)


WRITING = {
    "solve": ("solve", "round.toml", "-o", "out.csv"),
    "new": ("new", "round", "out.toml"),
    "sweep": ("sweep", "sweep.toml", "-o", "out.parquet", "--threads"),
    "report": ("report", "episode.toml", "--skip-proofs", "-o", "out.html"),
    "solve to Parquet": ("solve", "round.toml", "-o", "out.parquet"),
    "match": ("match", "contracts.toml", "-o", "out.csv"),
    "couple": ("couple", "episode.toml", "-o", "out.csv"),
    "load": ("load", "hyperreplay", "d.csv", "-o", "out.csv"),
    "plot": ("plot", "episode.toml", "severities", "-o", "out.svg"),
    "simulate": ("simulate", "--seeds", "1", "-p", "reya", "-o", "out.json"),
}


@pytest.mark.parametrize("words", by_day(3, [*WRITING.values()]))
def test_midway_through_a_file(folder, words):
    target = folder / next(word for word in words if word.startswith("out."))
    if words[0] != "new":
        target.write_text("old")
    done = run(folder, MIDWAY, *words)
    assert was_stopped(done.returncode), (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert not target.exists() if words[0] == "new" else target.read_text() == "old"
    assert not list(folder.rglob("*.partial"))


@pytest.mark.parametrize("calls", [30, 1_000, 10_000, 100_000, 200_000])
@pytest.mark.parametrize("words", [WRITING["solve"], ("play", "episode.toml")])
def test_wherever_it_strikes(folder, words, calls):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = run(folder, PROFILED, *words, str(calls))
    assert was_stopped(done.returncode) or done.returncode == 0
    assert "Traceback" not in done.stderr
    if was_stopped(done.returncode):
        assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.nightly("seconds of proofs")
def test_while_proofs_are_checked(folder):
    running = subprocess.Popen(
        [sys.executable, "-c", MAIN, "report", "october-10", "-o", "out.html"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(3)
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (130, "", "")
    assert not list(folder.glob("out.html*"))


HARD = """
import threading, os, signal, time
import numpy as np
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import Program

dice = np.random.default_rng(0)
columns, rows = 60, 8
split = dice.integers(0, 99, (rows, columns)).astype(float)
half = np.floor(split.sum(axis=1) / 2)
matrix = np.hstack([split, np.eye(rows), -np.eye(rows)])
every = columns + 2 * rows
program = Program(
    cost=np.r_[np.zeros(columns), np.ones(2 * rows)],
    lower=np.zeros(every),
    upper=np.r_[np.ones(columns), np.full(2 * rows, 1e9)],
    row_lower=half,
    row_upper=half,
    start=np.arange(rows + 1) * every,
    column=np.tile(np.arange(every), rows),
    coefficient=matrix.ravel(),
    integer=np.r_[np.ones(columns, bool), np.zeros(2 * rows, bool)],
)
threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    run(program, time_limit=60)
except KeyboardInterrupt:
    print("stopped")
small = Program(cost=[1.0], lower=[0.0], upper=[9.0], row_lower=[2.0], row_upper=[9.0],
                start=[0, 1], column=[0], coefficient=[1.0])
print(run(small).columns)
"""


def test_while_highs_searches(folder):
    """A market split of 60 halves keeps a branch and bound busy for hours."""
    before = time.monotonic()
    done = run(folder, HARD)
    assert (done.stdout, done.stderr) == ("stopped\n[2.]\n", "")
    assert time.monotonic() - before < 30


DENSE = """
import os, signal, threading, time
import numpy as np
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import Program

dice = np.random.default_rng(0)
rows, columns = 1500, 3000
matrix = dice.random((rows, columns)) * (dice.random((rows, columns)) < 0.3)
row, column = np.nonzero(matrix)
program = Program(
    cost=dice.random(columns),
    lower=np.zeros(columns),
    upper=np.full(columns, 10.0),
    row_lower=0.5 * matrix.sum(axis=1),
    row_upper=np.full(rows, np.inf),
    start=np.append(0, np.cumsum(np.bincount(row, minlength=rows))),
    column=column,
    coefficient=matrix[row, column],
)
begun = time.monotonic()
run(program, interior=INTERIOR)
whole = time.monotonic() - begun
threading.Timer(0.1 * whole, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    begun = time.monotonic()
    run(program, interior=INTERIOR)
except KeyboardInterrupt:
    print("stopped" if time.monotonic() - begun < 0.8 * whole else "at the end")
"""


@pytest.mark.parametrize("interior", ["False", "True"])
def test_while_highs_solves_a_linear_program(folder, interior):
    """Long before its end; interior point swallows what is raised while it calls back."""
    done = run(folder, DENSE.replace("INTERIOR", interior))
    assert (done.stdout, done.stderr) == ("stopped\n", "")


SEARCHES = {
    "worst ogd -T 9 -P 3": ("between", "loses"),
    "axioms queue --prove --tries 9": ("z3", "UNKNOWN"),
    "worst queue --exact --accounts 4 --spread 3": ("between", "saved by splitting"),
    "design ogd --over step=0.05:1 -T 6 -P 2": ("between", "V(P)"),
    "vouch ogd:1e-8": ("program", "not known"),
    "worst robust -T 9 -P 3": ("search 2", "loses"),
    "worst metaflux-ogd -T 6 -P 2": ("between", "loses"),
    "worst ogd --exact -T 9 -P 3": ("between", "loses"),
}
"""Verbs that search, what they tell on the way, and what they say whenever they are stopped."""


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("verb", by_day(3, [*SEARCHES]))
def test_ctrl_c_ends_a_search_with_what_is_known(run, monkeypatch, verb, first):
    mark, known = SEARCHES[verb]
    told = []

    @contextmanager
    def telling(total, doing):
        def step(text):
            told.append(first or mark in text)
            if told.count(True) == told[-1] == 1:
                os.kill(os.getpid(), signal.SIGINT)

        yield step

    monkeypatch.setattr(command, "progress", telling)
    code, out, err = run(*verb.split())
    assert (code, err) == (0, "")
    assert known in out
    assert any(told)


@pytest.mark.parametrize("verb", by_day(2, [*SEARCHES]))
def test_a_limit_that_is_over_at_once_ends_it_too(run, verb):
    code, out, err = run(*verb.split(), "--time-limit", "0.001")
    assert (code, err) == (0, "")
    assert SEARCHES[verb][1] in out
