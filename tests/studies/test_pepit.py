"""PEPit, which bounds methods over classes of convex functions by a semidefinite program.

Its class is larger: losses that slope by no more than 1, least at θ*_t, in as many dimensions as it
takes, on a set of diameter 1. Of θ* it is told Σ |θ*_t − θ*_{t−1}|² ≤ P², which P implies. So no
worst case of unit deficits exceeds what it finds; where one dimension suffices, the two meet.
"""

import math
from itertools import pairwise, product

import pytest
from PEPit import PEP
from PEPit.functions import ConvexIndicatorFunction, ConvexLipschitzFunction
from PEPit.primitive_steps import proximal_step
from tiers import by_day

from adlopt.policies.gradient import AdaGradOGD, ProjectedOGD
from adlopt.policies.severity_notation import clip
from adlopt.studies.adversary.worst import worst

WITHIN = 1e-5
"""Relative, of a semidefinite program."""
ROOT = math.sqrt(0.5)


class Larger:
    """Projected steps on losses of PEPit's class."""

    def __init__(self, steps):
        self.problem = PEP()
        self.box = self.problem.declare_function(ConvexIndicatorFunction, D=1.0)
        self.first, self.total, self.losses = self.point(), 0.0, []
        x = self.first
        for step in steps:
            loss = self.problem.declare_function(ConvexLipschitzFunction, M=1.0)
            slope, value = loss.oracle(x)
            self.total, x = self.total + value, proximal_step(x - step * slope, self.box, 1.0)[0]
            self.losses.append(loss)

    def point(self):
        point = self.problem.set_initial_point()
        self.box.oracle(point)
        return point

    def beyond(self, points):
        """The most that is lost beyond these points, one a round."""
        for loss, point in zip(self.losses, points, strict=True):
            self.total = self.total - loss(point)
        self.problem.set_performance_metric(self.total)
        return self.problem.solve(verbose=0, wrapper="cvxpy")

    def along(self, first, variation):
        """Beyond the least of each loss, which lies as far from the first point as it can."""
        needed = (
            [self.point() for _ in self.losses] if variation else [self.point()] * len(self.losses)
        )
        for loss, point in zip(self.losses, needed, strict=True):
            loss.add_point((point, 0.0 * point, loss(point)))
            far = max(first, 1.0 - first)
            self.problem.set_initial_condition((self.first - point) ** 2 <= far**2)
        if variation:
            moved = sum((one - other) ** 2 for one, other in pairwise(needed))
            self.problem.add_constraint(moved <= variation**2)
        return self.beyond(needed)

    def against_one(self):
        """Beyond the point that is best in hindsight."""
        return self.beyond([self.point()] * len(self.losses))


RULES = [
    (rounds, variation, rule)
    for rounds in (3, 2, 4, 5)
    for variation in (1.0, 0.5)
    for rule in (ProjectedOGD(step=0.8), AdaGradOGD(), ProjectedOGD(step=0.3, first=0.8))
]


@pytest.mark.parametrize("case", by_day(2, RULES))
def test_no_worst_case_exceeds_that_of_the_larger_class(case):
    rounds, variation, rule = case
    c = getattr(rule, "c", None)
    steps = [rule.step if c is None else c / math.sqrt(t) for t in range(1, rounds + 1)]
    ours = worst(rule, rounds=rounds, variation=variation, exact=True)
    assert ours.upper <= Larger(steps).along(rule.first, variation) * (1 + WITHIN)


MEETING = [
    (4, 0.0, 0.5, 1.0, 2.0),
    (2, 1.0, ROOT, 0.5, 1.5),
    (4, 0.0, 0.25, 0.5, 1.0),
    (9, 0.0, 1 / 3, 1.0, 3.0),
    (9, 0.0, 1 / 6, 0.5, 1.5),
]


@pytest.mark.parametrize("case", by_day(3, MEETING))
def test_they_meet_where_one_dimension_suffices(case):
    """(θ_1 − θ*)²/2η + η T/2 at P = 0: |θ_1 − θ*| √T with the best step."""
    rounds, variation, step, first, loss = case
    ours = worst(ProjectedOGD(step=step, first=first), rounds=rounds, variation=variation)
    assert ours.loss == pytest.approx(loss, rel=WITHIN)
    assert Larger([step] * rounds).along(first, variation) == pytest.approx(loss, rel=WITHIN)


@pytest.mark.parametrize("rounds", by_day(1, [4, 5, 9]))
def test_from_one_half_the_papers_step_costs_more_in_more_dimensions(rounds):
    """0.625 √T at P = 0, and less where severities are all that there is."""
    step = 1 / math.sqrt(rounds)
    assert Larger([step] * rounds).along(0.5, 0.0) == pytest.approx(0.625 / step, rel=WITHIN)
    ours = worst(ProjectedOGD(step=step), rounds=rounds, variation=0.0)
    assert 0.5 / step * (1 - WITHIN) <= ours.upper < 0.62 / step


@pytest.mark.parametrize("rounds", by_day(2, [4, 3, 1, 2, 5]))
def test_regret_against_the_best_constant(rounds):
    """√T with the step 1/√T: enumerated over all 2^T needs of nothing or all, they meet at 4."""
    step, most = 1 / math.sqrt(rounds), 0.0
    for first, signs in product((0.0, 0.5, 1.0), product((-1, 1), repeat=rounds)):
        theta, lost = first, 0.0
        for sign in signs:
            lost, theta = lost + sign * theta, clip(theta - step * sign)
        most = max(most, lost - min(sum(signs), 0))
    found = Larger([step] * rounds).against_one()
    assert most <= found * (1 + WITHIN)
    assert found == pytest.approx(math.sqrt(rounds), rel=WITHIN)
    if rounds in (1, 4):
        assert most == pytest.approx(found, rel=WITHIN)
