"""One round, continuous: the least worst burden, the losses of Eqs. 9 and 10, and their proofs."""

from fractions import Fraction

import numpy as np
import peers
import pytest
import real_shaped

import adlopt as adl
from adlopt.foundation.exact import exact_sum
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import certify
from adlopt.optimum.core.waterfill import optimum, water_level
from adlopt.optimum.programs.of_dollars import state_alone
from adlopt.optimum.programs.patterns import Patterns

ON_EQUITY = adl.MinMax(burden=adl.Burden.EQUITY)


def stated(n, loss):
    capacity, equity = real_shaped.accounts(n)
    round_ = adl.Round.of(
        capacity=capacity, deficit=1.0, needed=real_shaped.budget(capacity), equity=equity
    )
    return BurdenProblem.of(round_, loss)


def bounded_level(problem):
    """The least worst burden, and what no haircut can stay below: (B − U(Aᶜ)) / E(A)."""
    level = water_level(problem.weight, problem.capacity, problem.budget)
    free = problem.capacity > problem.weight * level
    weight, filled = exact_sum(problem.weight[free]), exact_sum(problem.capacity[~free])
    return level, (Fraction(problem.budget) - filled) / weight


def by_highs(problem):
    return Patterns.of(state_alone(problem, ON_EQUITY)).solve().columns


@pytest.mark.parametrize(
    ("n", "compiled"),
    [(20_000, False), (1_000_000, True), (1_000_000, False)],
    indirect=["compiled"],
)
def test_least_burden_and_its_exact_bound(measure, n, compiled):
    problem = stated(n, ON_EQUITY)
    u, w, aim = problem.capacity, problem.weight, problem.budget
    others = {"100 bisections": lambda: peers.bisected_level(w, u, aim)}
    if n == 20_000:
        others["HiGHS, by tangents"] = lambda: by_highs(problem)
    level, bound = measure(
        lambda: bounded_level(problem), problem=f"min–max burden{compiled}", n=n, peers=others
    )
    assert bound == pytest.approx(level, rel=1e-12)


@pytest.mark.parametrize("compiled", [True], indirect=True)
def test_certified_haircut(measure, compiled):
    problem = stated(1_000_000, ON_EQUITY)
    certificate = measure(
        lambda: certify(problem, *optimum(problem)),
        problem=f"min–max haircut, certified{compiled}",
        n=1_000_000,
    )
    assert certificate.optimal
    assert certificate.trust is adl.Trust.EXACT


def test_pro_rata(measure):
    capacity, _ = real_shaped.accounts(20_000)
    aim, listed = real_shaped.budget(capacity), capacity.tolist()
    measure(
        lambda: adl.pro_rata(capacity, aim),
        problem="pro-rata, checked",
        n=20_000,
        peers={"a loop": lambda: peers.looped_pro_rata(listed, aim)},
    )


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("loss (10), equity", adl.surrogate(track=1.0, fair=1e6, burden=adl.Burden.EQUITY)),
        (
            "loss (9), equity",
            adl.Asymmetric(under=1.0, over=0.3, fair=1e6, burden=adl.Burden.EQUITY),
        ),
        (
            "loss (10), equity, less than the budget",
            adl.surrogate(track=1.0, fair=4e7, burden=adl.Burden.EQUITY),
        ),
    ],
)
def test_losses_in_closed_form(measure, name, loss):
    problem = stated(20_000, loss)
    haircut, multipliers = measure(
        lambda: optimum(problem),
        problem=name,
        n=20_000,
        peers={"HiGHS, by tangents": lambda: by_highs(problem)},
    )
    assert certify(problem, haircut, multipliers).optimal


def test_building_a_round(measure):
    capacity, equity = real_shaped.accounts(1_000_000)
    names = [f"0x{i:040x}" for i in range(1_000_000)]
    round_ = measure(
        lambda: adl.Round.of(
            capacity=capacity, deficit=1.0, needed=1.0, equity=equity, account=names
        ),
        problem="a Round, every id and number checked",
        n=1_000_000,
        rounds=5,
    )
    assert np.array_equal(round_.start.capacity, capacity)
