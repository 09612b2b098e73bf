"""Random instances of every problem against implementations that share nothing with ours.

cvxpy with Clarabel (and SCIP where it is installed), GLOP, CP-SAT and SCIP of OR-tools, the simplex
method in fractions, enumeration, and the allocators of the authors of [CTTX26] from a checkout
named by ADLOPT_PEER.
"""

import importlib.util
import itertools
import math
import os
import sys
from fractions import Fraction
from pathlib import Path

import cvxpy as cp
import exact_lp
import kinds_of_dollars as of_dollars
import kinds_of_episodes as of_episodes
import kinds_of_positions as of_positions
import numpy as np
import pytest
from by_ortools import NoOracle
from tiers import NIGHTLY

import adlopt as adl
from adlopt.errors import InfeasibleRound
from adlopt.optimum.core.waterfill import project
from adlopt.optimum.coupled.solve_coupled import solve_coupled
from adlopt.optimum.paths.comparator_curve import comparator_curve
from adlopt.policies.allocation import IntegerProRata
from adlopt.scoring.hindsight import best_fixed_severity

TIMES = 40 if NIGHTLY else 1
MICRO = 10**6
EQUITY, CAPACITY = adl.Burden.EQUITY, adl.Burden.CAPACITY
INTERIOR = 1e-6
"""Clarabel stops at about 1e-8 of the scale it chooses."""


def money(dice, n, spread=1.5):
    capacity = np.round(dice.lognormal(4.0, spread, n) + 0.01, 2)
    equity = np.round(capacity * dice.lognormal(0.5, 1.0, n) + 0.01, 2)
    return capacity, equity


def round_of(dice, largest=12, spread=1.5):
    capacity, equity = money(dice, int(dice.integers(1, largest)), spread)
    needed = float(np.round(dice.uniform(0.02, 0.98) * capacity.sum(), 2))
    return adl.Round.of(capacity=capacity, deficit=1.0, needed=needed, equity=equity)


def minimise(objective, constraints, solver=cp.CLARABEL):
    problem = cp.Problem(cp.Minimize(objective), constraints)
    problem.solve(solver=solver)
    assert problem.status == cp.OPTIMAL
    return float(problem.value)


def shares(round_, burden):
    """Haircut fractions as variables, with money in units of the total capacity."""
    start = round_.start
    unit = start.total_capacity
    x = cp.Variable(start.capacity.size, nonneg=True)
    weight = burden.weights(start) / unit
    return x, start.capacity / unit, weight, round_.needed / unit, unit


def least_burden_by_clarabel(dice):
    round_, burden = round_of(dice), dice.choice([EQUITY, CAPACITY])
    x, u, w, b, _ = shares(round_, burden)
    z = cp.Variable(nonneg=True)
    theirs = minimise(z, [x <= u, x <= w * z, cp.sum(x) == b])
    for method in (adl.Method.AUTO, adl.Method.HIGHS):
        yield adl.solve(round_, adl.MinMax(burden=burden), method=method).value, theirs


def priced_by_clarabel(dice):
    round_, burden = round_of(dice), dice.choice([EQUITY, CAPACITY])
    under, over = dice.uniform(0.1, 3.0, 2)
    x, u, w, b, unit = shares(round_, burden)
    fair = unit * dice.lognormal(-1.0, 1.5)
    z = cp.Variable(nonneg=True)
    missed = b - cp.sum(x)
    cost = under * cp.pos(missed) + over * cp.pos(-missed) + fair / unit * z
    theirs = minimise(cost, [x <= u, x <= w * z])
    loss = adl.Asymmetric(under=under, over=over, fair=fair, burden=burden)
    yield 1.0 + adl.solve(round_, loss).value / unit, 1.0 + theirs


def empirical_by_clarabel(dice):
    round_ = round_of(dice)
    reference, weight = dice.uniform(0.0, 1.0), dice.lognormal(0.0, 1.0)
    x, u, w, b, unit = shares(round_, EQUITY)
    z = cp.Variable(nonneg=True)
    cost = cp.abs(cp.sum(x) - b) + weight * b * cp.pos(z - reference)
    theirs = minimise(cost, [x <= u, x <= w * z])
    loss = adl.Empirical(reference=reference, weight=weight, excess_only=True, burden=EQUITY)
    ours = adl.solve(round_, loss).value
    yield 1.0 + ours / unit, 1.0 + theirs


def cvar_by_clarabel(dice):
    round_, burden = round_of(dice), dice.choice([EQUITY, CAPACITY])
    level, n = float(dice.uniform(0.0, 0.95)), round_.start.capacity.size
    x, u, w, b, _ = shares(round_, burden)
    t = cp.Variable()
    cost = t + cp.sum(cp.pos(x / w - t)) / (n * (1 - level))
    theirs = minimise(cost, [x <= u, cp.sum(x) == b])
    yield adl.solve(round_, adl.CVaR(level, burden=burden)).value, theirs


def leximin_by_clarabel(dice):
    """Of haircuts with one sum, Σ x_i² / w_i is least where burdens are as equal as can be."""
    round_ = round_of(dice, spread=1.0)
    x, u, w, b, unit = shares(round_, EQUITY)
    minimise(cp.sum(cp.multiply(1 / w, cp.square(x))), [x <= u, cp.sum(x) == b])
    ours = adl.solve(round_, adl.Leximin(burden=EQUITY)).haircut / unit
    for mine, given in zip(ours, x.value, strict=True):
        yield 1.0 + mine, 1.0 + given


def episode_of(dice):
    names = [f"a{i}" for i in range(int(dice.integers(2, 6)))]
    capacity, equity = (dict(zip(names, c, strict=True)) for c in money(dice, len(names), 1.0))
    rounds = []
    for t in range(1, int(dice.integers(2, 4)) + 1):
        present = [n for n in names if dice.random() < 0.8] or names[:1]
        needed = dice.uniform(0.05, 0.25) * sum(capacity[n] for n in present)
        rounds.append(
            adl.Round.of(
                t=t,
                account=present,
                capacity=[capacity[n] for n in present],
                equity=[equity[n] for n in present],
                deficit=needed,
                needed=needed,
            )
        )
    return adl.Episode(name="drawn", rounds=rounds), capacity, equity


def coupled_parts(episode, capacity):
    unit = sum(capacity.values())
    taken = {
        (t, name): cp.Variable(nonneg=True)
        for t, round_ in enumerate(episode)
        for name in round_.start.account
    }
    present = dict.fromkeys(who for _, who in taken)
    total = {name: sum(x for (_, who), x in taken.items() if who == name) for name in present}
    rows = [each <= capacity[name] / unit for name, each in total.items()]
    raised = [
        cp.sum(cp.hstack([taken[t, name] for name in round_.start.account]))
        for t, round_ in enumerate(episode)
    ]
    return unit, taken, total, rows, raised


def coupled_rounds_by_clarabel(dice):
    episode, capacity, equity = episode_of(dice)
    unit, _, total, rows, raised = coupled_parts(episode, capacity)
    z = cp.Variable(nonneg=True)
    rows += [each <= equity[name] / unit * z for name, each in total.items()]
    rows += [h == r.needed / unit for h, r in zip(raised, episode, strict=True)]
    theirs = minimise(z, rows)
    yield solve_coupled(episode, adl.MinMax(burden=EQUITY)).worst_burden, theirs


def coupled_losses_by_clarabel(dice):
    episode, capacity, equity = episode_of(dice)
    unit, taken, _, rows, raised = coupled_parts(episode, capacity)
    fair = unit * dice.lognormal(-1.0, 1.0)
    cost = 0
    for t, round_ in enumerate(episode):
        z, missed = cp.Variable(nonneg=True), round_.needed / unit - raised[t]
        cost += 2.0 * cp.pos(missed) + cp.pos(-missed) + fair / unit * z
        rows += [taken[t, n] <= equity[n] / unit * z for n in round_.start.account]
    theirs = minimise(cost, rows)
    loss = adl.Asymmetric(under=2.0, over=1.0, fair=fair, burden=EQUITY)
    yield 1.0 + solve_coupled(episode, loss).certificate.upper / unit, 1.0 + theirs


def severities_by_clarabel(dice):
    rounds = int(dice.integers(1, 9))
    deficit, wanted = dice.lognormal(0.0, 1.0, rounds), dice.random(rounds)
    variation = float(dice.uniform(0.0, 2.0))
    theta = cp.Variable(rounds)
    moved = [cp.norm1(cp.diff(theta)) <= variation] if rounds > 1 else []
    theirs = minimise(deficit @ cp.abs(theta - wanted), [*moved, theta >= 0, theta <= 1])
    yield 1.0 + comparator_curve(deficit, wanted).loss(variation), 1.0 + theirs
    episode = adl.Episode(
        name="drawn",
        rounds=[
            adl.Round.of(t=t + 1, capacity=[9e3], deficit=d, needed=d * w)
            for t, (d, w) in enumerate(zip(deficit, wanted, strict=True))
        ],
    )
    sums = [math.fsum(deficit * np.abs(w - wanted)) for w in wanted]
    yield 1.0 + best_fixed_severity(episode).loss, 1.0 + min(sums)


def exact_parts(dice):
    round_ = round_of(dice, 5)
    return round_, round_.start.capacity.tolist(), round_.start.equity.tolist()


def least_burden_in_fractions(dice):
    round_, capacity, equity = exact_parts(dice)
    exact = exact_lp.least_burden(capacity, equity, round_.needed)
    best = adl.solve(round_, adl.MinMax(burden=EQUITY))
    assert Fraction(best.certificate.lower) <= exact * (1 + Fraction(1, 10**15))
    yield best.value, float(exact)


def priced_in_fractions(dice):
    round_, capacity, equity = exact_parts(dice)
    under, over = (float(p) for p in np.round(dice.uniform(0.1, 3.0, 2), 2))
    fair = float(np.round(sum(capacity) * dice.lognormal(-1.0, 1.5), 2)) + 0.01
    exact = exact_lp.least_loss(capacity, equity, round_.needed, under, over, fair)
    best = adl.solve(round_, adl.Asymmetric(under=under, over=over, fair=fair, burden=EQUITY))
    assert Fraction(best.certificate.lower) <= exact * (1 + Fraction(1, 10**15))
    yield best.value, float(exact)


def cvar_in_fractions(dice):
    round_, capacity, equity = exact_parts(dice)
    level = float(np.round(dice.uniform(0.0, 0.9), 2))
    exact = exact_lp.least_cvar(capacity, equity, round_.needed, level)
    yield adl.solve(round_, adl.CVaR(level, burden=EQUITY)).value, float(exact)


def lots_drawn(dice):
    n = int(dice.integers(1, 5))
    lot = dice.choice([100, 200, 250, 300, 700], n)
    most = dice.integers(0, 5, n)
    equity = dice.integers(1, 5_000, n)
    sums = [int(lot @ k) for k in itertools.product(*(range(m + 1) for m in most))]
    needed = int(dice.choice(sums)) if dice.random() < 0.8 else int(dice.integers(0, max(sums) + 1))
    round_ = adl.Round.of(
        capacity=lot * most / 100, deficit=1.0, needed=needed / 100, equity=equity / 100,
        lot=lot / 100,
    )  # fmt: skip
    points = [
        [k * int(size) for k, size in zip(counts, lot, strict=True)]
        for counts in itertools.product(*(range(m + 1) for m in most))
    ]
    return round_, points, [int(e) for e in equity], needed


def lots_by_enumeration(dice):
    round_, points, equity, needed = lots_drawn(dice)

    def burdens(x):
        return sorted((Fraction(a, e) for a, e in zip(x, equity, strict=True)), reverse=True)

    exactly = [x for x in points if sum(x) == needed]
    objectives = {
        adl.MinMax(burden=EQUITY): lambda x: [burdens(x)[0]],
        adl.Leximin(burden=EQUITY): burdens,
        adl.FewestAccounts(burden=EQUITY): lambda x: [sum(map(bool, x)), burdens(x)[0]],
    }
    for objective, key in objectives.items():
        if not exactly:
            with pytest.raises(InfeasibleRound) as caught:
                adl.solve(round_, objective)
            below = max(sum(x) for x in points if sum(x) < needed)
            assert caught.value.below == pytest.approx(below / 100)
            yield 0.0, 0.0
            continue
        x = [round(100 * v) for v in adl.solve(round_, objective).haircut]
        assert sum(x) == needed
        for ours, theirs in zip(key(x), min(map(key, exactly)), strict=True):
            assert ours == theirs
            yield float(ours), float(theirs)
    near = min((abs(sum(x) - needed), burdens(x)[0]) for x in points)
    x = [round(100 * v) for v in adl.solve(round_, adl.TrackingFirst(burden=EQUITY)).haircut]
    assert (abs(sum(x) - needed), burdens(x)[0]) == near
    yield float(near[1]), float(near[1])
    under, over, fair = (int(p) for p in dice.integers(1, 4, 3))
    fair *= int(dice.integers(1, 50))
    cost = min(
        Fraction(under * max(needed - sum(x), 0) + over * max(sum(x) - needed, 0), 100)
        + fair * burdens(x)[0]
        for x in points
    )
    loss = adl.Asymmetric(under=under, over=over, fair=fair, burden=EQUITY)
    yield 1.0 + adl.solve(round_, loss).value, 1.0 + float(cost)


def fewest_accounts_by_enumeration(dice):
    round_ = round_of(dice, 6)
    capacity, equity = round_.start.capacity, round_.start.equity
    best = adl.solve(round_, adl.FewestAccounts(burden=EQUITY))
    for k in range(1, capacity.size + 1):
        found = [
            exact_lp.least_burden(capacity[list(s)], equity[list(s)], round_.needed)
            for s in itertools.combinations(range(capacity.size), k)
            if math.fsum(capacity[list(s)]) >= round_.needed
        ]
        if found:
            assert best.touched == k
            yield best.worst_burden, float(min(found))
            return


def contracts_by_enumeration(dice):
    k = int(dice.integers(1, 5))
    owner, most = dice.integers(0, 3, k), dice.integers(1, 5, k)
    value = dice.choice([100, 200, 300, 700, 1_100], k)
    equity = dice.integers(500, 5_000, 3)
    reach = int((value * most).sum())
    needed = int(dice.integers(1, reach + 1))
    names = sorted(set(owner.tolist()))
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in owner], coin=[f"c{j}" for j in range(k)], side=["long"] * k,
        size=most, value=value / 100, deficit=1.0, needed=needed / 100,
        equity=[equity[i] / 100 for i in dict.fromkeys(owner.tolist())],
    )  # fmt: skip
    best = None
    for lots in itertools.product(*(range(m + 1) for m in most)):
        if sum(a * int(v) for a, v in zip(lots, value, strict=True)) >= needed:
            taken = [
                sum(a * int(v) for a, v, o in zip(lots, value, owner, strict=True) if o == i)
                for i in names
            ]
            worst = max(Fraction(x, int(equity[i])) for x, i in zip(taken, names, strict=True))
            best = worst if best is None else min(best, worst)
    found = adl.solve(round_, adl.MinMax(burden=EQUITY), budget=adl.Budget.at_least())
    yield found.worst_burden, float(best)


def remainders_in_fractions(dice):
    """Largest remainder where no share is capped: lots are equal and divide every capacity."""
    n, lot = int(dice.integers(1, 9)), int(dice.integers(1, 900))
    most = dice.integers(1, 60, n)
    aim = int(dice.integers(0, int(most.sum()) + 1))
    quota = [Fraction(int(m) * aim, int(most.sum())) for m in most]
    counts = [math.floor(q) for q in quota]
    order = sorted(range(n), key=lambda i: (counts[i] - quota[i], str(i)))
    for i in order[: aim - sum(counts)]:
        counts[i] += 1
    start = adl.RoundStart(
        account=[f"{i}" for i in range(n)], capacity=most * lot / 100, deficit=1.0,
        lot=np.full(n, lot / 100),
    )  # fmt: skip
    given = IntegerProRata().allocate(None, start, aim * lot / 100)
    for ours, theirs in zip(given, counts, strict=True):
        yield ours, theirs * lot / 100


FAMILIES = {
    least_burden_by_clarabel: (30, INTERIOR),
    priced_by_clarabel: (30, INTERIOR),
    empirical_by_clarabel: (20, INTERIOR),
    cvar_by_clarabel: (30, INTERIOR),
    leximin_by_clarabel: (20, 1e-4),
    coupled_rounds_by_clarabel: (20, INTERIOR),
    coupled_losses_by_clarabel: (20, INTERIOR),
    severities_by_clarabel: (20, INTERIOR),
    least_burden_in_fractions: (40, 1e-12),
    priced_in_fractions: (40, 1e-12),
    cvar_in_fractions: (40, 1e-9),
    lots_by_enumeration: (60, 1e-12),
    fewest_accounts_by_enumeration: (30, 1e-12),
    contracts_by_enumeration: (40, 1e-12),
    remainders_in_fractions: (40, 1e-12),
}
"""Instances of each, and the relative distance that its method leaves open."""


def worst_disagreement(family, count):
    worst = 0.0
    for seed in range(count):
        try:
            for ours, theirs in family(np.random.default_rng(seed)):
                apart = abs(ours - theirs) / max(abs(theirs), 1e-9)
                worst = max(worst, apart)
        except BaseException as error:
            error.add_note(f"instance {seed} of {family.__name__}")
            raise
    return worst


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_agreement(family, record_property):
    count, tolerance = FAMILIES[family]
    worst = worst_disagreement(family, count * TIMES)
    record_property("instances", count * TIMES)
    record_property("worst relative disagreement", float(worst))
    assert worst <= tolerance


KINDS = {
    of_dollars.dollars: 40,
    of_dollars.leximin: 15,
    of_dollars.fewest: 15,
    of_dollars.own_rows: 40,
    of_dollars.decisions: 30,
    of_positions.contracts: 20,
    of_positions.contract_rows: 15,
    of_positions.matchings: 30,
    of_positions.matching_rows: 20,
    of_positions.drains: 30,
    of_episodes.episodes: 30,
    of_episodes.severity_paths: 30,
    of_episodes.worst_paths: 4,
}
"""Instances of each, drawn ugly, that OR-tools has an answer to: feasible or not, what is least."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_ortools_agrees(kind, record_property):
    compared = unknown = 0
    for seed in range(KINDS[kind] * TIMES):
        try:
            for ours, theirs, room in kind(np.random.default_rng([seed, len(kind.__name__)])):
                assert abs(ours - theirs) <= room, (ours, theirs)
                compared += 1
        except NoOracle:
            unknown += 1
        except BaseException as error:
            error.add_note(f"instance {seed} of {kind.__name__}")
            raise
    record_property("compared", compared)
    assert compared >= KINDS[kind] * TIMES / 3, "many are infeasible, and most are not"
    assert unknown <= KINDS[kind] * TIMES / 20


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_ortools_says_leaves_no_room_for_a_thousandth(kind):
    seen = 0
    for seed in range(8):
        for _, theirs, room in kind(np.random.default_rng([seed, len(kind.__name__)])):
            seen += room < 1e-3 * abs(theirs)
    assert seen


def test_there_are_enough_instances():
    assert sum(count for count, _ in FAMILIES.values()) >= 300
    for table in ([count for count, _ in FAMILIES.values()], KINDS.values()):
        assert sum(table) * 40 >= 10_000


def test_a_wrong_answer_would_be_seen():
    """The oracles themselves can fail: a budget that is off by a ten-thousandth is noticed."""
    for family in (least_burden_by_clarabel, least_burden_in_fractions):
        _, tolerance = FAMILIES[family]
        ours, theirs = next(iter(family(np.random.default_rng(0))))
        assert abs(ours * 1.0001 - theirs) / theirs > tolerance


def test_lots_by_scip():
    if "SCIP" not in cp.installed_solvers():
        pytest.skip("SCIP is not installed: pip install pyscipopt")
    for seed in range(10 * TIMES):
        dice = np.random.default_rng(seed)
        round_, points, _, needed = lots_drawn(dice)
        if not any(sum(x) == needed for x in points):
            continue
        start = round_.start
        k, z = cp.Variable(start.capacity.size, integer=True), cp.Variable(nonneg=True)
        x = cp.multiply(k, start.lot)
        rows = [k >= 0, x <= start.capacity, x <= start.equity * z, cp.sum(x) == round_.needed]
        theirs = minimise(100 * z, rows, cp.SCIP) / 100
        ours = adl.solve(round_, adl.MinMax(burden=EQUITY)).value
        assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def peer(function):
    """The module of the authors' code that defines a function."""
    root = os.environ.get("ADLOPT_PEER")
    if not root:
        pytest.skip("ADLOPT_PEER names no checkout of the authors' code")
    for path in sorted(Path(root).rglob("*.py")):
        if f"def {function}(" in path.read_text(encoding="utf-8", errors="replace"):
            spec = importlib.util.spec_from_file_location(f"peer_{path.stem}", path)
            sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    return pytest.skip(f"the checkout {root} has no function {function}")


def test_the_projection_of_the_authors():
    theirs = peer("project_weighted_box_simplex").project_weighted_box_simplex
    for seed in range(50 * TIMES):
        dice = np.random.default_rng(seed)
        n = int(dice.integers(1, 30))
        capacity, point = dice.lognormal(3.0, 1.5, n), dice.random(n)
        budget = float(dice.random() * capacity.sum())
        ours = project(point, capacity, budget)
        np.testing.assert_allclose(ours, theirs(point, capacity, budget), atol=1e-6)


def test_the_integer_pro_rata_of_the_authors():
    """Theirs gives ties to whoever numpy sorts last, ours to the id that sorts first."""
    code = peer("contracts_pro_rata_close_integer")
    for seed in range(50 * TIMES):
        dice = np.random.default_rng(seed)
        size = dice.integers(1, 500, int(dice.integers(1, 20)))
        wanted = int(dice.integers(1, size.sum() + 1))
        rest = [Fraction(int(k) * wanted, int(size.sum())) % 1 for k in size]
        if len(set(rest)) < len(rest):
            continue
        held = [code.ContractPosition(user_id=str(i), qty=float(k)) for i, k in enumerate(size)]
        closed, *_ = code.contracts_pro_rata_close_integer(
            held, required_contracts=wanted, loss_per_contract_usd=1.0, eligible_side="both"
        )
        ids = [each.user_id for each in held]
        start = adl.RoundStart(account=ids, capacity=size, deficit=1.0, lot=np.ones(size.size))
        np.testing.assert_array_equal(IntegerProRata().allocate(None, start, wanted), closed)
