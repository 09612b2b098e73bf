"""One chunk of a sweep, of episodes with their optimum or of crashes, under four policies."""

import polars as pl
import pytest

from adlopt.studies.sweep import read_sweep
from adlopt.studies.sweep.plan import play_chunk

SPEC = """
policies = ["persistence", "queue:leverage", "constant:0.25", "estimate+min-max:equity"]
seeds = 8
chunk = 8
[[episode]]
source = "shock"
winners = {}
[[loss]]
name = "priced"
kind = "asymmetric"
under = 2.0
over = 1.0
fair = 1e5
"""


@pytest.mark.parametrize("winners", [1_000, 20_000])
def test_eight_episodes(measure, tmp_path, winners):
    path = tmp_path / "spec.toml"
    path.write_text(SPEC.format(winners))
    (chunk,) = read_sweep(path).chunks()
    played = measure(
        lambda: play_chunk(chunk),
        problem="a sweep: 8 episodes, four policies, a loss with its optimum",
        size=f"16 rounds of {winners:,} winners",
        n=8 * 16 * winners,
        rounds=5,
    )
    assert len(pl.read_parquet(played)) == len(chunk)


CRASHES = """
policies = ["hyperliquid", "reya", "persistence", "constant:1+queue"]
seeds = 8
chunk = 8
[[scenario]]
accounts = {}
"""


@pytest.mark.parametrize("accounts", [300, 1_000])
def test_eight_crashes(measure, tmp_path, accounts):
    path = tmp_path / "spec.toml"
    path.write_text(CRASHES.format(accounts))
    (chunk,) = read_sweep(path).chunks()
    played = measure(
        lambda: play_chunk(chunk),
        problem="a sweep: 8 crashes in a closed loop, each under four policies",
        size=f"60 steps of {accounts:,} accounts",
        n=8 * 60 * accounts,
        rounds=3,
    )
    assert len(pl.read_parquet(played)) == len(chunk)
