"""Constraints of one's own: the optimum against an independent program, its proof, and refusals."""

import itertools
import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import linprog

import adlopt as adl
from adlopt.optimum.dollars.least_loss import Search
from adlopt.optimum.opened.kinds import stated_rows
from adlopt.optimum.opened.searched import bound, search
from adlopt.optimum.programs import patterns

EQUITY = adl.Burden.EQUITY
ROUND = adl.Round.of(
    account=["ann", "bob", "cat", "dan"],
    capacity=[120.0, 80.0, 40.0, 60.0],
    equity=[240.0, 90.0, 400.0, 70.0],
    deficit=300.0,
    needed=100.0,
    tags={"desk": ["makers", "", "makers", ""], "owner": ["x", "x", "y", "y"]},
)
OBJECTIVES = [
    adl.MinMax(),
    adl.MinMax(burden=EQUITY),
    adl.surrogate(track=1.0, fair=60.0, burden=EQUITY),
    adl.Asymmetric(under=3.0, over=1.0, fair=200.0),
    adl.Empirical(reference=0.1, excess_only=True),
]


@st.composite
def rounds(draw):
    n = draw(st.integers(1, 7))
    money = st.one_of(st.just(0.0), st.integers(1, 10**6).map(lambda cents: cents / 100))
    capacity = draw(st.lists(money, min_size=n, max_size=n))
    equity = [u * draw(st.sampled_from([0.5, 1.0, 3.0])) + 1 for u in capacity]
    tags = {
        kind: draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))
        for kind, values in (("desk", ["makers", "funds", ""]), ("owner", ["x", "y", "z"]))
    }
    return adl.Round.of(
        capacity=capacity,
        equity=equity,
        deficit=1.0,
        needed=draw(st.one_of(st.just(0.0), st.floats(1e-3, 0.95))) * math.fsum(capacity),
        tags=tags,
    )


SAYS = [
    lambda g, p, usd: g.gives_at_most(share=p),
    lambda g, p, usd: g.gives_at_most(usd=usd),
    lambda g, p, usd: g.gives_at_least(share=p / 2),
    lambda g, p, usd: g.gives_at_least(usd=usd / 4),
    lambda g, p, usd: g.keeps_at_most(usd),
    lambda g, p, usd: g.keeps_at_least(usd / 4),
    lambda g, p, usd: g.shares_burden(),
]
GROUPS = [
    adl.group("makers"),
    adl.group(owner="x"),
    adl.group(each="owner"),
    adl.group(where={"equity": (10.0, math.inf)}),
    adl.group(account=["1"]),
]


@st.composite
def constrained(draw):
    round_, made, shared = draw(rounds()), [], False
    for _ in range(draw(st.integers(1, 3))):
        says = draw(st.integers(0, len(SAYS) - (2 if shared else 1)))
        shared = shared or says == len(SAYS) - 1
        usd = draw(st.integers(0, 100)) / 100 * round_.start.total_capacity
        made.append(SAYS[says](draw(st.sampled_from(GROUPS)), draw(st.integers(0, 100)) / 100, usd))
    return round_, made


def oracle(round_, objective, constraints):
    """The same, stated independently over x, z, s, p, e and solved by scipy; None if infeasible."""
    start = round_.start
    n, u = len(start.account), start.capacity
    unit = u.max() or 1.0
    x, w = np.eye(n, n + 4), objective.weights(start) / unit
    z, s, p, e = np.eye(n + 4)[n:]
    total = x.sum(axis=0)
    above, ends, same, to = [], [], [], []
    bearer = np.arange(n)
    for constraint in constraints:
        for _, mask in constraint.group.parts(start, None):
            given_ = mask @ x
            held = float(u[mask].sum()) / unit
            low, high = constraint.lower / unit, constraint.upper / unit
            if constraint.says.name == "SHARES":
                bearer[mask] = np.flatnonzero(mask)[0]
                continue
            if constraint.says.name == "KEEPS":
                low, high = held - high, held - low
            row = given_ - constraint.share * total
            if high < math.inf:
                above.append(row)
                ends.append(high)
            if low > -math.inf:
                above.append(-row)
                ends.append(-low)
    for b in set(bearer.tolist()):
        above.append((bearer == b) @ x - w[bearer == b].sum() * z)
        ends.append(0.0)
    budget = round_.needed / unit
    same.append(total + s - p)
    to.append(budget)
    exact = isinstance(objective, adl.MinMax)
    allowance = getattr(objective, "reference", 0.0)
    above.append(z - e)
    ends.append(allowance)
    bounds = [(0.0, v / unit) for v in u] + [(0, None), *[(0, 0 if exact else None)] * 2, (0, None)]
    if exact:
        cost = z
    elif isinstance(objective, adl.Empirical):
        cost = unit * (s + p) + objective.weight * round_.needed * e
    else:
        cost = unit * (objective.under * s + objective.over * p) + objective.fair * e
    found = linprog(cost, np.array(above), ends, np.array(same), to, bounds, method="highs")
    return float(found.fun) if found.status == 0 else None


@given(constrained(), st.sampled_from(OBJECTIVES))
def test_an_independent_program_finds_the_same_optimum(drawn, objective):
    round_, constraints = drawn
    empty = [c for c in constraints if not _anyone(c, round_)]
    if empty:
        with pytest.raises(adl.InputError, match="an account of the round"):
            adl.solve(round_, objective, constraints=constraints)
        return
    expected = oracle(round_, objective, constraints)
    try:
        best = adl.solve(round_, objective, constraints=constraints)
    except adl.InfeasibleRound:
        assert expected is None or _barely(round_, objective, constraints)
        return
    assert expected is not None
    assert best.value == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert best.optimal, best.certificate
    assert best.certificate.trust is adl.Trust.EXACT
    for constraint in constraints:
        for row in constraint.rows(round_.start):
            given_ = float(row.coefficient @ best.haircut[row.index]) - row.share * best.raised
            room = 1e-8 * (round_.start.total_capacity + 1)
            assert row.lower - room <= given_ <= row.upper + room


def _anyone(constraint, round_):
    try:
        return bool(constraint.group.parts(round_.start, None))
    except adl.InputError:
        return False


def _barely(round_, objective, constraints):
    """Whether a budget a millionth less would be infeasible to the other solver too."""
    less = adl.Round(
        start=round_.start, outcome=adl.RoundOutcome(needed=round_.needed * (1 + 1e-6) + 1e-6)
    )
    return oracle(less, objective, constraints) is None


@given(constrained(), st.sampled_from(OBJECTIVES))
def test_tangents_of_patterns_find_what_the_whole_program_has(drawn, objective):
    round_, constraints = drawn
    if not all(_anyone(c, round_) for c in constraints):
        return
    with pytest.MonkeyPatch.context() as patch:
        values = []
        for many in (patterns.MANY, -1):
            patch.setattr(patterns, "MANY", many)
            try:
                values.append(adl.solve(round_, objective, constraints=constraints).value)
            except adl.InfeasibleRound:
                values.append(None)
    assert values[0] == values[1] or values[0] == pytest.approx(values[1], rel=1e-8, abs=1e-9)


def test_cvxpy_rows_are_rows():
    m = adl.model(ROUND)
    best = m.solve([m.haircut["ann"] <= 5, m.haircut[["bob", "cat"]] >= 7])
    assert best.certificate.trust is adl.Trust.EXACT
    assert best.optimal
    assert best.haircut[0] == pytest.approx(5.0)
    assert best.worst_burden == pytest.approx(95 / 180)
    assert best.reason == ("own 1", "worst burden", "worst burden", "worst burden")
    tied = m.solve([m.haircut["ann"] == 2 * m.haircut["cat"], m.haircut["bob"] <= 0.1 * m.raised])
    assert tied.haircut[0] == pytest.approx(2 * tied.haircut[2])
    assert tied.haircut[1] <= 10 * (1 + 1e-9)
    floored = m.solve([m.burden >= 0.75])
    assert floored.value == pytest.approx(0.75)
    assert floored.optimal


def test_what_is_convex_and_no_row_is_solved_by_clarabel_and_only_reported():
    import cvxpy as cp

    m = adl.model(ROUND)
    best = m.solve([cp.norm(m.haircut) <= 52.0])
    assert best.method is adl.Method.CLARABEL
    assert best.certificate.trust is adl.Trust.REPORTED
    assert not best.optimal
    assert np.linalg.norm(best.haircut) <= 52.0 * (1 + 1e-6)
    x, z = cp.Variable(4, nonneg=True), cp.Variable()
    u = ROUND.start.capacity
    rows = [x <= u, x <= u * z, cp.sum(x) == 100, cp.norm(x) <= 52.0]
    other = cp.Problem(cp.Minimize(z), rows).solve(solver=cp.CLARABEL)
    assert best.value == pytest.approx(float(other), rel=1e-5)
    loose = m.solve([cp.norm(m.haircut) <= 1e4])
    assert loose.value == pytest.approx(1 / 3, rel=1e-6)
    assert loose.certificate.trust is adl.Trust.REPORTED


def test_a_group_may_give_a_share_of_what_all_give():
    makers = adl.group("makers").gives_at_most(share=0.2)
    best = adl.solve(ROUND, constraints=[makers])
    assert best.haircut[[0, 2]].sum() == pytest.approx(20.0)
    assert best.worst_burden == pytest.approx(80 / 140)
    assert "makers" in best.reason


def test_accounts_of_one_owner_share_a_burden():
    best = adl.solve(
        ROUND, adl.MinMax(burden=EQUITY), constraints=[adl.group(each="owner").shares_burden()]
    )
    x, w = best.haircut, ROUND.start.equity
    assert best.worst_burden == pytest.approx(max(x[:2].sum() / 330, x[2:].sum() / 470))
    alone = adl.solve(ROUND, adl.MinMax(burden=EQUITY))
    assert best.value < alone.value
    assert (x / w).max() > best.value


def test_lots_and_contracts_take_rows_and_say_what_is_proved_of_them():
    whole = adl.Round(
        start=adl.RoundStart(
            account=["a", "b", "c"],
            capacity=[120.0, 80.0, 40.0],
            deficit=90.0,
            lot=[10.0, 10.0, 10.0],
            tags={"desk": ["m", "", "m"]},
        ),
        outcome=adl.RoundOutcome(needed=60.0),
    )
    best = adl.solve(whole, constraints=[adl.group("m").gives_at_most(usd=20.0)])
    assert best.haircut.sum() == 60.0
    assert best.haircut[[0, 2]].sum() <= 20.0
    assert (best.haircut % 10 == 0).all()
    burdens = []
    for a in range(3):
        for c in range(3 - a):
            burdens.append(max(a * 10 / 120, c * 10 / 40, (60 - 10 * a - 10 * c) / 80))
    assert best.value == min(burdens)
    held = adl.ContractRound.of(
        account=["ann", "ann", "bob"],
        coin=["ETH", "BTC", "ETH"],
        side=["long", "short", "long"],
        size=[10, 3, 8],
        value=[40, 90, 40],
        deficit=500,
        needed=305,
        tags={"desk": ["m", ""]},
    )
    best = adl.solve(
        held,
        budget=adl.Budget.at_least(),
        constraints=[adl.group(coin="BTC").gives_at_most(usd=130)],
    )
    assert best.haircut[0] <= 130
    assert best.raised >= 305
    assert best.value == 200 / 320
    assert best.certificate.lower <= best.value


def two_sides():
    winners = adl.ContractRound.of(
        account=["ann", "ann", "bob"],
        coin=["ETH", "BTC", "ETH"],
        side=["short", "long", "short"],
        size=[10.0, 2.0, 10.0],
        value=[200.0, 0.0, 200.0],
        mark=[3600.0, 90000.0, 3600.0],
        capacity=[4000.0, 4000.0],
        deficit=1800.0,
        needed=1800.0,
        tags={"desk": ["m", ""]},
    )
    shed = adl.Shed(
        loser=["x"], coin=["ETH"], side=["long"], size=[9.0], price=[3800.0], mark=[3600.0]
    )
    return adl.TwoSidedRound(winners, shed)


def test_two_sides_and_episodes_take_rows():
    both = two_sides()
    plain = adl.solve(both)
    assert plain.haircut.tolist() == [900.0, 900.0]
    held = adl.solve(both, constraints=[adl.group("m").gives_at_most(share=0.25)])
    assert held.haircut == pytest.approx([450.0, 1350.0])
    assert held.optimal
    rounds_ = [
        adl.Round.of(
            t=1,
            account=["a", "b"],
            capacity=[90.0, 90.0],
            deficit=90.0,
            needed=30.0,
            tags={"desk": ["m", ""]},
        ),
        adl.Round.of(
            t=2,
            account=["a", "c"],
            capacity=[90.0, 45.0],
            deficit=90.0,
            needed=30.0,
            tags={"desk": ["m", ""]},
        ),
    ]
    episode = adl.Episode(name="two", rounds=rounds_)
    rows = [adl.group("m").gives_at_most(usd=3.0)]
    best = adl.solve(episode, constraints=rows)
    assert best.optimal
    assert best.haircuts[0][0] <= 3 + 1e-9
    assert best.worst_burden == pytest.approx(27 / 45)


def test_net_delta_of_hedges_is_bounded():
    winners = adl.ContractRound.of(
        account=["ann", "ann", "bob"],
        coin=["ETH", "ETH", "ETH"],
        side=["short", "long", "short"],
        size=[10.0, 4.0, 10.0],
        value=[200.0, 0.0, 200.0],
        mark=[3600.0] * 3,
        capacity=[4000.0, 4000.0],
        deficit=1800.0,
        needed=1800.0,
    )
    both = adl.TwoSidedRound(winners, two_sides().losers)
    rows = [adl.group(account=["ann"]).delta_changes_at_most(usd=7200.0)]
    best = adl.solve(both, constraints=rows)
    assert best.closed[0] == pytest.approx(2.0)
    assert best.optimal


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda m: [3], "a constraint such as"),
        (lambda m: [adl.model(ROUND).haircut["ann"] <= 1], "variables of this model"),
        (lambda m: [m.haircut["ann"] ** 2 >= 1], "a convex constraint"),
        (lambda m: [m.haircut["zed"] <= 1], "haircut is 'zed': expected an account"),
        (lambda m: [adl.group("nobody").gives_at_most(usd=1)], "nobody.*tags: makers"),
        (lambda m: [adl.group(floor="x").gives_at_most(usd=1)], "a kind of tags"),
        (lambda m: [adl.group(coin="ETH").gives_at_most(usd=1)], "a coin of the positions"),
        (lambda m: [adl.group(where={"age": (1, 2)}).gives_at_most(usd=1)], "feature is 'age'"),
        (lambda m: [adl.group().delta_changes_at_most(1)], "positions with marks"),
        (
            lambda m: [
                adl.group(each="owner").shares_burden(),
                adl.group("makers").shares_burden(),
            ],
            "an account that shares one burden",
        ),
        (lambda m: [adl.group().gives_at_most()], "either a share"),
        (lambda m: [adl.group().gives_at_most(share=1.5)], "a share in"),
        (lambda m: [adl.group().keeps_at_most(-1.0)], "≥ 0"),
        (lambda m: [adl.group(where={"equity": (2, 1)})], "a pair"),
    ],
)
def test_what_is_no_constraint_is_refused_by_name(make, words):
    m = adl.model(ROUND)
    with pytest.raises(adl.InputError, match=words):
        m.solve(make(m))


def test_a_forged_multiplier_never_proves_more_than_is_true():
    rng, m = np.random.default_rng(4), adl.model(ROUND)
    stated = m.stated.with_rows(
        *stated_rows(m.kind, m.stated, [adl.group("makers").gives_at_most(share=0.2)])
    )
    found = search(stated, None, (), Search())
    value = Fraction(4, 7)
    assert bound(stated, found.point, found.duals, float(value)).lower == pytest.approx(4 / 7)
    for _ in range(200):
        forged = found.duals * rng.uniform(0, 3, found.duals.size) + rng.normal(0, 1e6, 1)
        assert Fraction(bound(stated, found.point, forged, 1.0).lower) <= value + Fraction(
            1, 10**12
        )


def test_twenty_thousand_accounts_in_fifty_groups_are_proved():
    rng, n = np.random.default_rng(1), 20_000
    equity = rng.lognormal(8, 2, n)
    capacity = equity * rng.uniform(0.02, 1.5, n)
    desk = rng.integers(0, 50, n)
    start = adl.RoundStart(
        account=list(map(str, range(n))),
        capacity=capacity,
        equity=equity,
        deficit=1.0,
        tags={"desk": [f"d{k}" for k in desk]},
    )
    needed = 0.35 * capacity.sum()
    round_ = adl.Round(start=start, outcome=adl.RoundOutcome(needed=needed))
    part = np.bincount(desk, capacity) / capacity.sum()
    rows = [
        adl.group(desk=f"d{k}").gives_at_most(share=float(p * rng.uniform(0.95, 1.4)))
        for k, p in enumerate(part)
    ]
    best = adl.solve(round_, adl.MinMax(burden=EQUITY), constraints=rows)
    assert best.method is adl.Method.CUTTING_PLANES
    assert best.certificate.trust is not adl.Trust.REPORTED
    assert best.certificate.gap <= 1e-9 * best.value
    assert best.value > adl.solve(round_, adl.MinMax(burden=EQUITY)).value * 1.001


def test_rows_have_prices_on_both_sides():
    rows = [
        adl.group("makers").gives_at_most(usd=20.0),
        adl.group(account=["bob"]).gives_at_most(usd=60.0),
    ]
    best = adl.solve(ROUND, constraints=rows)
    prices = best.prices
    found = dict(zip(prices.name, zip(prices.below, prices.above, strict=True), strict=True))
    assert found["own[makers]"] == pytest.approx((-1 / 140, -1 / 140), rel=1e-4)
    assert found["own[bob]"] == pytest.approx((0.0, 0.0), abs=1e-9)
    assert found["budget"] == pytest.approx((1 / 140, 1 / 140), rel=1e-4)
    tied = adl.solve(ROUND, constraints=[adl.group("makers").gives_at_most(usd=160 / 3)]).prices
    at = tied.name.index("own[makers]")
    assert tied.above[at] == pytest.approx(0.0, abs=1e-9)
    assert tied.below[at] == pytest.approx(-1 / 140, rel=1e-4)


def feasible(round_, rows, limits, needed):
    """Whether haircuts exist, by an independent solver: rows and limits of names that are kept."""
    u = round_.start.capacity
    unit = max(u.max(), 1.0)
    above, ends, same, to = [np.zeros(u.size)], [0.0], [], []
    for row in rows:
        a = np.zeros(u.size)
        a[row.index] += row.coefficient
        a -= row.share
        for sign, end in ((1, row.upper), (-1, row.lower)):
            if math.isfinite(end):
                above.append(sign * a)
                ends.append(sign * end / unit)
    if needed is not None:
        same, to = [np.ones(u.size)], [needed / unit]
    bounds = [
        (0.0, limits.get(name, most) / unit)
        for name, most in zip(round_.start.account, u, strict=True)
    ]
    kinds = {"A_eq": np.array(same), "b_eq": to} if same else {}
    return linprog(np.zeros(u.size), np.array(above), ends, bounds=bounds, **kinds).status == 0


@given(constrained(), st.integers(0, 2**7 - 1), st.floats(0.5, 1.0))
def test_contradictions_are_irreducible_and_name_who_and_which_limits(drawn, barred, share):
    round_, constraints = drawn
    start = round_.start
    constraints = [c for c in constraints if _anyone(c, round_) and c.says.name != "SHARES"]
    needed = share * start.total_capacity
    round_ = adl.Round(start=start, outcome=adl.RoundOutcome(needed=needed))
    names = [name for i, name in enumerate(start.account) if barred >> i & 1]
    limits = adl.Limits(ineligible=dict.fromkeys(names, "vault"))
    try:
        adl.solve(round_, limits=limits, constraints=constraints)
    except adl.InfeasibleRound as error:
        told = error.irreducible
    else:
        return
    assert told
    rows = {f"own[{row.name}]": row for c in constraints for row in c.rows(start)}
    if len(rows) < sum(1 for c in constraints for _ in c.rows(start)):
        return
    zero = dict.fromkeys(names, 0.0)

    def holds(kept):
        own = [rows[name] for name in kept if name in rows]
        held = {n: zero[n] for n in names if any(k.endswith(f"[{n}]") for k in kept - set(rows))}
        return feasible(round_, own, held, needed if "budget" in kept else None)

    if "capacities" in told:
        assert needed > start.total_capacity * (1 - 1e-9)
        return
    told = set(told)
    assert not holds(told)
    for one in told:
        assert holds(told - {one}), one


def least_under_a_row(cost, burdens, who, share, capacity, needed):
    """min cost · (x, …) with burdens · (x, …) ≤ 0, Σ x = needed, of which `who` give a share."""
    n, width = capacity.size, cost.size
    row, every = np.zeros((2, width))
    row[who], every[:n] = 1.0, 1.0
    rows, ends = [*burdens, row], [*np.zeros(len(burdens)), share * needed]
    bounds = [*((0.0, most) for most in capacity), *[(0.0, None)] * (width - n)]
    found = linprog(cost, rows, ends, every[None, :], [needed], bounds)
    return found.fun if found.status == 0 else None


@pytest.mark.parametrize("seed", range(40))
def test_tails_and_fewest_accounts_under_a_row_are_those_of_plain_programs(seed):
    rng = np.random.default_rng(seed)
    n, level = int(rng.integers(2, 6)), float(rng.choice([0.0, 0.3, 0.7, 0.9]))
    capacity = np.round(rng.lognormal(3, 2, n), 2) + 0.01
    equity = np.round(capacity * rng.lognormal(0, 1.5, n), 2) + 0.01
    needed = float(capacity.sum() * rng.uniform(0.05, 0.8))
    who = sorted(rng.choice(n, int(rng.integers(1, n)), replace=False).tolist())
    share, names = float(rng.choice([0.1, 0.3, 0.6])), [str(i) for i in range(n)]
    round_ = adl.Round.of(
        account=names, capacity=capacity, equity=equity, deficit=1.0, needed=needed
    )
    rows = [adl.group(account=[names[i] for i in who]).gives_at_most(share=share)]
    asked = who, share
    tail = np.concatenate([np.zeros(n), [1.0], np.full(n, 1 / n / (1 - level))])
    above = np.hstack([np.diag(1 / equity), -np.ones((n, 1)), -np.eye(n)])
    least = least_under_a_row(tail, above, *asked, capacity, needed)
    if least is None:
        with pytest.raises(adl.InfeasibleRound):
            adl.solve(round_, adl.CVaR(level, burden=EQUITY), constraints=rows)
        return
    best = adl.solve(round_, adl.CVaR(level, burden=EQUITY), constraints=rows)
    assert best.certificate.proven
    assert best.value == pytest.approx(least, rel=1e-9)
    worst, level_rows = np.append(np.zeros(n), 1.0), np.hstack([np.eye(n), -equity[:, None]])
    on_so_few = {}
    for chosen in itertools.product([0.0, 1.0], repeat=n):
        held = np.array(chosen) * capacity
        found = least_under_a_row(worst, level_rows, *asked, held, needed)
        if found is not None:
            on_so_few.setdefault(int(sum(chosen)), []).append(found)
    few = adl.solve(round_, adl.FewestAccounts(burden=EQUITY), constraints=rows)
    assert (few.value, few.touched) == (min(on_so_few), min(on_so_few))
    assert few.certificate.lower == few.touched, "a bound on a count is a whole number"
    assert few.stages[0].value == pytest.approx(min(on_so_few[few.touched]), rel=1e-8)


@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(12))
def test_rows_that_only_just_meet_meet_and_those_a_cent_apart_do_not(seed, share):
    rng = np.random.default_rng(seed)
    capacity = np.round(rng.lognormal(3, 1.5, 6), int(rng.integers(1, 6))) + 0.01
    names, half = [f"a{i}" for i in range(6)], int(rng.integers(1, 5))
    parts = [names[:half], names[half:]]
    held = [share * float(capacity[:half].sum()), share * float(capacity[half:].sum())]

    def solve(needed):
        round_ = adl.Round.of(account=names, capacity=capacity, deficit=1.0, needed=needed)
        groups = zip(parts, held, strict=True)
        rows = [adl.group(account=who).gives_at_least(usd=usd) for who, usd in groups]
        return adl.solve(round_, constraints=rows)

    best = solve(min(sum(held), float(capacity.sum())))
    assert best.certificate.proven
    assert best.raised == pytest.approx(sum(held), rel=4e-12)
    with pytest.raises(adl.InfeasibleRound, match=r"contradict each other: together .* 0\.01 USD"):
        solve(sum(held) - 0.01)


def test_the_smallest_relaxation_is_said_in_dollars():
    rows = [adl.group("makers").gives_at_least(usd=150.0), adl.group().gives_at_most(usd=110.0)]
    with pytest.raises(adl.InfeasibleRound, match="must give") as caught:
        adl.solve(ROUND, constraints=rows)
    assert set(caught.value.irreducible) == {"budget", "own[makers]"}
    assert caught.value.missing == pytest.approx(50.0)
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(ROUND, limits=adl.Limits(cap=[0.1, 0.1, 1.0, 0.1]))
    assert caught.value.irreducible == ("budget", "cap[ann]", "cap[bob]", "cap[dan]")
    assert caught.value.missing is not None


def test_matchings_and_episodes_name_what_contradicts_each_other():
    winners = two_sides().winners
    poor = adl.ContractRound(
        start=adl.RoundStart(account=winners.start.account, capacity=[300.0, 5000.0], deficit=1.0),
        positions=winners.positions,
        outcome=winners.outcome,
    )
    shed = adl.Shed(
        loser=["x"], coin=["ETH"], side=["long"], size=[14.0], price=[3800.0], mark=[3600.0]
    )
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(adl.TwoSidedRound(poor, shed))
    assert set(caught.value.irreducible) == {"conserve[ETH,short]", "cap[ann]"}
    rounds_ = [
        adl.Round.of(t=t, account=["a"], capacity=[90.0], deficit=90.0, needed=needed)
        for t, needed in ((1, 20.0), (2, 80.0), (3, 0.0))
    ]
    with pytest.raises(adl.InfeasibleRound) as caught:
        adl.solve(adl.Episode(name="two", rounds=rounds_))
    assert caught.value.irreducible == ("budget[1]", "budget[2]")


def burdens_in_order(round_, x):
    w = round_.start.capacity
    return np.sort(np.where(w > 0, x / np.where(w > 0, w, 1.0), 0.0))[::-1]


@given(constrained(), st.integers(0, 10**6))
def test_leximin_under_rows_leaves_no_better_order(drawn, seed):
    """No haircut on the way to another feasible one has a lower burden first in order."""
    round_, constraints = drawn
    constraints = [c for c in constraints if _anyone(c, round_) and c.says.name != "SHARES"]
    if not constraints:
        return
    try:
        best = adl.solve(round_, adl.Leximin(), constraints=constraints)
    except adl.InfeasibleRound:
        return
    plain = adl.solve(round_, constraints=constraints)
    assert best.value == pytest.approx(plain.value, rel=1e-8, abs=1e-10)
    assert best.optimal
    u, rng = round_.start.capacity, np.random.default_rng(seed)
    unit = max(u.max(), 1.0)
    rows = [row for c in constraints for row in c.rows(round_.start)]
    above, ends = [np.zeros(u.size)], [0.0]
    for row in rows:
        a = np.full(u.size, -row.share)
        a[row.index] += row.coefficient
        for sign, end in ((1, row.upper), (-1, row.lower)):
            if math.isfinite(end):
                above.append(sign * a)
                ends.append(sign * end / unit)
    mine = burdens_in_order(round_, best.haircut)
    for _ in range(5):
        other = linprog(
            rng.normal(size=u.size),
            np.array(above),
            ends,
            np.ones((1, u.size)),
            [round_.needed / unit],
            [(0, v / unit) for v in u],
        )
        if other.status:
            continue
        for part in (1e-3, 0.1, 1.0):
            theirs = burdens_in_order(round_, (1 - part) * best.haircut + part * other.x * unit)
            apart = np.flatnonzero(np.abs(theirs - mine) > 1e-9)
            assert not apart.size or theirs[apart[0]] > mine[apart[0]]


def test_leximin_spreads_what_a_row_leaves_to_others():
    rows = [
        adl.group(account=["ann"]).gives_at_least(usd=90.0),
        adl.group("makers").gives_at_most(usd=95.0),
    ]
    best = adl.solve(ROUND, adl.Leximin(), constraints=rows)
    assert best.haircut[0] == pytest.approx(90.0)
    assert best.haircut[1:] == pytest.approx([10 * 80 / 180, 10 * 40 / 180, 10 * 60 / 180])
    assert best.value == pytest.approx(0.75)
    assert [stage.criterion for stage in best.stages] == ["burden of the next 3"]
    assert best.optimal
    assert json.loads(json.dumps(best.to_dict()))["optimal"] is True


def test_lots_that_no_row_leaves_whole_are_refused_by_a_proof():
    """Parts of lots would do: HiGHS's word that no whole ones do was an error of the solver."""
    round_ = adl.ContractRound.of(
        account=["ann", "bob"], coin=["ETH", "BTC"], side=["long"] * 2, size=[5, 5], value=[3, 7],
        deficit=9.0, needed=9.0, tags={"desk": ["makers", ""]},
    )  # fmt: skip
    row = adl.group("makers").gives_at_most(share=0.1)
    band = adl.Budget.band(1.0)
    with pytest.raises(
        adl.InfeasibleRound, match=r"no whole lots meet budget, own\[makers\] toget"
    ):
        adl.solve(round_, budget=band, constraints=[row])


def test_lots_that_miss_a_budget_by_cents_are_refused_by_a_proof():
    """A relaxation takes a cent of ten thousand dollars as nothing; the row alone does not."""
    round_ = adl.Round.of(
        capacity=[12163.336, 53304.588], lot=[193.36, 796.21], deficit=2e4, needed=19051.93
    )
    model = adl.model(round_)
    assert model.solve().haircut[1] > 4350.6
    with pytest.raises(adl.InfeasibleRound, match="no whole lots meet budget, own"):
        model.solve([model.haircut["1"] <= 4350.6])


def test_a_matching_of_as_many_flows_as_accounts_is_no_round_of_dollars():
    """It was solved by what groups accounts of a round in dollars, and called infeasible."""
    round_ = adl.ContractRound.of(
        account=["w0", "w1", "w2", "w3", "w4", "w5", "w5"],
        coin=["ETH", "SOL", "BTC", "ETH", "ETH", "BTC", "SOL"],
        side=["long", "long", "short", "long", "long", "short", "long"],
        size=[1.0, 2e-6, 77.944, 1.0, 1.0, 0.004, 0.0216], lot=1e-9, value=[0.0] * 7,
        capacity=[65.0, 5916.0, 58.464, 548.0, 0.01, 4269.0], deficit=1, needed=1,
        tags={"desk": ["funds", "makers"] * 3},
    )  # fmt: skip
    losers = adl.Shed(
        loser=["a", "b", "c"], coin=["BTC", "BTC", "SOL"], side=["long", "long", "short"],
        size=[13.7, 59.67, 0.00087], price=[2.625, 2.5, 5013.72], mark=[2.5, 2.5, 5013.72],
    )  # fmt: skip
    both = adl.TwoSidedRound(round_, losers)
    assert adl.model(both).stated.column.size == len(round_.start.account)
    row = adl.group("makers").gives_at_most(share=0.99)
    best = adl.solve(both, constraints=[row])
    assert best.worst_burden == pytest.approx(adl.solve(both).worst_burden)
    assert best.certificate.proven


def test_dust_beside_large_rows_is_refused_with_a_reason():
    """HiGHS refused ends of 1e20 units, and a burden of 1e10 drowned the proof."""
    round_ = adl.Round.of(capacity=[1e-6, 64_670.55], deficit=1, needed=4e-8)
    none = adl.Limits(ineligible={"2": "vault"})
    with pytest.raises(adl.InfeasibleRound, match=r"contradict each other|is out of reach"):
        adl.solve(round_, limits=none, constraints=[adl.group().keeps_at_most(5_245.87)])
    round_ = adl.Round.of(
        capacity=[24.85, 13870.25, 16706.3], deficit=1, needed=4375.28,
        tags={"desk": ["funds", "vaults", "makers"]},
    )  # fmt: skip
    rows = [adl.group("makers").gives_at_least(usd=6562.6675),
            adl.group("vaults").keeps_at_most(1204.46)]  # fmt: skip
    dust = adl.Limits(weight=[6.74e4, 6.66e4, 1e-6], cap=[1.0, 0.4, 1.0])
    with pytest.raises(
        adl.InfeasibleRound, match=r"own\[vaults\], limit\[2\] contradict each other"
    ):
        adl.solve(
            round_,
            adl.Asymmetric(under=0.39, over=0.58, fair=8736.0),
            limits=dust,
            constraints=rows,
        )


def test_levels_that_leximin_keeps_to_contradict_no_row_by_rounding():
    round_ = adl.Round.of(
        capacity=[10.0, 50.0, 20.0],
        equity=[99.38, 289.06, 5.13],
        deficit=1,
        needed=3.53630376022083,
    )
    row = adl.group(account=["1", "2"]).gives_at_most(usd=2.2350763830575753)
    best = adl.solve(
        round_,
        adl.Leximin(burden=EQUITY),
        limits=adl.Limits(cap=[1.0, 0.5, 0.9]),
        constraints=[row],
    )
    assert best.haircut[:2].sum() == pytest.approx(2.2350763830575753)
    assert best.certificate.proven


def test_a_constraint_that_stands_alone_is_refused_by_every_door():
    alone = adl.group("makers").gives_at_most(share=0.2)
    model = adl.model(ROUND)
    doors = [
        lambda: adl.solve(ROUND, constraints=alone),
        lambda: model.solve(alone),
        lambda: model.solve(model.haircut["ann"] <= 5),
        lambda: adl.decide(ROUND.start, belief=[20.0], constraints=alone),
    ]
    for door in doors:
        with pytest.raises(adl.InputError, match=r"constraints is .*: expected a list of them"):
            door()
