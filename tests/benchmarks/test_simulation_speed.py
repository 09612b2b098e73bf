"""How long one core plays at a simulated crash of sixty steps."""

from itertools import count

import pytest

from adlopt.studies.simulation import Scenario, simulate


@pytest.mark.parametrize("accounts", [300, 3_000])
@pytest.mark.parametrize("name", ["hyperliquid", "reya", "persistence+pro-rata"])
def test_a_crash(measure, name, accounts):
    scenario, seeds = Scenario(accounts=accounts), count()

    def play():
        return simulate(name, scenario, seed=next(seeds)).outcome

    problem = f"a simulated crash of sixty steps, {name}"
    assert measure(play, problem=problem, n=accounts, rounds=10).liquidated > 0
