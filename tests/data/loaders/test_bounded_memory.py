"""Large files pass through in bounded memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from venue_files import ENRICHED, T0, detail_row

import adlopt as adl

ROWS = 10_000_000
MEASURE = """
import resource, sys
from adlopt.data.loaders import read_detail, rounds_of
with read_detail(sys.argv[1]) as fills:
    loaded = rounds_of(fills, name="large")
print(int(loaded.rounds["fills"].sum()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
BYTES_A_ROW, WORKSPACE = 100, 200e6
"""What a row more may take: a third of its 290 bytes of text, far less than the table in memory."""


def write(path, rows):
    """5,000 accounts in 20 rounds, whatever the number of rows."""
    template = detail_row()
    cells = {
        "user": lambda i: f"0x{i % 5_000:040x}",
        "coin": lambda i: f"C{i % 160}",
        "time": lambda i: T0 + 60_000 * (i * 20 // rows) + i % 4_000,
        "closed_pnl": lambda i: i % 977 + 0.25,
        "liquidated_user": lambda i: f"0x{i % 700:040x}",
    }
    fixed = {name: str(template[name]) for name in ENRICHED}
    order = [cells.get(name) or (lambda i, name=name: fixed[name]) for name in ENRICHED]
    with Path(path).open("w") as file:
        file.write(",".join(ENRICHED) + "\n")
        for i in range(rows):
            file.write(",".join([str(cell(i)) for cell in order]) + "\n")
    return path


def peak(path):
    env = os.environ | {
        "PYTHONPATH": str(Path(adl.__file__).parents[1]),
        "POLARS_MAX_THREADS": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fills, kilobytes = map(int, done.stdout.split())
    return fills, kilobytes * 1e3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("large")


@pytest.mark.nightly("ten million rows")
def test_ten_times_the_rows_do_not_take_ten_times_the_memory(folder):
    few, small = peak(write(folder / "few.csv", ROWS // 10))
    many, large = peak(write(folder / "many.csv", ROWS))
    assert (few, many) == (ROWS // 10, ROWS)
    assert large - small < WORKSPACE + BYTES_A_ROW * (many - few), (small, large)
