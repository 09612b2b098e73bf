"""How long the minimax loss of sixteen rounds takes."""

import adlopt as adl
from adlopt.bounds.game.minimax_value import minimax


def test_sixteen_rounds_on_a_grid_of_400(measure):
    deficit = adl.episodes.october_10().deficit
    ends = measure(
        lambda: minimax(deficit, 7.0595, grid=400),
        problem="minimax loss over severities",
        n=400,
        size="16 rounds, a grid of 400",
        rounds=3,
    )
    assert ends.lower < ends.upper
