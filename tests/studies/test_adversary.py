"""The adversary: exact for projected OGD, honest for every other rule."""

import json
import math
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import product
from typing import ClassVar

import msgspec
import numpy as np
import pytest
import sympy
from hypothesis import given, strategies as st
from tiers import by_day, examples

import adlopt as adl
from adlopt.bounds import BOUNDS, HALF, PROPOSITION_1
from adlopt.bounds.bound import SEVERITY_LOSS, BoundSide
from adlopt.bounds.game.minimax_value import Game, minimax
from adlopt.bounds.quantity import P
from adlopt.model.episode import path_variation
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program
from adlopt.policies.catalogue import SEVERITIES
from adlopt.policies.gradient import ProjectedOGD, paper_ogd
from adlopt.policies.grammar import named
from adlopt.policies.severity import Constant, Persistence
from adlopt.policies.severity_notation import Written
from adlopt.show.adversary import severities, worst_case
from adlopt.show.schema.boards import WorstCaseData
from adlopt.studies.adversary.arena import Arena, Attack, follow, outcome, search, snapped
from adlopt.studies.adversary.worst import unavoidable, worst
from adlopt.studies.adversary.worst_case import (
    MinimaxOptimal,
    Outcome,
    Unavoidable,
    WorstCase,
    answer,
    replay,
)
from adlopt.studies.adversary.written_program import WrittenProgram
from adlopt.studies.adversary.written_worst import solve

UNIT = {"rounds": 3, "variation": 1.0}


@pytest.fixture(scope="module")
def october():
    return adl.episodes.october_10()


@pytest.fixture(scope="module")
def of_the_papers_rule(october):
    """The worst of October's deficits for it, from θ_1 = 1/2 or any, once."""
    return cache(
        lambda any_first: worst("ogd", bound="prop-1", episode=october, any_first=any_first)
    )


def with_deficits(deficit):
    rounds = [
        adl.Round.of(t=t, capacity=[1.0], deficit=d, needed=0.0)
        for t, d in enumerate(deficit, start=1)
    ]
    return adl.Episode(name="given", rounds=rounds)


def top(deficit, budget):
    """D_1/2 plus the knapsack of the later deficits: what persistence from 1/2 cannot exceed."""
    total, left = deficit[0] / 2, budget
    for d in sorted(deficit[1:], reverse=True):
        total, left = total + d * min(left, 1.0), max(left - 1.0, 0.0)
    return total


def enumerated(rule, deficit, variation, grid):
    """Worst case of a rule with rational step over θ* on a grid, in fractions, ties any way."""
    step, deficit = Fraction(rule.step), [Fraction(d) for d in deficit]
    levels = [Fraction(k, grid) for k in range(grid + 1)]

    @cache
    def ahead(t, theta, last, left):
        if t == len(deficit):
            return Fraction(0)
        best = Fraction(-1)
        for u in levels:
            spent = abs(u - last) if last is not None else Fraction(0)
            if spent > left:
                continue
            signs = (-1, 0, 1) if theta == u else (1,) if theta > u else (-1,)
            nexts = {
                min(Fraction(1), max(Fraction(0), theta - step * deficit[t] * s)) for s in signs
            }
            later = max(ahead(t + 1, nxt, u, left - spent) for nxt in nexts)
            best = max(best, deficit[t] * abs(theta - u) + later)
        return best

    return ahead(0, Fraction(rule.first), None, Fraction(variation))


def by_cells(rule, deficit, variation):
    """Worst case of a rule: one linear program in θ* for each sequence of signs, ties any way."""
    best = 0.0
    for signs in product((-1.0, 0.0, 1.0), repeat=len(deficit)):
        theta = [rule.first]
        for d, s in zip(deficit, signs, strict=True):
            theta.append(min(1.0, max(0.0, theta[-1] - rule.step * d * s)))
        with suppress(Infeasible):
            best = max(best, cell(np.array(signs), np.array(theta[:-1]), deficit, variation))
    return best


def cell(signs, theta, deficit, variation):
    n = signs.size
    cost = np.concatenate([deficit * signs, np.zeros(n)])
    lower = np.concatenate([np.where(signs > 0, 0.0, theta), np.zeros(n)])
    upper = np.concatenate([np.where(signs < 0, 1.0, theta), np.ones(n)])
    rows = [((t, t - 1, n + t), (s, -s, 1.0)) for t in range(1, n) for s in (1.0, -1.0)]
    rows.append((tuple(range(n, 2 * n)), (-1.0,) * n))
    least = run(
        Program(
            cost=cost,
            lower=lower,
            upper=upper,
            row_lower=np.array([0.0] * (len(rows) - 1) + [-variation]),
            row_upper=np.full(len(rows), np.inf),
            start=np.cumsum([0, *(len(columns) for columns, _ in rows)]),
            column=np.concatenate([columns for columns, _ in rows]),
            coefficient=np.concatenate([values for _, values in rows]),
        )
    )
    return deficit @ (signs * theta) - cost @ least.columns


@pytest.mark.parametrize(
    ("any_first", "loss", "upper"),
    [
        (False, 89.419681, 89.419682),
        pytest.param(True, 94.882534, 94.882536, marks=pytest.mark.nightly("more nodes")),
    ],
)
def test_the_papers_rule_on_the_october_deficits(
    october, of_the_papers_rule, any_first, loss, upper
):
    case = of_the_papers_rule(any_first)
    assert case.outcome is Outcome.SUPREMUM
    assert loss <= case.loss / 1e6 <= case.upper / 1e6 <= upper
    assert case.gap < 1.0
    assert case.variation == P.measure(october)
    assert case.bound_value == pytest.approx(129_699_802.43, abs=0.01)
    assert case.ratio == pytest.approx(case.loss / 129_699_802.43)


@pytest.mark.parametrize(
    ("rounds", "variation", "ratio"),
    [(4, 0, 1.0), (2, 1, 0.816), (3, 1, 0.833), (4, 1, 0.789), (6, 1, 0.776), (6, 2, 0.774)],
)
def test_ratios_for_unit_deficits(rounds, variation, ratio):
    case = worst("ogd", bound="prop-1", rounds=rounds, variation=variation, any_first=True)
    assert case.outcome is Outcome.SUPREMUM
    assert round(case.ratio, 3) == ratio


@pytest.mark.parametrize("n", [2, 3])
def test_proposition_1_is_tight_where_nothing_moves(n):
    assert "constant 1 is attained" in PROPOSITION_1.tightness_note
    rule = ProjectedOGD(step=1 / n, first=1.0)
    case = worst(rule, bound=PROPOSITION_1, rounds=n * n, variation=0.0)
    assert case.ratio == pytest.approx(1.0, abs=1e-6)
    assert case.loss == pytest.approx(n, abs=1e-5)
    assert 0 < case.instance.needed_severity[0] <= 1e-6, "θ* = 0 is not enough, 0+ is"


@pytest.mark.parametrize("first", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("step", [0.25, 0.5])
@pytest.mark.parametrize("variation", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "deficit", by_day(2, [(1,) * 2, (0.5, 1, 0.5), (1,) * 3, (1,) * 4, (0.5, 1, 1, 0.5)])
)
def test_the_program_agrees_with_enumeration(first, step, variation, deficit):
    rule = ProjectedOGD(step=step, first=first)
    exact = enumerated(rule, deficit, variation, 8)
    solved = solve(rule, Arena.of(with_deficits(deficit), variation))
    assert solved.upper == pytest.approx(float(exact), abs=1e-7)
    assert solved.attack.loss <= float(exact) + 1e-12


def test_one_round():
    case = worst(ProjectedOGD(step=1.0, first=0.25), bound="half", rounds=1, variation=0.0)
    assert (case.loss, case.ratio, case.outcome) == (0.75, 1.5, Outcome.SUPREMUM)


def test_a_supremum_that_only_ties_reach_is_not_claimed():
    rule = ProjectedOGD(step=0.5, first=0.5)
    deficit = (0.75, 0.5, 0.25, 1.0, 0.75)
    case = worst(rule, bound="prop-1", episode=with_deficits(deficit), variation=0.0)
    assert case.outcome is Outcome.BETWEEN
    assert (round(case.loss, 5), round(case.upper, 5)) == (0.65625, 0.8125)
    assert "lies between" in str(case)


def test_a_loss_above_what_is_proven_is_an_error():
    arena = Arena.unit(2, 0.0)
    instance = arena.instance([1.0, 1.0])
    with pytest.raises(adl.CertificateError, match=r"loses 2\.0, more than the most, 1\.5"):
        WorstCase.of(
            Constant(0.0),
            PROPOSITION_1,
            instance,
            arena=arena,
            upper=1.5,
            upper_by="a slip",
            outcome=Outcome.SUPREMUM,
        )


def test_a_tie_inside_is_played_as_a_tie():
    rule = ProjectedOGD(step=1.0, first=0.5)
    deficit = (0.1, 0.25, 0.75, 1.0, 0.25)
    case = worst(rule, bound="half", episode=with_deficits(deficit), variation=0.5)
    assert case.outcome is Outcome.SUPREMUM
    assert case.loss == pytest.approx(1.1875, abs=1e-5)


cases = st.tuples(
    st.lists(st.floats(0.01, 1.0), min_size=1, max_size=5),
    st.floats(0.0, 1.0),
    st.floats(1e-3, 1e9),
)


@pytest.mark.nightly("seconds of searches")
@examples(30)
@given(cases)
def test_proposition_1_holds_with_its_own_step(drawn):
    shares, spent, scale = drawn
    episode = with_deficits([share * scale for share in shares])
    variation = spent * (len(shares) - 1)
    case = worst("ogd", bound="prop-1", episode=episode, variation=variation, any_first=True)
    squares = math.fsum(episode.deficit**2)
    assert case.upper <= math.sqrt((1 + 2 * variation) * squares) * (1 + 1e-7)
    assert case.loss <= case.upper
    assert P.measure(case.instance) <= variation + 1e-12
    assert case.outcome in (Outcome.SUPREMUM, Outcome.BETWEEN)


def test_highs_needs_its_presolve_here(highs_has_traps):
    arena = Arena.of(with_deficits([1.0, 0.25, 0.01171875]), 0.0)
    rule = ProjectedOGD(step=1 / math.sqrt(math.fsum(arena.deficit**2)))
    program = WrittenProgram.of(rule, arena, any_first=True).program()
    if highs_has_traps:
        assert -run(program).bound == 1.0, "HiGHS calls this optimal"
    solved = solve(rule, arena, any_first=True)
    assert solved.upper == pytest.approx(1.00748, abs=1e-5)
    assert solved.attack.loss == pytest.approx(solved.upper, rel=1e-6)


@examples(15)
@given(
    st.lists(st.floats(0.005, 1.0), min_size=1, max_size=4),
    st.floats(0.0, 1.0),
    st.floats(0.05, 2.0),
    st.sampled_from([0.0, 0.3, 0.5, 1.0]),
)
def test_the_program_agrees_with_a_linear_program_for_each_cell(shares, spent, stride, first):
    variation = spent * (len(shares) - 1)
    rule = ProjectedOGD(step=stride / max(shares), first=first)
    solved = solve(rule, Arena.of(with_deficits(shares), variation))
    exact = by_cells(rule, np.array(shares), variation)
    assert solved.upper == pytest.approx(exact, abs=1e-6)


@pytest.mark.nightly("seconds of searches")
@examples(15)
@given(cases, st.floats(0.05, 2.0), st.floats(0.0, 1.0))
def test_the_search_never_exceeds_what_is_exact(drawn, stride, first):
    shares, spent, _ = drawn
    variation = spent * (len(shares) - 1)
    arena = Arena.of(with_deficits(shares), variation)
    rule = ProjectedOGD(step=stride, first=first)
    found, solved = search([rule], arena, seed=1), solve(rule, arena)
    assert found.loss <= solved.upper * (1 + 1e-7)
    assert path_variation(found.path) <= variation + 1e-12


@pytest.mark.nightly("ten seconds of search")
def test_the_search_comes_close_to_what_is_exact(october):
    arena = Arena.of(october)
    rule = paper_ogd(october)
    found = search([rule], arena, seed=0)
    assert found.loss >= 0.99 * 89_419_682.0


@pytest.mark.parametrize("variation", [0.0, 1.0, 2.0, 5.0, 7.0])
def test_persistence_has_a_closed_form_for_whole_variations(october, variation):
    case = worst("persistence", bound="prop-1", episode=october, variation=variation)
    assert case.outcome is Outcome.SUPREMUM
    exact = top(list(october.deficit), variation)
    assert 0.99 * exact <= case.loss <= exact * (1 + 1e-12)


def test_persistence_stays_under_its_envelope(october):
    case = worst("persistence", bound="prop-1", episode=october)
    exact = top(list(october.deficit), case.variation)
    assert 0.99 * exact <= case.loss <= exact


def test_a_constant_loses_the_farther_end():
    case = worst(Constant(0.25), bound="trivial", rounds=5, variation=0.0)
    assert (case.loss, case.bound_value, case.ratio) == (3.75, 5.0, 0.75)
    assert not case.data().bound.vacuous, "the trivial bound is what vacuity is measured by"


SLOW = {"ader", "mixture", "robust"}
"""Rules of many steps a round."""


@pytest.mark.parametrize(
    "name",
    [
        *sorted(set(SEVERITIES) - {"estimate", "constant", "ogd", "needed-minimax"} - SLOW),
        *(
            pytest.param(name, marks=pytest.mark.nightly("seconds a search"))
            for name in sorted(SLOW)
        ),
    ],
)
def test_every_rule_can_be_searched(name):
    case = worst(name, bound="half", rounds=4, variation=1.0)
    rule = named(name).severity
    assert case.loss == replay(rule, case.instance) <= case.upper <= 4.0
    assert search([rule], Arena.unit(4, 1.0)).loss <= case.upper
    if isinstance(rule, Written) and rule.as_written:
        assert case.outcome in (Outcome.SUPREMUM, Outcome.BETWEEN)
    else:
        assert case.outcome is Outcome.FOUND
        assert case.upper_by.startswith("first round, start 0.")
    if name == "metaflux-ogd" or case.outcome is Outcome.FOUND:
        why = "takes a root of what is not known" if name == "metaflux-ogd" else "is not written in"
        with pytest.raises(adl.InputError, match=f"it {why}"):
            worst(name, rounds=4, variation=1.0, exact=True)
    assert P.measure(case.instance) <= 1.0 + 1e-12


def test_the_adversary_may_choose_the_start():
    fixed = worst("persistence", bound="half", rounds=3, variation=1.0)
    free = worst("persistence", bound="half", rounds=3, variation=1.0, any_first=True)
    assert (fixed.loss, fixed.first) == (1.5, 0.5)
    assert (free.loss, free.first in (0.0, 1.0)) == (2.0, True)
    with pytest.raises(adl.InputError, match="no free first severity"):
        worst("do-nothing", bound="half", rounds=3, variation=1.0, any_first=True)


@pytest.mark.parametrize("policy", by_day(1, ["follow-the-leader", "ogd", "adagrad-ogd"]))
def test_the_loss_is_what_a_replay_of_the_written_file_loses(policy, october, tmp_path):
    case = worst(policy, bound="prop-1", episode=october, variation=3.0, time_limit=2.0)
    adl.write_episode(case.instance, tmp_path / "worst.json")
    assert [p.name for p in tmp_path.iterdir()] == ["worst.json"]
    read = adl.read_episode(tmp_path / "worst.json")
    assert replay(case.rule, read) == case.loss
    assert np.array_equal(read.deficit, october.deficit)
    assert (read.total_capacity >= read.deficit).all()
    assert P.measure(read) <= 3.0 + 1e-12
    assert PROPOSITION_1.value(read) == case.bound_value
    assert not PROPOSITION_1.failures(read)


def test_equal_seeds_give_equal_answers():
    first, second, other = (
        worst("adagrad-ogd", bound="half", rounds=6, variation=1.3, seed=seed) for seed in (3, 3, 4)
    )
    assert json.dumps(first.to_dict()) == json.dumps(second.to_dict())
    assert other.loss == pytest.approx(first.loss, rel=0.05)


def test_a_limit_is_reported_with_its_gap():
    case = worst("ogd", bound="prop-1", rounds=30, variation=2.0, any_first=True, time_limit=1.0)
    assert case.outcome is Outcome.STOPPED
    assert 0 < case.loss < case.upper <= 30.0
    assert f"a gap of {case.gap:.6g} USD" in " ".join(str(case).split())


def test_a_limit_before_any_path_leaves_the_search():
    case = worst("ogd", bound="prop-1", rounds=60, variation=2.0, time_limit=1e-3)
    assert case.outcome is Outcome.STOPPED
    assert 0 < case.loss < case.upper <= 60.0


def test_rounds_without_a_deficit_are_left_out():
    episode = with_deficits([0.0, 2.0, 0.0, 1.0])
    case = worst("ogd", bound="prop-1", episode=episode)
    assert case.instance.deficit.tolist() == [2.0, 1.0]
    assert case.variation == 0.0


@pytest.mark.parametrize("size", [1e-20, 1e-99, 1e-160, 1e-300])
def test_deficits_too_small_for_the_papers_step_are_named(size):
    episode = with_deficits([size, size])
    with pytest.raises(adl.InputError, match=rf"deficit is {size}: .*smaller unit"):
        paper_ogd(episode)
    case = worst("ogd:0.5", bound="half", episode=with_deficits([1.0, size]))
    assert case.loss == pytest.approx(0.5)


def test_capacity_never_binds():
    rounds = [adl.Round.of(capacity=[3.0, 1.0], deficit=9.0, needed=2.0, estimate=4.5)]
    case = worst("estimate", bound="half", episode=adl.Episode(name="short", rounds=rounds))
    assert case.instance.total_capacity.tolist() == [9.0]
    assert case.loss == 4.5


def test_reports_fit_a_terminal(october, of_the_papers_rule):
    gated = worst("gated-persistence:0.25+queue", bound="prop-1", episode=october)
    for case in (of_the_papers_rule(False), gated):
        assert max(map(len, str(case).splitlines())) <= 80
        again = json.loads(json.dumps(case.to_dict()))
        assert worst_case(msgspec.convert(again, WorstCaseData)) == str(case)
        assert "VACUOUS" in str(case)


@pytest.mark.parametrize("rounds", [5, 3_000])
def test_cases_of_any_length_are_a_screen(rounds):
    verbose = replace(HALF, covers="c" * 999, tightness_note="word " * 999)
    zigzag = [(t % 7) / 7 for t in range(rounds)]
    arena = Arena.unit(rounds, float(rounds - 1))
    chosen = {
        "arena": arena,
        "upper": float(rounds),
        "upper_by": "T",
        "outcome": Outcome.FOUND,
    }
    case = WorstCase.of(Constant(0.25), verbose, arena.instance(zigzag), **chosen)
    lines = str(case).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert len(repr(case)) <= 300
    assert len(case.to_dict()["severity"]) == rounds == len(case.to_frame())


def test_a_bound_that_does_not_apply_shows_no_number(october):
    case = worst("persistence", bound="persistence, equal deficits", episode=october)
    assert case.data().bound.fails
    assert "does not apply" in str(case)
    assert case.bound_value is case.ratio is None
    data = case.data()
    assert data.bound.usd is data.ratio is None
    assert not data.exceeds_bound
    assert "VACUOUS" not in str(case)
    assert f"{case.bound.value(case.instance):,.2f}" not in str(case)


@pytest.mark.parametrize("variation", [0.0, 1.0, 3.0])
def test_the_bound_on_persistence_is_attained(variation):
    bound = "persistence, equal deficits"
    case = worst("persistence", bound=bound, rounds=8, variation=variation)
    assert not case.data().bound.fails
    assert case.ratio == pytest.approx(1.0, abs=0.01)


def test_a_bound_of_zero_has_no_ratio():
    rule = ProjectedOGD(step=1.0, first=0.0)
    case = worst(rule, bound=replace(PROPOSITION_1, expression=sympy.Integer(0)), **UNIT)
    assert case.bound_value == 0.0
    assert case.ratio is None


def test_lower_bounds_are_not_offered():
    with pytest.raises(adl.InputError, match="minimax, from above"):
        worst("persistence", bound="minimax, from below", rounds=3, variation=1.0)


@pytest.mark.parametrize("find", [worst, unavoidable])
@pytest.mark.parametrize(
    "bound",
    [b for b in BOUNDS if b.side is BoundSide.LOWER or b.loss != SEVERITY_LOSS],
    ids=lambda bound: bound.name,
)
def test_bounds_on_another_side_or_loss_are_refused(find, bound):
    with pytest.raises(adl.InputError, match=r"bound is .*: expected an upper bound on Σ D_t"):
        find("persistence", bound=bound, rounds=3, variation=1.0)


def test_every_bound_on_another_loss_says_so():
    others = {b.name for b in BOUNDS if b.loss != SEVERITY_LOSS}
    propositions = {f"Proposition {k}" for k in (2, 3, 5)}
    assert others == {"full objective", "coverage"} | propositions


def test_a_bound_of_ones_own_is_measured():
    case = worst("constant:0.25", bound=replace(HALF, name="mine"), **UNIT)
    assert case.data().bound.name == "mine"


def test_progress_is_told():
    said = []
    worst("persistence", bound="half", rounds=2, variation=1.0, progress=said.append)
    worst("ogd", bound="half", rounds=3, variation=1.0, progress=said.append)
    worst("ader", bound="half", rounds=2, variation=1.0, progress=said.append)
    assert said[0] == "persistence: mixed-integer program"
    assert any(each.startswith("ogd: between ") for each in said)
    assert said[-1] == "ader: search 16 of 16"


@dataclass(frozen=True)
class Rebound:
    """A user's own rule: the opposite of what was needed."""

    played: float | None = None
    name: ClassVar[str] = "rebound"
    information: ClassVar[adl.Information] = adl.Information.ROUND_START

    def begin(self):
        return 0.5

    def decide(self, state, start):
        return state if self.played is None else self.played

    def learn(self, state, start, theta, outcome):
        return 1.0 - outcome.needed / start.deficit


def test_a_rule_of_ones_own():
    case = worst(Rebound(), bound="half", rounds=4, variation=0.0)
    assert case.loss == 3.5
    assert case.ratio == 1.75
    assert "rebound" in str(case)


@pytest.mark.parametrize("played", [1.5, -0.1, math.nan])
def test_a_rule_that_leaves_the_domain_is_refused(played):
    with pytest.raises(adl.PolicyError, match=r"'rebound' is .* in round 1: a number in"):
        worst(Rebound(played), bound="half", rounds=2, variation=0.0)


def test_methods_of_ones_own_are_searched():
    class Slow(ProjectedOGD):
        def learn(self, state, start, theta, outcome):
            return state

    case = worst(Slow(step=1.0, first=0.25), bound="half", rounds=3, variation=0.0)
    assert (case.outcome, case.loss) == (Outcome.FOUND, 2.25)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variation": -1.0}, "variation is -1.0"),
        ({"variation": math.nan}, "variation is nan"),
        ({"variation": math.inf}, "variation is inf"),
        ({"variation": "2"}, "variation is '2'"),
        ({"variation": True}, "variation is True"),
        ({"variation": 2.5}, "a number ≤ T − 1 = 2"),
        ({"variation": None}, "variation is None"),
        ({"rounds": 0}, "rounds is 0"),
        ({"rounds": -3}, "rounds is -3"),
        ({"rounds": 2.0}, "rounds is 2.0"),
        ({"rounds": True}, "rounds is True"),
        ({"rounds": None}, "rounds is None"),
        ({"policy": "hope"}, "policy is 'hope'"),
        ({"policy": "ogd+hope"}, "policy is"),
        ({"policy": "ogd:0"}, "step is 0.0"),
        ({"policy": "estimate"}, "estimate"),
        ({"policy": None}, "policy is None"),
        ({"policy": Persistence}, "a severity rule"),
        ({"policy": adl.policy(lambda start: start.capacity)}, "a severity rule"),
        ({"bound": "prop-9"}, "bound is 'prop-9'"),
        ({"bound": ["prop-1"]}, "bound is"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"time_limit": 0}, "time_limit is 0"),
        ({"time_limit": -1}, "time_limit is -1"),
        ({"time_limit": math.nan}, "time_limit is nan"),
        ({"episode": "october-10", "rounds": None}, "episode is 'october-10'"),
        ({"episode": with_deficits([1.0])}, "rounds is 3"),
        ({"episode": with_deficits([0.0, 0.0]), "rounds": None}, "deficit is 0.0"),
        ({"episode": with_deficits([1e-300] * 2), "rounds": None}, r"1e-300: .* ≥ 1e-100 USD"),
        ({"bound": sympy.Integer(1)}, r"one of \d+ that adlopt bounds lists, or a Bound"),
        ({"episode": with_deficits([1.0, 1.0]), "rounds": None, "variation": 1.5}, "T − 1 = 1"),
    ],
)
def test_bad_input_is_named(change, message):
    given_ = {"policy": "persistence", "bound": "half"} | UNIT | change
    with pytest.raises(adl.InputError, match=message):
        worst(given_.pop("policy"), **given_)


@given(st.floats(0.0, 1.0), st.floats(1e-6, 1e9))
def test_what_is_needed_divides_back(theta, deficit):
    start = replace(Arena.unit(1, 0.0).starts[0], deficit=deficit)
    assert outcome(start, theta).needed / deficit == pytest.approx(theta, rel=1e-15)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8), st.floats(0.0, 3.0))
def test_targets_are_followed_within_the_variation(target, variation):
    path = follow(np.array(target), variation)
    assert path[0] == target[0]
    assert path_variation(path) <= variation + 1e-12
    assert ((path >= 0) & (path <= 1)).all()


def test_a_rule_that_the_bound_does_not_cover_is_said_to_be_outside():
    case = worst("do-nothing", bound="half", rounds=3, variation=1.0)
    assert case.to_dict()["exceeds_bound"]
    assert case.to_dict()["verdict"] == "covers others"
    assert "the bound covers others than do-nothing" in str(case)
    covered = worst("constant:0.5", bound="half", rounds=3, variation=1.0)
    assert not covered.to_dict()["exceeds_bound"]
    assert covered.to_dict()["verdict"] == "CONSISTENT"


# Near the ends of [0, 1] --------------------------------------------------------------------------


@pytest.mark.nightly("a search from any start")
def test_solver_noise_is_taken_off_where_it_costs_nothing(october, of_the_papers_rule):
    case = of_the_papers_rule(True)
    needed = case.instance.needed_severity
    tidied = np.where(needed < 1e-6, 0.0, np.where(needed > 1 - 1e-6, 1.0, needed))
    arena = Arena.of(october)
    left = np.flatnonzero(tidied != needed)
    path = needed.copy()
    path[left] = tidied[left]
    assert left.size == 0 or arena.play(case.rule, path).loss < case.loss


paths_near_ends = st.lists(
    st.sampled_from([0.0, 1e-9, 1e-7, 0.3, 1 - 1e-7, 1 - 1e-9, 1.0]), min_size=1, max_size=8
)


@given(paths_near_ends, st.sampled_from(["persistence", "ogd:0.3", "follow-the-leader"]))
def test_snapping_never_costs_the_adversary(path, name):
    path = np.array(path)
    variation = min(path_variation(path), len(path) - 1.0)
    arena, rule = Arena.unit(len(path), variation), named(name).severity
    before = arena.play(rule, path)
    after = snapped(before, arena)
    assert after.loss >= before.loss
    assert path_variation(after.path) <= variation + 1e-12
    assert np.abs(after.path - path).max() <= 1e-6


def test_a_target_that_only_works_off_the_end_stays_off_it():
    arena, rule = Arena.unit(4, 0.0), ProjectedOGD(step=0.5, first=1.0)
    kept = arena.play(rule, np.full(4, 1e-7))
    assert isinstance(kept, Attack)
    assert (snapped(kept, arena).path == 1e-7).all()
    still = arena.play(Constant(0.5), np.full(4, 1e-7))
    assert (snapped(still, arena).path == 0.0).all()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ([0.0, 1.0, 1.0], "θ*: 0 1×2"),
        ([1e-300], "θ*: 0+ (0+"),
        ([math.nextafter(1.0, 0.0)], "θ*: 1− (0+"),
        ([0.52974, 0.25004], "θ*: 0.5297 0.25"),
    ],
)
def test_what_is_printed_is_not_another_instance(path, shown):
    assert severities(path).startswith(shown)


# What nobody can avoid ----------------------------------------------------------------------------

RULES = sorted(set(SEVERITIES) - {"estimate", "constant", "ogd", "needed-minimax"})


@pytest.mark.parametrize(
    "against", [None, "constant:0.5", "constant:0.2", "ogd", "ogd:0.7", *RULES]
)
@pytest.mark.parametrize("variation", [0.0, 1.5, 3.0])
def test_every_policy_loses_what_none_can_avoid(against, variation, tmp_path):
    episode = with_deficits([3.0, 1.0, 0.0, 2.0, 5.0, 1.0])
    case = unavoidable(against, bound="prop-1", episode=episode, variation=variation)
    assert isinstance(case, Unavoidable)
    assert case.value == minimax([3.0, 1.0, 2.0, 5.0, 1.0], variation)
    assert case.loss >= case.value.lower * (1 - 1e-12)
    assert P.measure(case.instance) <= variation + 1e-12
    adl.write_episode(case.instance, tmp_path / "forced.json")
    assert replay(case.rule, adl.read_episode(tmp_path / "forced.json")) == case.loss


def test_the_optimal_rule_loses_no_more_than_the_value(october):
    case = unavoidable(bound="prop-1", episode=october)
    assert case.rule.information is adl.Information.HINDSIGHT
    assert case.value.lower * (1 - 1e-12) <= case.loss <= case.value.upper


@pytest.mark.nightly("the optimal rule is slow to play, and the search plays it thousands of times")
def test_no_search_finds_what_costs_the_optimal_rule_more_than_the_value(october):
    case = unavoidable(bound="prop-1", episode=october)
    searched = search([case.rule], Arena.of(october), seed=0)
    assert searched.loss <= case.value.upper


@examples(30)
@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=6), st.floats(0.0, 1.0))
def test_the_answers_to_the_optimal_rule_are_worth_the_game(deficit, spent):
    arena = Arena.of(with_deficits(deficit), spent * (len(deficit) - 1))
    game = Game.of(arena.deficit, arena.variation, 12)
    attack = answer(MinimaxOptimal(game), arena, game)
    assert attack.loss == pytest.approx(game.value.lower, rel=1e-9)


def test_october_10_against_what_the_paper_promises(october):
    data = unavoidable("persistence", bound="prop-1", episode=october).to_dict()
    assert round(data["bound"]["usd"], 2) == 129_699_802.43
    assert [round(share, 2) for share in data["bound_over_value"].values()] == [2.59, 2.59]
    assert round(data["loss_usd"] / 1e6, 2) == 82.94


def test_a_severity_of_ones_own_is_named_by_its_file(tmp_path):
    path = tmp_path / "mine+own.py"
    path.write_text(
        "from adlopt.policies.severity import Constant\n"
        "rule = Constant(0.25)\nnumber = 7\ntext = 'ogd'\nClass = Constant\n"
    )
    chosen = {"bound": "half", "rounds": 3, "variation": 1.0}
    own = worst(f"{path}:rule", **chosen)
    assert own.loss == worst("constant:0.25", **chosen).loss > 0
    assert unavoidable(f"{path}:rule", **chosen).loss == own.loss
    for name, message in {
        "number": "number is 7: expected a severity rule",
        "text": "text is 'ogd': expected a severity rule",
        "Class": "expected a severity rule",
        "absent": "name is 'absent'",
    }.items():
        with pytest.raises(adl.InputError, match=message):
            worst(f"{path}:{name}", **chosen)


def test_a_rule_that_plays_otherwise_when_replayed_is_refused():
    calls = iter(range(9))

    class Fickle(Constant):
        def decide(self, state, start):
            return 0.5 if next(calls) < 2 else 0.0

    with pytest.raises(adl.CertificateError, match=r"less than the least, 0\.5"):
        unavoidable(Fickle(0.5), bound="half", rounds=1, variation=0.0)


def test_what_cannot_be_avoided_fits_a_terminal(october):
    for against, bound in ((None, "prop-1"), ("ader", "adaptive steps, c = √(1/2 + P)")):
        case = unavoidable(against, bound=bound, episode=october)
        assert max(map(len, str(case).splitlines())) <= 80
        assert json.loads(json.dumps(case.to_dict(), allow_nan=False)) == case.to_dict()
    silent = unavoidable(bound="persistence, equal deficits", episode=october)
    assert "does not apply" in str(silent)
    assert silent.to_dict()["bound_over_value"] == {"lower": None, "upper": None}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variation": 2.5}, "a number ≤ T − 1 = 2"),
        ({"variation": math.nan}, "variation is nan"),
        ({"rounds": None}, "give rounds and variation, or an episode"),
        ({"rounds": 0}, "rounds is 0"),
        ({"against": "hope"}, "policy is 'hope'"),
        ({"against": "estimate"}, "estimate"),
        ({"bound": "prop-9"}, "bound is 'prop-9'"),
        ({"episode": with_deficits([0.0]), "rounds": None}, "deficit is 0.0"),
    ],
)
def test_bad_games_are_named(change, message):
    with pytest.raises(adl.InputError, match=message):
        unavoidable(**({"bound": "half"} | UNIT | change))


def test_a_choice_between_two_numbers_is_no_further_than_either():
    """What it could be doubled with every round: after thirty HiGHS denied that there is a path."""
    chosen = adl.OwnSeverity(
        name="chosen", remembers={"at": "0.5"}, plays="at",
        learns={"at": "max(clip(0.5 * at + 0.5 * target), 0.5 * at) if target > 0.3 else at"},
    )  # fmt: skip
    program = WrittenProgram.of(chosen, Arena.unit(30, 4.0), any_first=False).program()
    assert np.abs(program.coefficient).max() < 3.0
    case = worst(chosen, rounds=5, variation=4.0, exact=True)
    assert case.outcome is Outcome.SUPREMUM


# Beyond what is linear ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", by_day(1, [(3, 1.0), (2, 0.0), (4, 1.5), (5, 2.0), (6, 2.0)]))
def test_roots_between_chord_and_tangents_lose_no_less_than_the_rule(size):
    """Of the running step, against all paths of a grid and the search."""
    rounds, variation = size
    rule, arena = named("metaflux-ogd").severity, Arena.unit(rounds, variation)
    case = worst(rule, rounds=rounds, variation=variation)
    grid = (np.array(path) for path in product(np.linspace(0, 1, 5), repeat=min(rounds, 4)))
    paths = [path for path in grid if path.size == rounds and arena.keeps(path)]
    most = max((arena.play(rule, path).loss for path in paths), default=0.0)
    assert max(most, search([rule], arena).loss) <= case.upper * (1 + 1e-9)
    assert case.loss >= 0.9 * case.upper


def test_the_first_round_is_known_beforehand():
    """Σ D less D_1 min(θ_1, 1 − θ_1) for any rule, unless the adversary chooses θ_1."""
    for first, most in ((0.5, 2.5), (0.9, 2.9)):
        case = worst(Rebound(first), rounds=3, variation=2.0)
        assert case.upper == pytest.approx(most)
    free = worst("newsvendor", rounds=3, variation=2.0, any_first=True)
    assert free.loss == pytest.approx(3.0)


@pytest.mark.parametrize("case", by_day(1, [(["needed <= 0.5"], 0.5), ([], 2.5)]))
def test_a_mixture_costs_little_more_than_its_best_plain_expert(case):
    """In 5 rounds do-nothing loses what is needed, and the constant ½ loses half of all."""
    limits, most = case
    slack = math.sqrt(math.log(7) * 5)
    case = worst("mixture", rounds=5, variation=2.0, within=limits)
    first = "first round, start 0.428571"
    if most + slack < 4.5:
        assert (case.upper, case.upper_by) == (pytest.approx(most + slack), "best plain expert")
    else:
        assert case.upper_by.startswith(first)
    assert case.loss <= case.upper
