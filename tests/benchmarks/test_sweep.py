"""One chunk of a sweep: generated, played by four policies, scored, and its optimum found."""

import polars as pl
import pytest

from adlopt.sweep import read_sweep
from adlopt.sweep.chunk import play_chunk

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
