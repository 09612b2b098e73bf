"""How long the minimax loss of sixteen rounds takes; run with --benchmark-enable."""

import adlopt as adl
from adlopt.minimax import minimax


def test_sixteen_rounds_on_a_grid_of_400(benchmark):
    deficit = adl.episodes.october_10().deficit
    ends = benchmark(minimax, deficit, 7.0595, grid=400)
    assert ends.lower < ends.upper
