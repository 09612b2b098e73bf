"""Every verb at real size: processor seconds, memory, widths of tables, and JSON by its schema.

Seconds are counted as multiples of `a_second`, a fixed piece of work, so that a gate says the same
on any machine. `-s` prints what was measured.
"""

import csv
import json
import os
import re
import resource
import subprocess
import sys

import msgspec
import numpy as np
import pytest
import real_size
from venue_files import detail_row, write_detail

import adlopt as adl
from adlopt.cli.main import app
from adlopt.show.schema.data import kinds

WIDTHS = (60, 80, 120, 200)
MARKET = ["hyperliquid", "binance", "pro-rata", "queue"]
LIMITED = ["--time-limit", "3"]

GATES = {
    "solve": (["solve", "round.toml"], 2, 250),
    "solve, leximin": (["solve", "round.toml", "--objective", "leximin"], 2, 250),
    "solve, a certificate": (["solve", "round.toml", "--certificate", "proof.json"], 3, 250),
    "check": (["check", "round.toml", "proof.json"], 2, 250),
    "solve, a market": (["solve", "market.json"], 5, 400),
    "match, keep hedges": (["match", "market.json", "--goal", "keep-hedges"], 5, 400),
    "match, least leverage": (["match", "market.json", "--goal", "least-leverage"], 5, 400),
    "deleverage": (["deleverage", "market.json", *(f"-r{rule}" for rule in MARKET)], 5, 500),
    "exposure": (["exposure", "account 10007", "market.json"], 5, 400),
    "compare, a market": (["compare", "market.json", "-r", "hyperliquid"], 5, 500),
    "compare": (["compare", "october.json", "-r", "pro-rata", "-r", "queue"], 5, 500),
    "diagnose": (["diagnose", "october.json"], 8, 500),
    "decide": (["decide", "decision.toml", "--audit", "log.jsonl"], 3, 300),
    "audit": (["audit", "log.jsonl"], 3, 300),
    "play": (["play", "long.json"], 5, 400),
    "bounds": (["bounds", "long.json"], 8, 600),
    "couple": (["couple", "long.json"], 5, 500),
    "couple, priced": (
        ["couple", "long.json", "--under=2", "--over=1", "--fair=1000", *LIMITED], 6, 600
    ),
    "load": (["load", "hyperreplay", "details"], 5, 500),
    "simulate": (["simulate", "--seeds", "1", "--accounts", "20000", "-p", "hyperliquid"], 5, 500),
    "worst": (["worst", "ogd", "--episode", "october-10", *LIMITED], 6, 500),
    "design": (
        ["design", "ogd", "--over", "step=1e-9:1e-6", "--episode", "october-10", *LIMITED], 6, 500
    ),
    "axioms": (["axioms", "queue", "--tries", "50"], 5, 400),
    "vouch": (["vouch", "hyperliquid"], 60, 600),
    "sweep": (["sweep", "sweep.toml", "--workers", "1"], 10, 600),
    "prove": (["prove"], 75, 800),
    "policies": (["policies"], 1, 200),
    "venues": (["venues"], 1, 200),
}  # fmt: skip
"""Of a verb: its words, seconds, and megabytes."""
PAPER = {
    "market": "from a venue's folder, as load",
    "plot": "a picture has no rows",
    "report": "gathers what play, bounds and diagnose print",
    "reproduce": "the size of the paper",
    "new": "writes a template",
    "completion": "is about the verbs",
    "schema": "is about the answers",
}
"""Verbs without a gate, and why."""
WITHOUT_JSON = {"check", "sweep"}
AT_EACH_WIDTH = {"deleverage", "exposure", "compare", "diagnose", "play", "bounds", "decide"}
SWEEP = """
policies = ["constant:0.3+pro-rata", "persistence+queue"]
seeds = 2
[[episode]]
source = "shock"
rounds = 16
winners = 20000
"""


def test_every_verb_has_a_gate_or_a_reason():
    verbs = {name for name in app if not name.startswith("-")}
    assert {words[0] for words, *_ in GATES.values()} | PAPER.keys() == verbs


LIBRARIES = "import sympy, polars, scipy.optimize"


@pytest.fixture(scope="session")
def a_second():
    """Processor seconds that loading some libraries takes, the least of three: a bit of all.

    Loops and sorts alone are up to twice as fast on one processor as on the next, and verbs not.
    """

    def work():
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime

    return min(work() for _ in range(3))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Files of a round, a decision, a market, episodes, a sweep and a venue's table."""
    where = tmp_path_factory.mktemp("gates")
    start, needed = real_size.round_().start, real_size.round_().needed
    columns = [start.account, start.capacity.tolist(), start.equity.tolist()]
    with (where / "accounts.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("account", "capacity", "equity"), *zip(*columns, strict=True)])
    head = f'accounts = "accounts.csv"\ndeficit = {start.deficit!r}\n'
    (where / "round.toml").write_text(f"{head}needed = {needed!r}\n")
    samples = np.random.default_rng(0).lognormal(0.0, 0.4, 500) * needed
    belief = f"[belief]\nsamples = {np.round(samples, 6).tolist()}\n"
    asked = "[decide]\nunder = 5.0\nover = 1.0\nambiguity = 1000.0\n"
    (where / "decision.toml").write_text(head + belief + asked)
    adl.write_market(real_size.market(), where / "market.json")
    adl.write_episode(real_size.episode(), where / "long.json")
    adl.write_episode(real_size.episode(16, real_size.ACCOUNTS), where / "october.json")
    (where / "sweep.toml").write_text(SWEEP)
    (where / "details").mkdir()
    rows = [
        detail_row(user=f"0x{i % 20_000:040x}", coin=f"C{i % 160}", time=1_760_130_900_000 + i)
        for i in range(real_size.POSITIONS)
    ]
    write_detail(where / "details" / "adl_detailed_analysis_REALTIME.csv", rows)
    return where


MEASURED = """
import json, resource, subprocess, sys
code = subprocess.call([sys.executable, "-m", "adlopt", *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000]), file=sys.stderr)
"""
"""Starts a verb from a process that is small: what a child holds counts from its parent's size."""


def ran(folder, words, **environment):
    """What a command prints, its processor seconds, and how many megabytes it held at most."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    code, seconds, megabytes = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return done.stdout, seconds, megabytes


@pytest.mark.nightly("a venue of twenty thousand accounts")
@pytest.mark.parametrize("gate", GATES)
def test_a_verb_stays_within_its_time_and_memory(folder, a_second, gate):
    words, seconds, megabytes = GATES[gate]
    _, taken, held = ran(folder, words, COLUMNS="80")
    print(f"\n{gate}: {taken / a_second:.2f} of {seconds} seconds, {held:.0f} of {megabytes} MB")
    assert taken <= seconds * a_second
    assert held <= megabytes
    if words[0] not in WITHOUT_JSON:
        data = json.loads(ran(folder, [*words, "--json"])[0])
        if "schema" in data:
            msgspec.json.decode(json.dumps(data), type=kinds()[data["schema"].split("/")[1]])
    if words[0] in AT_EACH_WIDTH:
        for width in WIDTHS:
            lines = ran(folder, words, COLUMNS=str(width))[0].splitlines()
            assert max(map(len, lines)) <= width
            assert not any(re.search(r"\d[eE]\+\d", line) for line in lines)
