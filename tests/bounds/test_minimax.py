"""The minimax loss: against exhaustive games in fractions, adversaries in play, and October 10."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.bounds.game.minimax_value import Game, closed_form, largest, minimax, minimax_weighted
from adlopt.bounds.quantity import MOVED_BIG, P, big_rounds
from adlopt.model.episode import path_variation
from adlopt.policies.catalogue import SEVERITIES
from adlopt.policies.experts import Ader
from adlopt.policies.gradient import ProjectedOGD
from adlopt.policies.severity import Constant


def game(deficit, cost, budget, grid):
    """V of the game on the grid, in fractions, with the policy free on the whole line."""

    @cache
    def value(t, last, left):
        if t == len(deficit):
            return Fraction(0)
        replies = [
            (Fraction(a, grid), value(t + 1, a, left - paid))
            for a in range(grid + 1)
            if (paid := 0 if last is None else cost[t] * abs(a - last)) <= left
        ]
        places = {a for a, _ in replies}
        crossings = {
            (b + after_b / deficit[t] + a - after_a / deficit[t]) / 2
            for a, after_a in replies
            for b, after_b in replies
        }
        return min(
            max(deficit[t] * abs(x - a) + after for a, after in replies) for x in places | crossings
        )

    return value(0, None, budget)


@pytest.mark.parametrize("seed", range(10))
def test_against_the_exhaustive_game(seed):
    rng = np.random.default_rng(seed)
    rounds, grid = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    deficit = [int(d) for d in rng.integers(1, 6, rounds)]
    steps = int(rng.integers(0, grid * rounds + 1))
    exact = float(game(tuple(deficit), (1,) * rounds, steps, grid))
    adversary = Game.of(deficit, steps / grid, grid)
    assert adversary.value.lower == pytest.approx(exact, rel=1e-9)
    assert adversary.value.lower <= exact
    ends = minimax(deficit, steps / grid, grid)
    assert ends.lower <= max(exact, closed_form(deficit, steps / grid).lower)
    capped = min(steps, grid * (rounds - 1))
    above = float(game(tuple(deficit), (1,) * rounds, capped + 1, grid)) + sum(deficit) / grid
    assert ends.upper >= min(above, closed_form(deficit, steps / grid).upper) * (1 - 1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_weighted_game_is_a_lower_bound_and_exact_where_nothing_is_rounded(seed):
    rng = np.random.default_rng(seed)
    rounds, grid = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    deficit = [int(d) for d in rng.integers(1, 4, rounds)]
    steps = int(rng.integers(0, 3 * grid))
    exact = float(game(tuple(deficit), tuple(deficit), steps, grid))
    ends = minimax_weighted(deficit, steps / grid, grid, fineness=6)
    assert ends.lower == pytest.approx(min(exact, ends.upper), rel=1e-9)


deficits = st.lists(
    st.one_of(st.floats(0.01, 100), st.sampled_from([0.0, 1.0])), min_size=1, max_size=6
)


@given(deficits, st.floats(0, 6), st.integers(1, 30))
@examples(37)
def test_the_ends_are_in_order_and_the_theorem_holds(deficit, variation, grid):
    ends, theorem = minimax(deficit, variation, grid), closed_form(deficit, variation)
    assert theorem.lower <= ends.lower <= ends.upper * (1 + 1e-12) + 1e-12
    assert ends.upper <= theorem.upper
    finer = minimax(deficit, variation, 4 * grid)
    assert finer.lower <= ends.upper * (1 + 1e-12) + 1e-12
    assert ends.lower <= finer.upper * (1 + 1e-12) + 1e-12


def exact_top(sizes, count):
    ordered = sorted(map(Fraction, sizes), reverse=True)
    shares = [min(max(Fraction(count) - k, 0), 1) for k in range(len(ordered))]
    return sum((share * size for share, size in zip(shares, ordered, strict=True)), Fraction(0))


@given(deficits, st.floats(0, 8))
@examples(40)
def test_closed_ends_are_the_floats_just_outside(deficit, variation):
    first, rest = Fraction(deficit[0]), deficit[1:]
    lower = (first + exact_top(rest, math.floor(variation))) / 2
    upper = min(sum(map(Fraction, deficit)) / 2, first / 2 + exact_top(rest, variation))
    ends = closed_form(deficit, variation)
    assert ends.lower <= lower < math.nextafter(ends.lower, math.inf)
    assert math.nextafter(ends.upper, -math.inf) < upper <= ends.upper


@given(deficits, st.floats(0, 20), st.integers(1, 8))
@examples(25)
def test_weighted_ends_are_outside_what_is_exact(deficit, budget, grid):
    ends = minimax_weighted(deficit, budget, grid, fineness=4)
    upper = Fraction(deficit[0]) / 2 + min(sum(map(Fraction, deficit[1:])) / 2, Fraction(budget))
    assert ends.lower <= ends.upper
    assert math.nextafter(ends.upper, -math.inf) < upper <= ends.upper


@given(deficits, st.floats(0, 5), st.floats(0, 1))
@examples(25)
def test_more_variation_never_costs_less(deficit, variation, more):
    less, greater = (minimax(deficit, v, 20) for v in (variation, variation + more))
    assert less.lower <= greater.lower
    assert less.upper <= greater.upper * (1 + 1e-12)


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e6)), max_size=6).map(np.array),
    st.floats(0, 8),
)
def test_the_knapsack_is_concave_and_total(sizes, count):
    total = largest(sizes, count)
    assert 0 <= total <= math.fsum(sizes) * (1 + 1e-12)
    middle = largest(sizes, count + 0.5)
    assert 2 * middle >= (total + largest(sizes, count + 1)) * (1 - 1e-12)


ARGUMENT = {"constant": 0.3}
RULES = [
    make(ARGUMENT[name]) if name in ARGUMENT else make()
    for name, make in SEVERITIES.items()
    if name not in ("ogd", "estimate", "needed-minimax")
] + [ProjectedOGD(step=0.02), ProjectedOGD(step=0.3, first=1.0), Ader(3), Constant(0.5)]


def worst_play(rule, adversary, deficit):
    """Loss of a rule against the adversary, and the path it was dealt."""
    state, last, left, loss, path = rule.begin(), None, adversary.budget, 0.0, []
    for t, size in enumerate(deficit):
        start = adl.RoundStart(t=t + 1, account=["a"], capacity=[1e9], deficit=size)
        theta = rule.decide(state, start)
        last, left = adversary.reply(t, theta, last, left)
        loss += size * abs(theta - last)
        path.append(last)
        state = rule.learn(state, start, theta, adl.RoundOutcome(needed=last * size))
    return loss, path


@dataclass(frozen=True)
class Drawn:
    """A rule that plays numbers drawn beforehand: any sequence of severities is a policy."""

    severities: tuple
    name: str = "drawn"
    information: adl.Information = adl.Information.ROUND_START

    def begin(self):
        return 0

    def decide(self, state, start):
        return self.severities[state]

    def learn(self, state, start, theta, outcome):
        return state + 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("variation", [0.0, 0.6, 2.0])
def test_no_policy_escapes_the_adversary(rule, variation):
    for seed in range(3):
        deficit = np.random.default_rng(seed).lognormal(1.0, 1.0, 6)
        adversary = Game.of(deficit, variation, grid=20)
        loss, path = worst_play(rule, adversary, deficit)
        assert sum(abs(np.diff(path))) <= variation + 1e-12
        assert loss >= adversary.value.lower * (1 - 1e-12)


units = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0]))


@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=6),
    st.lists(units, min_size=6, max_size=6),
    st.floats(0, 6),
    st.integers(1, 30),
)
@examples(40)
def test_whatever_is_played_loses_as_much(deficit, severities, variation, grid):
    game_ = Game.of(deficit, variation, grid)
    loss, path = worst_play(Drawn(tuple(severities)), game_, deficit)
    assert path_variation(np.array(path)) <= variation + 1e-12
    assert loss >= game_.value.lower * (1 - 1e-12)
    assert game_.value.lower >= closed_form(deficit, variation).lower


@pytest.mark.parametrize("seed", range(8))
def test_the_crossing_severity_is_optimal_on_the_grid(seed):
    """Against every path of the grid it loses no more than the exhaustive game is worth."""
    rng = np.random.default_rng(seed)
    rounds, grid = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    deficit = [int(d) for d in rng.integers(1, 6, rounds)]
    steps = int(rng.integers(0, grid * (rounds - 1) + 1))
    exact = float(game(tuple(deficit), (1,) * rounds, steps, grid))
    solved = Game.of(deficit, steps / grid, grid)
    losses = []
    for places in product(range(grid + 1), repeat=rounds):
        if sum(map(abs, np.diff(places))) <= solved.budget:
            loss, last, left = 0.0, None, solved.budget
            for t, place in enumerate(places):
                loss += deficit[t] * abs(solved.severity(t, last, left) - place / grid)
                left -= 0 if t == 0 else abs(place - places[t - 1])
                last = place / grid
            losses.append(loss)
    assert max(losses) == pytest.approx(exact, rel=1e-9)


def test_october_10_by_path_variation():
    deficit = adl.episodes.october_10().deficit
    millions = {
        0.0: (5.463, 5.463),
        1.0: (16.81, 17.08),
        1.2711: (19.66, 19.94),
        2.0: (27.38, 27.65),
        3.0: (36.79, 37.06),
        7.0595: (49.98, 50.03),
    }
    for variation, (lower, upper) in millions.items():
        ends = minimax(deficit, variation)
        digits = 3 if variation == 0 else 2
        assert round(ends.lower / 1e6, digits) == lower
        assert round(ends.upper / 1e6, digits) == upper


@pytest.mark.parametrize(
    ("variation", "grid", "upper"), [(2.0, 300, 27.74), (3.0, 200, 37.33), (2.0, 1000, 27.49)]
)
def test_october_10_by_grid(variation, grid, upper):
    """Only the slack Σ D/N of the upper end depends on N here: whole P need no finer grid."""
    deficit = adl.episodes.october_10().deficit
    ends = minimax(deficit, variation, grid)
    assert round(ends.upper / 1e6, 2) == upper
    assert ends.lower == pytest.approx(minimax(deficit, variation).lower, rel=1e-9)


def test_october_10_in_closed_form():
    deficit = adl.episodes.october_10().deficit
    for variation, lower, upper in (
        (0.0, 5.46, 5.46),
        (1.0, 11.38, 17.29),
        (2.0, 17.21, 28.96),
        (3.0, 22.68, 39.91),
        (7.0595, 44.55, 50.03),
    ):
        ends = closed_form(deficit, variation)
        assert (round(ends.lower / 1e6, 2), round(ends.upper / 1e6, 2)) == (lower, upper)
    assert round(closed_form(deficit, 1.2711).upper / 1e6, 2) == 20.46


def test_october_10_where_the_paper_stands():
    episode = adl.episodes.october_10()
    ends = minimax(episode.deficit, P.measure(episode))
    assert round(ends.upper, 2) == 50_031_693.34
    assert ends.lower > 49_984_000
    assert minimax(episode.deficit, 7.0595, grid=17).lower >= 49_985_036, "P is almost 120/17"


def test_october_10_by_dollars_moved():
    episode = adl.episodes.october_10()
    ends = minimax_weighted(episode.deficit[big_rounds(episode)], MOVED_BIG.measure(episode))
    assert (round(ends.lower / 1e6, 2), round(ends.upper / 1e6, 2)) == (19.87, 20.03)
    assert ends.upper <= 1.01 * ends.lower


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_scale_does_not_matter(scale):
    deficit = np.array([3.0, 1.0, 2.0])
    ends, scaled = minimax(deficit, 0.7, 50), minimax(scale * deficit, 0.7, 50)
    assert scaled.lower == pytest.approx(scale * ends.lower, rel=1e-9)
    assert scaled.upper == pytest.approx(scale * ends.upper, rel=1e-9)


def test_nothing_owed():
    assert minimax([0.0, 0.0], 1.0).upper == 0.0
    assert minimax_weighted([0.0, 0.0], 1.0).upper == 0.0
    assert minimax_weighted([4.0], 1.0).lower == pytest.approx(2.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: minimax([], 1.0),
        lambda: minimax([1.0], -1.0),
        lambda: minimax([1.0], math.nan),
        lambda: minimax([1.0], 1.0, grid=0),
        lambda: minimax([1.0], 1.0, grid=2.5),
        lambda: minimax_weighted([-1.0], 1.0),
        lambda: minimax_weighted([1.0], 1.0, grid=0),
        lambda: minimax_weighted([1.0], 1.0, grid=True),
        lambda: minimax_weighted([1.0], 1.0, fineness=0),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(adl.InputError):
        call()
