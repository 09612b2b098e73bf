"""How many simulated crashes of sixty steps one core plays in a second: OPS in the table."""

from itertools import count

import pytest

from adlopt.simulation import Scenario, simulate

pytest.importorskip("pytest_benchmark")


@pytest.mark.parametrize("accounts", [100, 300, 1_000, 3_000])
@pytest.mark.parametrize("name", ["hyperliquid", "percolator", "reya", "persistence+pro-rata"])
def test_crashes_a_second(benchmark, name, accounts):
    scenario, seeds = Scenario(accounts=accounts), count()

    def play():
        return simulate(name, scenario, seed=next(seeds)).outcome

    assert benchmark.pedantic(play, rounds=10).liquidated > 0
