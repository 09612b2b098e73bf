"""Rounds that share their winners: every set of rounds, a general solver, and what cannot be."""

import math
import time
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product

import cvxpy
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.foundation import compiling
from adlopt.model.loss import MinMax
from adlopt.model.method import Stopped
from adlopt.optimum.core.certificate import Trust
from adlopt.optimum.coupled import coupled_proof as proof
from adlopt.optimum.coupled.not_coupling import price_of_not_coupling
from adlopt.optimum.coupled.payment_flow import least_burden_in_all
from adlopt.optimum.coupled.polymatroid import Polymatroid
from adlopt.optimum.coupled.shared_winners import Coupling


def episode_of(capacities, budgets):
    """Rounds of {account: capacity} and their budgets."""
    rounds = [
        adl.Round.of(
            t=t, account=list(held), capacity=list(held.values()), deficit=9.0, needed=budget
        )
        for t, (held, budget) in enumerate(zip(capacities, budgets, strict=True), start=1)
    ]
    return adl.Episode(name="random", rounds=rounds)


@st.composite
def episodes(draw, *, falling):
    rounds, accounts = draw(st.integers(1, 6)), draw(st.integers(1, 7))
    money = st.one_of(st.integers(0, 20), st.floats(1e-6, 1e6), st.just(5.0))
    held = [draw(money) for _ in range(accounts)]
    capacities, budgets = [], []
    for _ in range(rounds):
        winners = draw(st.sets(st.integers(0, accounts - 1), min_size=1))
        ratio = st.sampled_from([0.5, 1.0, 1.5]) if falling else st.just(1.0)
        capacities.append({f"a{i}": held[i] * draw(ratio) for i in sorted(winners)})
        share = draw(st.sampled_from([0.0, 0.01, 0.2, 0.3, 0.6]))
        budgets.append(share * sum(capacities[-1].values()))
    return episode_of(capacities, budgets)


def exact_ratio(episode, chosen):
    held = {}
    for t in chosen:
        start = episode.rounds[t].start
        held |= dict(zip(start.account, map(Fraction, start.capacity.tolist()), strict=True))
    needed = sum(Fraction(float(episode.needed[t])) for t in chosen)
    total = sum(held.values())
    return needed, total


def every_set(episode):
    rounds = range(len(episode))
    return [s for k in range(1, len(episode) + 1) for s in combinations(rounds, k)]


@given(episodes(falling=False))
@examples(40)
def test_the_largest_ratio_over_every_set_of_rounds_is_the_answer(episode):
    pairs = [exact_ratio(episode, chosen) for chosen in every_set(episode)]
    coupling = Coupling.of(episode, MinMax())
    if any(needed > total * (1 + Fraction(1, 10**9)) for needed, total in pairs):
        with pytest.raises(adl.InfeasibleRound) as caught:
            least_burden_in_all(coupling)
        needed, total = exact_ratio(episode, [t - 1 for t in caught.value.rounds])
        assert needed - total == max(n - u for n, u in pairs) or float(
            needed - total
        ) == pytest.approx(float(max(n - u for n, u in pairs)), rel=1e-9)
        return
    taken, cut, full = least_burden_in_all(coupling)
    best = max((needed / total for needed, total in pairs if total), default=Fraction(0))
    certificate = proof.certify_burden(coupling, taken, cut, full)
    assert certificate.trust is Trust.EXACT
    assert certificate.optimal
    bound = proof.cut_bound(coupling, cut, full)
    assert bound <= best
    assert float(bound) == pytest.approx(float(best), rel=1e-11)


@given(st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=6), st.data())
@examples(40)
def test_with_whole_dollars_the_ratio_is_exact(winners, data):
    held = data.draw(st.lists(st.integers(1, 30), min_size=6, max_size=6))
    capacities = [{f"a{i}": float(held[i]) for i in sorted(who)} for who in winners]
    budgets = [data.draw(st.integers(0, 3)) for _ in winners]
    episode = episode_of(capacities, budgets)
    pairs = [exact_ratio(episode, chosen) for chosen in every_set(episode)]
    best = max(needed / total for needed, total in pairs)
    if best > 1:
        with pytest.raises(adl.InfeasibleRound, match="are missing"):
            adl.solve(episode)
        return
    coupling = Coupling.of(episode, MinMax())
    _, cut, full = least_burden_in_all(coupling)
    assert proof.cut_bound(coupling, cut, full) == best


def by_program(episode, loss):
    """The same problem stated in cvxpy, account by account."""
    names = sorted({name for round_ in episode for name in round_.start.account})
    paid = {name: [] for name in names}
    rules, objective, whole = [], 0, cvxpy.Variable(nonneg=True)
    largest = {}
    for round_ in episode:
        start = round_.start
        x, z = cvxpy.Variable(len(start.account), nonneg=True), cvxpy.Variable(nonneg=True)
        weights = loss.weights(start)
        rules.append(x <= z * weights)
        for i, name in enumerate(start.account):
            paid[name].append(x[i])
            largest[name] = max(largest.get(name, 0.0), weights[i])
            rules.append(sum(paid[name]) <= start.capacity[i])
        if isinstance(loss, MinMax):
            rules.append(cvxpy.sum(x) == round_.needed)
        else:
            objective += loss.under * cvxpy.pos(round_.needed - cvxpy.sum(x)) + loss.fair * z
            objective += loss.over * cvxpy.pos(cvxpy.sum(x) - round_.needed)
    if isinstance(loss, MinMax):
        rules += [sum(parts) <= whole * largest[name] for name, parts in paid.items()]
        objective = whole
    return cvxpy.Problem(cvxpy.Minimize(objective), rules).solve(solver=cvxpy.HIGHS)


def tame(seed, *, falling=True):
    rng = np.random.default_rng(seed)
    held = rng.integers(1, 20, int(rng.integers(1, 9))).astype(float)
    capacities, budgets = [], []
    for _ in range(int(rng.integers(1, 6))):
        winners = np.flatnonzero(rng.random(held.size) < 0.6)
        winners = winners if winners.size else np.array([0])
        ratio = rng.choice([0.5, 1.0, 1.5], winners.size) if falling else 1.0
        capacities.append({f"a{i}": c for i, c in zip(winners, held[winners] * ratio, strict=True)})
        budgets.append(float(rng.choice([0.0, 1.0, 3.0, 8.0])))
    return episode_of(capacities, budgets)


@pytest.mark.parametrize("seed", range(40))
def test_falling_capacities_against_a_linear_program(seed):
    episode = tame(seed)
    expected = by_program(episode, MinMax())
    if expected == np.inf:
        with pytest.raises(adl.InfeasibleRound):
            adl.solve(episode)
        return
    best = adl.solve(episode)
    assert best.certificate.optimal
    assert best.value == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("seed", range(120))
def test_the_priced_optimum_against_a_linear_program(seed):
    episode, rng = tame(seed), np.random.default_rng(seed)
    prices = rng.choice([1.0, 3.0]), rng.choice([1.0, 2.0]), rng.choice([0.0, 1.0, 5.0, 30.0])
    loss = adl.Asymmetric(under=float(prices[0]), over=float(prices[1]), fair=float(prices[2]))
    best = adl.solve(episode, loss)
    expected = by_program(episode, loss)
    assert best.certificate.optimal
    assert best.value == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert best.certificate.lower <= expected * (1 + 1e-6) + 1e-6


@given(episodes(falling=True), st.data())
@examples(37)
def test_no_multipliers_prove_too_much(episode, data):
    """Whatever prices are handed in, what they prove stays below the value of any payments."""
    loss = adl.surrogate(track=2.0, fair=data.draw(st.sampled_from([0.0, 1.0, 1e3])))
    coupling = Coupling.of(episode, loss)
    prices = st.floats(-1.0, 5.0)
    lacking = np.array([data.draw(prices) for _ in range(coupling.budget.size)])
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    paid = rng.random(coupling.weight.shape) * data.draw(st.sampled_from([0.0, 1.0, 3.0]))
    best = adl.solve(episode, loss)
    taken = np.zeros_like(coupling.weight)
    certificate, _ = proof.certify_priced(coupling, loss, taken, lacking, paid)
    assert certificate.lower <= best.value * (1 + 1e-9) + 1e-12


def proved_in_fractions(coupling, loss, p, nu):
    """The bound of prices, number by number."""
    spent, bound = [], sum(map(Fraction.__mul__, map(Fraction, p), map(Fraction, coupling.budget)))
    for t, price in enumerate(map(Fraction, p)):
        later = [sum(map(Fraction, column[t:]), Fraction(0)) for column in nu.T]
        over = [max(price - paid, Fraction(0)) for paid in later]
        spent.append(sum(map(Fraction.__mul__, map(Fraction, coupling.weight[t]), over)))
    paid = nu > 0
    pairs = zip(nu[paid].tolist(), coupling.cap[paid].tolist(), strict=True)
    bound -= sum(Fraction(n) * Fraction(c) for n, c in pairs)
    shrink = min(Fraction(1), Fraction(loss.fair) / max(spent)) if any(spent) else 1
    return max(bound * shrink, Fraction(0))


@given(episodes(falling=True), st.data())
@examples(25)
def test_prices_prove_no_more_than_fractions_do(episode, data):
    loss = adl.surrogate(track=1.0, fair=7.0)
    coupling = Coupling.of(episode, loss)
    prices = st.one_of(st.just(0.0), st.floats(0.0, 1.0))
    p = np.array(data.draw(st.lists(prices, min_size=len(episode), max_size=len(episode))))
    count = coupling.cap.size
    nu = np.array(data.draw(st.lists(prices, min_size=count, max_size=count)))
    nu = np.where(np.isfinite(coupling.cap), nu.reshape(coupling.cap.shape), 0.0)
    exact = proved_in_fractions(coupling, loss, p, nu)
    proved = max(proof._bound(coupling, loss, p, nu, proof._over(p, nu)), Fraction(0))
    assert proved <= exact
    scale = float(p @ coupling.budget + (nu * np.where(nu > 0, coupling.cap, 0.0)).sum())
    assert float(exact - proved) <= 1e-12 * scale * (1 + float(coupling.weight.sum()))


def test_departing_winners_cost_an_online_rule_a_harmonic_number():
    """After each round the account that has paid least leaves; in hindsight it would have paid."""
    names = ["a", "b", "c", "d"]
    capacities = [dict.fromkeys(names[t:], 100.0) for t in range(4)]
    price = price_of_not_coupling(episode_of(capacities, [10.0] * 4))
    assert price.coupled.value == 0.1
    harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4
    assert price.one_by_one == pytest.approx(0.1 * harmonic)
    least, most = price.price
    assert least <= 0.1 * (harmonic - 1) * (1 + 1e-12)
    assert most >= 0.1 * (harmonic - 1) * (1 - 1e-12)
    assert most - least <= 1e-12
    assert price.overdrawn == ()


def test_one_by_one_may_fall_short_where_together_all_is_met():
    capacities = [{"a": 10.0, "b": 10.0}, {"a": 10.0}]
    episode = episode_of(capacities, [10.0, 10.0])
    price = price_of_not_coupling(episode)
    assert price.coupled.value == 1.0
    assert price.short == {2: 5.0}
    assert price.price is None
    assert "5.00 USD short" in str(price)
    priced = price_of_not_coupling(episode, adl.surrogate(track=1.0, fair=0.5))
    assert priced.price[0] > 0


@given(episodes(falling=False), st.sampled_from([0.0, 1.0, 100.0]))
@examples(25)
def test_not_coupling_never_pays(episode, fair):
    price = price_of_not_coupling(episode, adl.surrogate(track=1.0, fair=fair))
    assert price.overdrawn == ()
    assert price.price[1] >= -1e-9 * price.one_by_one


def test_what_was_paid_before_a_fall_is_reported():
    episode = episode_of([{"a": 10.0, "b": 2.0}, {"a": 4.0}], [9.0, 0.0])
    price = price_of_not_coupling(episode, adl.surrogate(track=1.0, fair=1.0))
    assert price.overdrawn == (2,)
    assert price.coupled.haircuts[0][0] <= 4.0


def test_too_much_is_refused_with_the_rounds_and_the_missing_dollars():
    capacities = [{"a": 10.0}, {"a": 10.0, "b": 5.0}, {"c": 100.0}]
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(episode_of(capacities, [8.0, 12.0, 1.0]))
    assert caught.value.rounds == (1, 2)
    assert caught.value.missing == 5.0
    assert [tuple(b) for b in caught.value.binding] == [
        ("a", 10.0, "capacity"),
        ("b", 5.0, "capacity"),
    ]
    assert caught.value.below == 16.0
    assert "rounds 1, 2: 20.00 USD are needed" in str(caught.value)
    assert "5.00 USD are missing" in str(caught.value)
    mended = adl.solve(episode_of(capacities, [8.0, 7.0, 1.0]))
    assert mended.value == 1.0
    with pytest.raises(adl.InfeasibleRound, match=r"^round 1: 11\.00 USD"):
        adl.solve(episode_of(capacities, [11.0, 0.0, 0.0]))


def test_protected_accounts_do_not_pay():
    rounds = [
        adl.Round.of(
            t=t,
            account=["a", "b"],
            capacity=[10.0, 10.0],
            equity=[50.0, -1.0],
            deficit=9.0,
            needed=4.0,
        )
        for t in (1, 2)
    ]
    episode = adl.Episode(name="protected", rounds=rounds)
    best = adl.solve(episode, MinMax(burden=adl.Burden.EQUITY))
    assert best.value == 8 / 50
    assert [x[1] for x in best.haircuts] == [0.0, 0.0]


def test_nothing_needed_costs_nothing():
    episode = episode_of([{"a": 1.0}, {"a": 0.0}], [0.0, 0.0])
    for loss in (MinMax(), adl.surrogate(track=1.0, fair=1.0)):
        best = adl.solve(episode, loss)
        assert best.value == 0.0
        assert best.certificate.optimal


def test_a_generated_episode_is_proven():
    episode = adl.episodes.shock(rounds=12, winners=300, seed=4)
    loss = adl.surrogate(track=1.0, fair=float(episode.total_capacity[0]) / 5)
    for given_loss in (MinMax(), loss, adl.Asymmetric(under=3.0, over=1.0, fair=1e4)):
        best = adl.solve(episode, given_loss)
        assert best.certificate.optimal
        for x, round_ in zip(best.haircuts, episode, strict=True):
            assert (x <= round_.start.capacity * (1 + 1e-9)).all()


@pytest.mark.nightly("seconds of searches")
def test_a_search_that_ends_early_says_so_and_both_bounds_hold():
    episode = adl.episodes.shock(rounds=10, winners=60, seed=3)
    rounds = [replace(r, outcome=adl.RoundOutcome(needed=30 * r.needed)) for r in episode.rounds]
    episode = replace(episode, rounds=tuple(rounds))
    loss = adl.surrogate(track=1.0, fair=0.3 * float(episode.total_capacity[0]))
    best = adl.solve(episode, loss)
    early = adl.solve(episode, loss, time_limit=1e-9)
    assert best.stopped is Stopped.OPTIMAL
    assert early.stopped is Stopped.LIMIT
    assert not early.certificate.optimal
    assert early.certificate.lower <= best.value * (1 + 1e-12)
    assert early.certificate.upper >= best.certificate.lower * (1 - 1e-12)
    assert str(early).endswith("stopped at a limit")


def test_a_gap_ends_the_search_and_is_proven():
    episode = adl.episodes.shock(rounds=10, winners=60, seed=3)
    rounds = [replace(r, outcome=adl.RoundOutcome(needed=30 * r.needed)) for r in episode.rounds]
    episode = replace(episode, rounds=tuple(rounds))
    loss = adl.surrogate(track=1.0, fair=0.3 * float(episode.total_capacity[0]))
    best = adl.solve(episode, loss)
    for gap in (1e-2, 1e-4, 1e-7):
        near = adl.solve(episode, loss, gap=gap)
        assert near.stopped is Stopped.GAP
        assert near.certificate.gap <= gap * near.value
        assert near.certificate.lower <= best.value * (1 + 1e-12)
        assert near.value >= best.certificate.lower * (1 - 1e-12)
        assert "limit" not in str(near)
    assert adl.solve(episode, loss, gap=0.5).certificate.gap > 1e-6 * best.value


@pytest.mark.parametrize("gap", [-1e-3, 1.0, np.nan, np.inf, "small"])
def test_a_gap_is_a_share(gap):
    episode = episode_of([{"a": 1.0}], [1.0])
    with pytest.raises(adl.InputError, match="gap"):
        adl.solve(episode, adl.surrogate(track=1.0, fair=1.0), gap=gap)


def wide(seed):
    """Capacities, budgets and prices over twelve orders of magnitude."""
    rng = np.random.default_rng(seed)
    held, share = 10.0 ** rng.uniform(-4, 8, int(rng.integers(1, 40))), rng.choice([0.2, 0.6, 0.95])
    capacities, budgets = [], []
    for _ in range(int(rng.integers(1, 8))):
        winners = np.append(np.flatnonzero(rng.random(held.size - 1) < share) + 1, 0)
        ratio = rng.choice([1.0, rng.choice([0.5, 1.5]), 10.0 ** rng.uniform(-3, 3)], winners.size)
        capacities.append({f"a{i}": c for i, c in zip(winners, held[winners] * ratio, strict=True)})
        total = sum(capacities[-1].values())
        budgets.append(
            float(rng.choice([total * 10.0 ** rng.uniform(-6, 0.3), 10.0 ** rng.uniform(-4, 8)]))
        )
    fair = max(sum(c.values()) for c in capacities) * 10.0 ** rng.uniform(-6, 3)
    under = float(10.0 ** rng.uniform(-3, 3))
    return episode_of(capacities, budgets), adl.Asymmetric(under=under, over=1.0, fair=float(fair))


@pytest.mark.parametrize("seed", range(150))
def test_scales_far_apart_are_proven(seed):
    best = adl.solve(*wide(seed))
    assert best.stopped is Stopped.OPTIMAL
    assert best.certificate.optimal
    assert best.certificate.trust is Trust.EXACT


def test_prices_a_little_too_high_are_lowered_where_they_are():
    """Of one round only; shrinking all of them would prove less."""
    capacities = [{"a": 1e8, "b": 3e8}, {"c": 1e-2, "d": 3e-2}]
    episode = episode_of(capacities, [1e8, 3e-2])
    loss = adl.surrogate(track=1.0, fair=1e-2)
    coupling = Coupling.of(episode, loss)
    taken = np.zeros_like(coupling.weight)
    taken[0, :2], taken[1, 2:] = [0.25e8, 0.75e8], [0.75e-2, 2.25e-2]
    nothing = np.zeros_like(taken)
    fair = loss.fair / coupling.weight.sum(axis=1)
    right, _ = proof.certify_priced(coupling, loss, taken, fair, nothing)
    high, _ = proof.certify_priced(coupling, loss, taken, fair * [1.0, 1.5], nothing)
    assert right.optimal
    assert high.lower == pytest.approx(right.lower, rel=1e-12)


@pytest.mark.parametrize("limit", [0.0, -1.0, np.nan, "soon"])
def test_a_time_limit_is_a_number_of_seconds(limit):
    episode = episode_of([{"a": 1.0}], [1.0])
    with pytest.raises(adl.InputError, match="time_limit"):
        adl.solve(episode, adl.surrogate(track=1.0, fair=1.0), time_limit=limit)


@given(episodes(falling=True), st.integers(0, 99))
@examples(30)
def test_what_rounds_raise_is_a_polymatroid(episode, seed):
    """Against every set of rounds: cuts are tight and valid, greedy payments are vertices."""
    coupling, rng = (
        Coupling.of(episode, adl.surrogate(track=1.0, fair=1.0)),
        np.random.default_rng(seed),
    )
    shared, count = Polymatroid.of(coupling), coupling.budget.size
    levels, elsewhere, order = rng.random(count), rng.random(count), rng.permutation(count)
    paid, raised = shared.pay(order, levels)
    taken = shared.table(paid)
    assert (np.cumsum(taken, axis=0) <= coupling.cap * (1 + 1e-12)).all()
    assert raised == pytest.approx(taken.sum(axis=1))
    scale = 1e-12 * float(shared.cap.sum())
    lack = {}
    for chosen in map(np.array, product([False, True], repeat=count)):
        cut = shared.cut(chosen, levels)
        most = [_most(coupling, chosen, z) for z in (levels, elsewhere)]
        assert cut.most(levels) == pytest.approx(most[0], rel=1e-12, abs=scale)
        assert cut.most(elsewhere) >= most[1] - scale
        assert raised[chosen].sum() <= most[0] + scale
        lack[tuple(chosen)] = coupling.budget[chosen].sum() - most[0]
    first = np.isin(np.arange(count), order[: count // 2 + 1])
    assert raised[first].sum() == pytest.approx(_most(coupling, first, levels), abs=scale)
    found = shared.lacking_most(coupling.budget > 0, coupling.budget, levels)
    near = [found ^ (np.arange(count) == t) for t in range(count)]
    assert lack[tuple(found)] >= max(lack[tuple(s)] for s in near) - 10 * scale


def _most(coupling, chosen, levels):
    total = 0.0
    for w, cap in zip(coupling.weight.T, coupling.cap.T, strict=True):
        wanted = np.where(chosen, levels * w, 0.0)
        total += min([wanted.sum(), *(cap[t] + wanted[t + 1 :].sum() for t in range(len(w)))])
    return total


def test_compiled_loops_do_the_same():
    coupling = Coupling.of(adl.episodes.shock(rounds=5, winners=80, seed=2), MinMax())
    shared, levels = Polymatroid.of(coupling), np.array([0.2, 0.9, 0.5, 0.4, 0.7])
    chosen = np.array([True, False, True, True, False])
    results = []
    for loading in (0.0, math.inf):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compiling, "LOADING", loading)
            cut = shared.cut(chosen, levels)
            paid, raised = shared.pay(np.array([3, 1, 0, 2, 4]), levels)
            most = shared.lacking_most(chosen, 9 * coupling.budget, levels)
            found = [*np.ravel(shared.full(cut)), *paid.ravel()]
            results.append([cut.held, *cut.slope, *found, *raised, *most])
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: -x, "finite number"),
        (lambda x: x + np.nan, "finite number"),
        (lambda x: x[:1], "finite number"),
        (lambda x: x * 0.5, "misses its budget"),
        (lambda x: x * 9.0, "than it holds"),
        (lambda x: x + 1.0, "no winner"),
    ],
)
def test_payments_that_cheat_are_refused(change, words):
    episode = episode_of([{"a": 10.0, "b": 10.0}, {"a": 10.0}], [6.0, 6.0])
    coupling = Coupling.of(episode, MinMax())
    taken, cut, full = least_burden_in_all(coupling)
    with pytest.raises(adl.CertificateError, match=words):
        proof.certify_burden(coupling, change(taken), cut, full)


@pytest.mark.parametrize("seed", range(10))
def test_any_set_of_rounds_and_accounts_is_a_lower_bound(seed):
    rng = np.random.default_rng(seed)
    episode = episode_of([{"a": 9.0, "b": 4.0}, {"a": 6.0}, {"b": 5.0, "c": 1.0}], [3.0, 2.0, 1.0])
    coupling = Coupling.of(episode, MinMax())
    best = adl.solve(episode)
    for _ in range(50):
        chosen = np.flatnonzero(rng.random(3) < 0.5)
        full = rng.random(3) < 0.3
        assert proof.cut_bound(coupling, chosen, full) <= Fraction(best.value)


def test_bad_input_is_refused():
    episode = episode_of([{"a": 1.0}], [1.0])
    with pytest.raises(adl.InputError, match="only totals are known"):
        adl.solve(adl.episodes.october_10())
    with pytest.raises(adl.InputError, match=r"thing is .*an Episode"):
        adl.solve([episode])
    with pytest.raises(adl.InputError, match="MinMax, Asymmetric"):
        adl.solve(episode, adl.Empirical(reference=0.1))
    with pytest.raises(adl.InputError, match="account values"):
        adl.solve(episode, MinMax(burden=adl.Burden.EQUITY))


def test_absurd_scales():
    for scale in (1e-9, 1e14):
        capacities = [{"a": 3 * scale, "b": scale}, {"a": 3 * scale}]
        episode = episode_of(capacities, [scale, scale])
        assert adl.solve(episode).value == 0.5
        tiny = replace(adl.surrogate(track=1.0, fair=1.0), fair=scale / 10)
        assert adl.solve(episode, tiny).certificate.optimal


def test_rounding_at_a_dear_side_is_not_taken_for_a_gap():
    rounds = [adl.Round.of(capacity=[19.0, 4.0], equity=[6.0, 15.0], deficit=1.0, needed=2.3)]
    loss = adl.Asymmetric(under=0.01, over=1.0, fair=0.0, burden=adl.Burden.EQUITY)
    for needed in (2.3000000000000003, 7.77, 12.1, 0.3):
        short = replace(rounds[0], outcome=adl.RoundOutcome(needed=needed))
        best = adl.solve(adl.Episode(name="one", rounds=[short]), loss)
        assert best.certificate.optimal


def test_an_episode_whose_winners_have_nothing_says_what_is_missing():
    broke = adl.Round.of(account=["a"], capacity=[0.0], deficit=5.0, needed=5.0)
    with pytest.raises(adl.InfeasibleRound, match=r"5\.00 USD are missing"):
        adl.solve(adl.Episode(name="broke", rounds=(broke,)))


def many_rounds(seed):
    """More rounds than there are sets to cut with; capacities rise, fall and vanish."""
    rng = np.random.default_rng(seed)
    rounds, accounts = int(rng.integers(21, 45)), int(rng.integers(2, 9))
    base = np.round(rng.lognormal(3, rng.choice([0.5, 3]), accounts), 2) + 0.01
    made = []
    for t in range(1, rounds + 1):
        here = np.flatnonzero(rng.random(accounts) < rng.uniform(0.2, 1))
        here = here if here.size else np.array([0])
        capacity = np.round(base[here] * rng.choice([1, 1, 0.5, 0], here.size), 2)
        needed = float(np.round(capacity.sum() * rng.choice([0, 0.01, 0.1, 1]), 2))
        names = [f"a{i}" for i in here]
        made.append(adl.Round.of(t=t, account=names, capacity=capacity, deficit=1, needed=needed))
    return adl.Episode(name="many", rounds=made)


@pytest.mark.parametrize("seed", range(20))
def test_many_rounds_are_solved_from_inside_and_proved(seed):
    """Beyond what cuts can do: the linear program, stated on its own, has the same optimum."""
    episode = many_rounds(seed)
    fair = [0.1, 10.0, 1e4][seed % 3]
    loss = adl.Asymmetric(under=1.0, over=1.0, fair=fair)
    best = adl.solve(episode, loss)
    assert best.optimal
    stated = adl.model(episode, loss).to_cvxpy().problem
    assert best.value == pytest.approx(float(stated.solve(solver="HIGHS")), rel=1e-6, abs=1e-6)


@pytest.mark.nightly("200 rounds of 1,000 accounts")
def test_two_hundred_rounds_of_a_thousand_accounts_with_prices_are_proved_to_a_millionth():
    rng = np.random.default_rng(0)
    capacity, made = rng.lognormal(8, 2, 1_000), []
    for t in range(1, 201):
        here = np.flatnonzero(rng.random(1_000) < 0.5)
        grown = capacity[here] * rng.lognormal(0, 0.2, here.size)
        needed = float(capacity[here].sum() * rng.uniform(0.2, 3) / 200)
        names = [f"a{i}" for i in here]
        made.append(adl.Round.of(t=t, account=names, capacity=grown, deficit=1, needed=needed))
    loss = adl.Asymmetric(under=1.0, over=1.0, fair=2e6)
    started = time.process_time()
    best = adl.solve(adl.Episode(name="many", rounds=made), loss, gap=1e-6)
    assert time.process_time() - started < 30
    assert best.certificate.gap <= 1e-6 * best.value
