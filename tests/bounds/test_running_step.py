"""The running step meets Proposition 1's form with equality, over any odd number of rounds.

D = 1, then ¾ and 15/16 of 1, then of 25/16, and so on; θ_1 = 1, θ* just above 0. Each pair of
rounds lifts θ to 3/5 and takes it back to 0, and the loss stays √S: the constant before
√(S (1 + 2P)) is 1 at least. `proofs/running_step.py` has 3/2 where nothing moves, less elsewhere.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

import adlopt as adl
from adlopt.bounds import PROPOSITION_1
from adlopt.bounds.gradient_steps import RUNNING
from adlopt.policies.gradient import RunningOGD
from adlopt.studies.adversary.arena import Arena
from adlopt.studies.adversary.worst_case import replay


def deficits(pairs):
    """And √S, which is rational after each pair."""
    found, root = [Fraction(1)], Fraction(1)
    for _ in range(pairs):
        found += [root * Fraction(3, 4), root * Fraction(15, 16)]
        root *= Fraction(25, 16)
    return found, root


@pytest.mark.parametrize("pairs", [0, 1, 6])
def test_the_loss_is_the_root_of_the_squares_in_fractions(pairs):
    """θ* = 0+, so that θ = 0 is below it; each step is D/√S, of rational √S at every round."""
    sizes, root = deficits(pairs)
    theta, squares, loss = Fraction(1), Fraction(0), Fraction(0)
    for size in sizes:
        squares += size**2
        side = Fraction(math.isqrt(squares.numerator), math.isqrt(squares.denominator))
        assert side**2 == squares
        loss += size * theta
        theta = max(Fraction(0), theta - size / side) if theta > 0 else size / side
    assert loss == root
    assert loss**2 == squares


@pytest.mark.parametrize("pairs", [0, 1, 6])
def test_the_rule_that_ships_loses_as_much(pairs):
    rounds = [
        adl.Round.of(t=t, capacity=[float(d)], deficit=float(d), needed=0.0)
        for t, d in enumerate(deficits(pairs)[0], start=1)
    ]
    arena = Arena.of(adl.Episode(name="given", rounds=rounds), 0.0)
    instance = arena.instance(np.full(len(rounds), 1e-12))
    loss = replay(RunningOGD(first=1.0), instance)
    assert loss == pytest.approx(PROPOSITION_1.value(instance), rel=1e-9)
    assert loss == pytest.approx(RUNNING.value(instance) * 2 / 3, rel=1e-9)
