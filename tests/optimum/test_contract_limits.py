"""Limits in contract space: against all whole lots there are, MILPs, laws, and forged proofs."""

import itertools
import math
import pickle
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.optimum.lots import filler, tiered
from adlopt.optimum.lots.lot_grid import LotGrid

MICRO = 10**6
AT_LEAST = adl.Budget.at_least()
BUDGETS = [adl.Budget.exact(), AT_LEAST, adl.Budget.band(1.0), adl.Budget.band(3.5)]
BURDENS = [adl.MinMax(), adl.MinMax(burden=adl.Burden.EQUITY), adl.MinMax(epsilon=2.0)]


def random_case(rng):
    """A small round, limits of every kind, a loss and a budget."""
    n = int(rng.integers(1, 5))
    owner = [i for i in range(n) for _ in range(rng.integers(1, 4))]
    m = len(owner)
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in owner],
        coin=[f"c{j}" for j in range(m)],
        side=["long"] * m,
        size=rng.integers(0, 4, m),
        value=rng.choice([0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 2.5], m),
        deficit=1.0,
        needed=0.0,
        equity=rng.choice([-1.0, 0.0, 5.0, 10.5, 100 / 3, 60.0], n),
    )

    def some(values):
        return values if rng.random() < 0.4 else None

    barred = [f"a{i}" for i in range(n) if rng.random() < 0.15]
    limits = adl.Limits(
        ineligible=dict.fromkeys(barred, "vault"),
        cap=some(np.round(rng.random(n), 2)) if rng.random() < 0.7 else 0.8,
        floor=some(rng.choice([0.0, 2.0, 5.5, 20.0], n)),
        weight=some(rng.choice([0.0, 3.0, 10.0, 1 / 3], n, p=[0.1, 0.3, 0.3, 0.3])),
        tier=some(rng.integers(-1, 2, n)),
        lots=some(rng.integers(0, 4, m)),
    )
    most = float(round_.start.capacity.sum())
    needed = float(rng.integers(0, int(0.8 * most) + 2)) / int(rng.integers(1, 3))
    round_ = replace(round_, outcome=adl.RoundOutcome(needed=needed))
    return round_, limits, BURDENS[int(rng.integers(3))], BUDGETS[int(rng.integers(4))]


def allowed(round_, limits):
    """Micro-dollars of each account, exact, from the words of the documentation."""
    start, n = round_.start, len(round_.start.account)
    most = [Fraction(u) for u in start.capacity.tolist()]
    if limits.cap is not None:
        caps = np.broadcast_to(limits.cap, n).tolist()
        most = [min(m, Fraction(str(c)) * m) for m, c in zip(most, caps, strict=True)]
    if limits.floor is not None:
        rooms = zip(most, start.equity.tolist(), limits.floor.tolist(), strict=True)
        most = [min(m, max(Fraction(e) - Fraction(f), Fraction(0))) for m, e, f in rooms]
    for i, name in enumerate(start.account):
        if name in limits.ineligible:
            most[i] = Fraction(0)
    return [math.floor(m * MICRO * (1 + Fraction(1, 10**12))) for m in most]


def burdens_of(round_, limits, loss):
    weights = loss.weights(round_.start) if limits.weight is None else limits.weight
    return [Fraction(w) for w in weights.tolist()]


def choices(round_, limits, loss):
    """Every choice of lots within the limits: lots, and micro-dollars of each account."""
    positions, owner = round_.positions, round_.owner.tolist()
    values = [round(v * MICRO) for v in positions.lot_value.tolist()]
    caps, weights = allowed(round_, limits), burdens_of(round_, limits, loss)
    most = positions.most.tolist()
    if limits.lots is not None:
        most = [min(k, limit) for k, limit in zip(most, limits.lots.tolist(), strict=True)]
    for lots in itertools.product(*(range(k + 1) for k in most)):
        taken = [0] * len(caps)
        for i, value, k in zip(owner, values, lots, strict=True):
            taken[i] += value * k
        if all(x <= c and (not x or w) for x, c, w in zip(taken, caps, weights, strict=True)):
            yield lots, tuple(taken)


def worst(taken, weights):
    given_ = [Fraction(x, MICRO) / w for x, w in zip(taken, weights, strict=True) if x]
    return max(given_, default=Fraction(0))


def least_by_tiers(round_, limits, loss, budget):
    """Worst burden of each tier that gives, and the nearest sums, by looking at every choice."""
    lowest, highest = round_.needed * MICRO, (round_.needed + budget.extra) * MICRO
    weights = burdens_of(round_, limits, loss)
    given_ = [taken for _, taken in choices(round_, limits, loss)]
    tier = [0] * len(weights) if limits.tier is None else limits.tier.tolist()
    before, levels = 0, []
    ranks = sorted(set(tier))
    for rank in ranks:
        own = {tuple(x * (t == rank) for x, t in zip(taken, tier, strict=True)) for taken in given_}
        full = max(map(sum, own))
        if before + full < lowest and rank != ranks[-1]:
            levels.append(min(worst(x, weights) for x in own if sum(x) == full))
            before += full
            continue
        counts = [x for x in own if lowest <= before + sum(x) <= highest]
        sums = {before + sum(x) for x in own}
        near = (
            max((s for s in sums if s < lowest), default=None),
            min((s for s in sums if s > highest), default=None),
        )
        if not counts:
            return None, near
        return [*levels, min(worst(x, weights) for x in counts)], near
    raise AssertionError


@pytest.mark.parametrize("seed", range(20))
def test_small_rounds_with_limits_equal_enumeration(seed):
    rng = np.random.default_rng(seed)
    for _ in range(50):
        round_, limits, loss, budget = random_case(rng)
        levels, (below, above) = least_by_tiers(round_, limits, loss, budget)
        if levels is None:
            with pytest.raises(adl.InfeasibleRound) as caught:
                adl.solve(round_, loss, budget=budget, limits=limits)
            refused = caught.value
            assert refused.below == pytest.approx(below / MICRO)
            assert refused.above == (None if above is None else pytest.approx(above / MICRO))
            explained(refused, round_)
            continue
        best = adl.solve(round_, loss, budget=budget, limits=limits)
        proofs = [best.certificate, *(stage.certificate for stage in best.stages)]
        assert [p.upper for p in proofs] == pytest.approx(list(map(float, levels)), rel=1e-14)
        assert best.worst_burden == pytest.approx(float(max(levels)), rel=1e-14)
        assert all(p.optimal and p.trust is adl.Trust.EXACT for p in proofs) or budget.extra < 4
        assert best.stopped is adl.Stopped.OPTIMAL
        taken = tuple(round(x * MICRO) for x in best.haircut.tolist())
        assert (tuple(best.lots.tolist()), taken) in set(choices(round_, limits, loss))
        assert best.certificate.budget_residual == pytest.approx(best.raised - round_.needed)
        check_reasons(best, round_, limits, loss)


def explained(refused, round_):
    assert [held.account for held in refused.binding] == list(round_.start.account)
    if refused.above is None and refused.missing is not None:
        supply = sum(round(held.most * MICRO) for held in refused.binding)
        assert supply < round_.needed * MICRO
        assert refused.missing == pytest.approx(round_.needed - supply / MICRO)
    reasons = {"capacity", "cap", "floor", "lots", "protected", "ineligible: vault"}
    assert {held.reason for held in refused.binding} <= reasons


def check_reasons(best, round_, limits, loss):
    """A reason is given exactly where no further lot fits, and where the worst burden is borne."""
    positions, owner = round_.positions, round_.owner
    caps, weights = allowed(round_, limits), burdens_of(round_, limits, loss)
    most = positions.most if limits.lots is None else np.minimum(positions.most, limits.lots)
    for i, (name, why) in enumerate(zip(round_.start.account, best.reason, strict=True)):
        taken = round(float(best.haircut[i]) * MICRO)
        fits = weights[i] > 0 and any(
            taken + round(positions.lot_value[j] * MICRO) <= caps[i]
            for j in np.flatnonzero((owner == i) & (best.lots < most) & (positions.value > 0))
        )
        assert fits == (why in ("", "worst burden"))
        if name in limits.ineligible:
            assert why in ("ineligible: vault", "capacity")
        if why == "protected":
            assert weights[i] <= 0
        if why == "worst burden":
            assert Fraction(taken, MICRO) / weights[i] >= worst([taken], [weights[i]])
            assert taken


def mid_size(seed, n=12):
    rng = np.random.default_rng(seed)
    owner = np.sort(np.concatenate([np.arange(n), rng.integers(0, n, n)]))
    m = owner.size
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in owner],
        coin=[f"c{j}" for j in range(m)],
        side=["short"] * m,
        size=rng.integers(1, 7, m),
        value=rng.integers(1, 100, m) / 2,
        deficit=1.0,
        needed=0.0,
        equity=rng.lognormal(5.0, 1.0, n),
    )
    limits = adl.Limits(
        ineligible={"a1": "vault"},
        cap=np.round(rng.uniform(0.3, 1.0, n), 3),
        floor=np.round(rng.uniform(0.0, 60.0, n), 2),
        weight=np.round(rng.lognormal(4.0, 1.0, n), 2),
        lots=rng.integers(0, 7, m),
    )
    reach = LotGrid.of(round_, adl.MinMax(), AT_LEAST, limits).cap.sum() / MICRO
    return replace(round_, outcome=adl.RoundOutcome(needed=round(0.4 * reach))), limits


@pytest.mark.parametrize("seed", range(6))
def test_cvxpy_finds_the_same_optimum_within_limits(seed):
    cp = pytest.importorskip("cvxpy")
    round_, limits = mid_size(seed)
    positions = round_.positions
    owner = round_.owner[None, :] == np.arange(12)[:, None]
    lots, level = cp.Variable(len(positions), integer=True), cp.Variable()
    haircut = (owner * positions.lot_value) @ lots
    start = round_.start
    eligible = np.array([name not in limits.ineligible for name in start.account])
    problem = cp.Problem(
        cp.Minimize(100.0 * level),
        [
            lots >= 0,
            lots <= np.minimum(positions.most, limits.lots),
            haircut <= limits.cap * start.capacity * eligible,
            haircut <= np.maximum(start.equity - limits.floor, 0.0),
            haircut <= cp.multiply(limits.weight, level),
            positions.lot_value @ lots >= round_.needed,
        ],
    )
    problem.solve(solver=cp.HIGHS, mip_rel_gap=0.0, mip_abs_gap=0.0)
    best = adl.solve(round_, budget=AT_LEAST, limits=limits)
    assert best.value == pytest.approx(problem.value / 100.0, rel=1e-6)
    assert best.certificate.optimal
    assert best.certificate.trust is adl.Trust.EXACT


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tiers", [False, True])
def test_highs_within_limits_finds_the_same_optimum(seed, tiers):
    round_, limits = mid_size(seed, n=20)
    if tiers:
        limits = replace(limits, tier=np.arange(20) % 3)
    ours = adl.solve(round_, budget=AT_LEAST, limits=limits)
    theirs = adl.solve(
        round_, budget=AT_LEAST, limits=limits, method=adl.Method.HIGHS, time_limit=60.0
    )
    assert theirs.method is adl.Method.HIGHS
    assert theirs.value == pytest.approx(ours.value, rel=1e-9)
    assert theirs.worst_burden == pytest.approx(ours.worst_burden, rel=1e-9)
    assert len(theirs.stages) == len(ours.stages)


@pytest.mark.parametrize("seed", range(5))
def test_one_position_each_is_the_round_in_dollars(seed):
    rng = np.random.default_rng(seed)
    n = 60
    lot = np.round(rng.lognormal(0.0, 1.0, n), 2) + 0.01
    wealth = adl.Round.of(
        capacity=np.round(lot * rng.integers(1, 40, n), 2),
        deficit=1.0,
        needed=1.0,
        lot=lot,
        equity=np.round(rng.lognormal(5.0, 1.0, n), 2),
        account=[f"a{i}" for i in range(n)],
    )
    limits = adl.Limits(
        ineligible={"a3": "vault", "a7": "market maker"},
        cap=np.round(rng.uniform(0.2, 1.0, n), 2),
        floor=np.round(rng.lognormal(2.0, 1.0, n), 2),
        weight=rng.lognormal(4.0, 1.0, n),
    )
    needed = round(0.5 * float(limits.most(wealth.start).sum()))
    wealth = replace(wealth, outcome=adl.RoundOutcome(needed=needed))
    contracts = adl.ContractRound.of_wealth(wealth)
    for budget in (AT_LEAST, adl.Budget.band(0.5)):
        expected = adl.solve(wealth, limits=limits, budget=budget)
        best = adl.solve(contracts, limits=limits, budget=budget)
        assert best.value == pytest.approx(expected.value, rel=1e-14)
        assert best.certificate.lower == pytest.approx(expected.certificate.lower, rel=1e-14)


@given(st.integers(0, 10**6), st.floats(0.1, 1.0))
@examples(30)
def test_looser_limits_are_never_worse(seed, share):
    rng = np.random.default_rng(seed)
    round_, limits, loss, _ = random_case(rng)
    limits = replace(limits, tier=None)
    lower = limits.cap if limits.cap is not None else 1.0
    tighter = replace(limits, cap=np.array(lower) * share if np.ndim(lower) else lower * share)
    try:
        tight = adl.solve(round_, loss, budget=AT_LEAST, limits=tighter)
    except adl.InfeasibleRound:
        return
    loose = adl.solve(round_, loss, budget=AT_LEAST, limits=limits)
    assert loose.value <= tight.value * (1 + 1e-15)
    none = adl.solve(round_, loss, budget=AT_LEAST, limits=adl.Limits())
    same = adl.solve(round_, loss, budget=AT_LEAST)
    assert none.lots.tolist() == same.lots.tolist()
    assert len(none.reason) == len(round_.start.account)
    assert same.reason == ()


def two_classes(needed):
    """Ann and bob have profits; cat is touched only when they have none left to give."""
    return adl.ContractRound.of(
        account=["ann", "ann", "bob", "cat"], coin=["ETH", "BTC", "ETH", "ETH"],
        side=["long", "short", "long", "long"], size=[3, 1, 5, 9], value=[40, 90, 40, 40],
        deficit=1.0, needed=needed,
    )  # fmt: skip


def test_the_next_class_gives_when_the_first_has_given_all():
    limits = adl.Limits(tier=[1, 1, 2], cap=[0.8, 1.0, 1.0])
    first = adl.solve(two_classes(200.0), limits=limits, budget=AT_LEAST)
    assert first.haircut[2] == 0.0
    assert first.stages == ()
    both = adl.solve(two_classes(500.0), limits=limits, budget=AT_LEAST)
    assert both.haircut.tolist() == [130.0, 200.0, 200.0], "90 + 40 is the most below 168"
    assert both.reason == ("cap", "capacity", "worst burden")
    assert [stage.criterion for stage in both.stages] == ["tier 2"]
    assert both.stages[0].certificate.upper == pytest.approx(200 / 360)
    assert both.certificate.upper == both.worst_burden == 1.0
    assert both.certificate.budget_residual == 30.0
    assert "tier 2: proven optimal (exact)" in str(both)
    with pytest.raises(adl.InfeasibleRound, match=r"tier 2, after 330\.0 USD") as caught:
        adl.solve(two_classes(500.0), limits=limits)
    assert (caught.value.below, caught.value.above) == (490.0, 530.0)
    with pytest.raises(adl.InfeasibleRound, match=r"limits hold back 42\.00 USD") as caught:
        adl.solve(two_classes(900.0), limits=limits, budget=AT_LEAST)
    refused = pickle.loads(pickle.dumps(caught.value))
    assert refused.below == 690.0
    assert refused.missing == 210.0
    held = [(b.account, b.most, b.reason) for b in refused.binding]
    assert held == [("ann", 130.0, "cap"), ("bob", 200.0, "capacity"), ("cat", 360.0, "capacity")]


def test_a_tier_that_could_give_more_is_not_believed(monkeypatch):
    limits = adl.Limits(tier=[1, 1, 2])
    monkeypatch.setattr(
        tiered, "_all_it_can", lambda part, *_: replace(part, least=part.least // 9)
    )
    with pytest.raises(adl.CertificateError, match="tier 1 can give more"):
        adl.solve(two_classes(330.0), limits=limits, budget=AT_LEAST)


def test_a_tier_whose_most_is_not_settled_is_not_guessed(monkeypatch):
    positions = [91.3, 83.9, 71.1, 61.7, 53.3, 41.9]
    round_ = adl.ContractRound.of(
        account=["a"] * 6 + ["b"], coin=list("uvwxyzu"), side=["long"] * 7, size=[1] * 7,
        value=[*positions, 500.0], capacity=[200.0, 500.0], deficit=1.0, needed=400.0,
    )  # fmt: skip
    limits = adl.Limits(tier=[1, 2])
    sums = {round(sum(c), 6) for r in range(7) for c in itertools.combinations(positions, r)}
    best = adl.solve(round_, budget=AT_LEAST, limits=limits)
    assert best.haircut.tolist() == [max(s for s in sums if s <= 200.0), 500.0]
    monkeypatch.setattr("adlopt.optimum.lots.filler.ALL_NODES", 1)
    with pytest.raises(adl.SolverStopped, match="tier 1 can give was not settled"):
        adl.solve(round_, budget=AT_LEAST, limits=limits)


REFUSED = {
    "lots of another length": (adl.Limits(lots=[1]), r"lots is '1 values': expected 2"),
    "caps of another length": (adl.Limits(cap=[0.5, 0.5]), r"cap is '2 values'"),
    "weights of another length": (adl.Limits(weight=[1.0, 2.0]), r"weight is '2 values'"),
    "tiers of another length": (adl.Limits(tier=[1, 2]), r"tier is '2 values'"),
    "a stranger": (adl.Limits(ineligible={"eve": "gone"}), "ineligible is 'eve'"),
    "floors without equity": (adl.Limits(floor=1.0), "equity is None"),
    "what is no limits": ({"cap": 1}, "expected a Limits"),
}


@pytest.mark.parametrize(("limits", "message"), REFUSED.values(), ids=REFUSED)
def test_limits_that_do_not_fit_are_refused(limits, message):
    round_ = adl.ContractRound.of(
        account=["a", "a"], coin=["X", "Y"], side=["long"] * 2, size=[3, 1], value=[2.0, 1.0],
        deficit=1.0, needed=2.0,
    )  # fmt: skip
    with pytest.raises(adl.InputError, match=message):
        adl.solve(round_, limits=limits)


def test_bad_lots_are_refused():
    for lots, message in (([-1, 2], r"lots\[0\] is -1"), ([0.5], "a list of whole numbers")):
        with pytest.raises(adl.InputError, match=message):
            adl.Limits(lots=lots)
    round_ = adl.Round.of(capacity=[3.0], deficit=1.0, needed=2.0)
    with pytest.raises(adl.InputError, match=r"limits\.lots.*in wealth space"):
        adl.solve(round_, limits=adl.Limits(lots=[1]))


def test_a_tier_gives_within_the_gap_of_the_most_it_can():
    rng = np.random.default_rng(2)
    n, m = 200, 900
    owner = np.sort(np.concatenate([np.arange(n), rng.integers(0, n, m - n)]))
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in owner], coin=[f"c{j}" for j in range(m)], side=["long"] * m,
        size=rng.integers(1, 30, m), value=np.round(rng.lognormal(1.0, 2.0, m), 6) + 1e-6,
        deficit=1.0, needed=0.0, equity=rng.lognormal(5.0, 1.0, n),
    )  # fmt: skip
    first = np.arange(n) < n // 2
    limits = adl.Limits(cap=0.7, tier=np.where(first, 1, 2))
    reach = 0.7 * float(round_.start.capacity[first].sum())
    needed = round(reach + 0.3 * float(round_.start.capacity[~first].sum()), 2)
    round_ = replace(round_, outcome=adl.RoundOutcome(needed=needed))
    best = adl.solve(round_, budget=AT_LEAST, limits=limits, gap=1e-6)
    given_ = best.haircut[first].sum()
    exact = LotGrid.of(round_, adl.MinMax(), AT_LEAST, limits).among(first)
    most = sum(int(filler.Filler(exact).exhaust(exact.room).bounds[i]) for i in range(n // 2))
    assert most * (1 - 1e-6) <= given_ * MICRO <= most + 0.5
    assert best.raised >= needed
    assert best.certificate.gap <= 1e-6 * best.certificate.upper
    assert best.stages[0].certificate.gap <= 1e-6 * best.stages[0].certificate.upper
