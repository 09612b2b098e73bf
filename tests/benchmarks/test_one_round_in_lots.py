"""One round, one lot size an account: the least worst burden in whole lots, exact."""

import numpy as np
import peers
import pytest
import real_shaped

import adlopt as adl
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.lots.least_burden import certify, least_burden
from adlopt.optimum.lots.levels import level_reaching
from adlopt.optimum.lots.lot_grid import LotGrid

SIZES = pytest.mark.parametrize(
    ("n", "compiled"),
    [(20_000, False), (1_000_000, True), (1_000_000, False)],
    indirect=["compiled"],
)


def stated(n, *, lot):
    capacity, equity = real_shaped.accounts(n)
    round_ = adl.Round.of(
        capacity=capacity,
        deficit=1.0,
        needed=real_shaped.budget(capacity),
        equity=equity,
        lot=real_shaped.lots(n) if lot is None else lot,
    )
    problem = BurdenProblem.of(round_, adl.MinMax(burden=adl.Burden.EQUITY))
    return problem, LotGrid.of_wealth(problem)


def at_least(grid):
    """The least level whose lots raise the budget or more, and the lots."""
    level = level_reaching(grid, grid.least)
    return level, grid.units_at(level)


@SIZES
@pytest.mark.filterwarnings("ignore::DeprecationWarning:pulp")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:peers")
def test_at_least_the_budget(measure, n, compiled):
    problem, grid = stated(n, lot=None)
    others = {}
    if n == 20_000:
        pytest.importorskip("pulp")
        theirs = []
        data = problem.capacity, problem.weight, problem.lot, problem.budget
        others["CBC through PuLP, 30 s"] = lambda: theirs.append(peers.whole_lots_by_cbc(*data))
    level, counts = measure(
        lambda: at_least(grid), problem=f"lots, at least the budget{compiled}", n=n, peers=others
    )
    assert grid.supply_below(level)[1] < grid.least <= grid.total(counts)
    for counts in (given[grid.account] for given in (theirs if others else [])):
        if grid.total(counts) >= grid.least:
            assert grid.level_of(grid.amounts(counts)) >= level


@SIZES
def test_exactly_the_budget(measure, n, compiled):
    _, grid = stated(n, lot=None)
    counts = measure(
        lambda: least_burden(grid).counts, problem=f"lots, exactly the budget{compiled}", n=n
    )
    assert grid.total(counts) == grid.least


@SIZES
def test_exactly_the_budget_in_micro_dollars(measure, n, compiled):
    _, grid = stated(n, lot=1e-6)
    answer = measure(
        lambda: least_burden(grid), problem=f"micro-dollars, exactly the budget{compiled}", n=n
    )
    assert grid.total(answer.counts) == grid.least
    assert answer.stopped is adl.Stopped.OPTIMAL


@SIZES
@pytest.mark.parametrize(("name", "lot"), [("lots", None), ("micro-dollars", 1e-6)])
def test_the_check(measure, n, compiled, name, lot):
    _, grid = stated(n, lot=lot)
    answer = least_burden(grid)

    def checked():
        """Every count in its bounds, the sum exact, and too little below the worst burden."""
        counts = answer.counts
        level = grid.level_of(grid.amounts(counts))
        inside = (counts >= 0).all() and (counts <= grid.most).all()
        return inside and grid.total(counts) == grid.least > grid.supply_below(level)[1]

    assert measure(checked, problem=f"{name}, check of it{compiled}", n=n)
    certificate = certify(grid, answer.counts, answer.lower)
    assert certificate.optimal
    assert np.isfinite(certificate.upper)
