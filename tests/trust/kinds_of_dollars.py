"""Haircuts of a round against GLOP and SCIP: objectives, limits, own rows, decisions."""

import math

import numpy as np
from by_ortools import (
    CAPACITY,
    EQUITY,
    FREE,
    Linear,
    limits_of,
    meets,
    needed_of,
    ones,
    refused,
    shared,
    start_of,
    weights_of,
)

import adlopt as adl


def objective_of(dice, which, total):
    shape = {"burden": dice.choice([EQUITY, CAPACITY]), "epsilon": float(dice.choice([0, 0, 3.5]))}
    fair = float(total * dice.lognormal(-1.0, 1.5))
    under, over = np.round(dice.uniform(0.1, 3.0, 2), 2).tolist()
    reference, weight = float(dice.choice([0.0, 0.05, 0.4])), float(dice.lognormal())
    level = float(dice.choice([0.0, dice.uniform(0, 0.99), 0.5]))
    importance = dice.choice([None, "capacity"])
    return [
        lambda: adl.MinMax(**shape),
        lambda: adl.surrogate(track=under, fair=fair, **shape),
        lambda: adl.Asymmetric(under=under, over=over, fair=fair * (under > 1), **shape),
        lambda: adl.Empirical(reference=reference, weight=weight, excess_only=True, **shape),
        lambda: adl.TrackingFirst(**shape),
        lambda: adl.CVaR(level, importance=importance, **shape),
    ][which]()


def dollars(dice):
    """Objectives over haircuts within limits."""
    given = start_of(dice)
    capacity, equity = given["capacity"], given["equity"]
    which = int(dice.integers(6))
    limits, most = limits_of(dice, capacity, equity, tiers=which == 0 and dice.random() < 0.5)
    objective = objective_of(dice, which, capacity.sum())
    weight = weights_of(objective, limits, capacity, equity)
    open_ = np.where(weight > 0, most, 0.0)
    reach = math.fsum(open_)
    needed = needed_of(dice, reach)
    round_ = adl.Round.of(**given, deficit=1.0, needed=needed)
    best = refused(lambda: adl.solve(round_, objective, limits=limits))
    enough = needed <= reach * (1 + 1e-12)
    exact = isinstance(objective, (adl.MinMax, adl.CVaR))
    assert (best is None) == (exact and not enough), (needed, reach)
    if best is None:
        return
    x = best.haircut
    assert (x >= 0).all()
    assert (x <= open_ * (1 + 1e-12)).all()
    if exact:
        assert abs(math.fsum(x) - needed) <= 1e-9 * needed
    if limits.tier is not None:
        yield by_tiers(best, limits.tier, open_, weight, needed)
        return
    unit = needed or reach or 1.0
    lp = Linear()
    columns, z, scale = shared(lp, most, weight, unit)
    if isinstance(objective, adl.CVaR):
        yield tail(lp, best, objective, columns, weight, capacity, needed, unit)
    elif isinstance(objective, (adl.MinMax, adl.TrackingFirst)):
        lp.row(ones(columns), *[min(needed, reach) / unit] * 2)
        theirs = lp.least([(1.0, z)]) * unit / scale
        if exact:
            yield meets(best, theirs, unit / scale)
        else:
            missed = max(needed - reach, 0.0)
            assert abs(best.value - missed) <= 1e-9 * max(needed, reach)
            yield best.worst_burden, theirs, 1e-6 * theirs + 1e-9 * unit / scale
    else:
        yield meets(best, priced(lp, objective, columns, z, needed, (unit, scale)), unit)


def priced(lp, objective, columns, z, needed, units):
    """Dollars missed, and the worst burden, each at its price."""
    unit, scale = units
    missing, beyond = lp.column(), lp.column()
    lp.row([*ones(columns), (1.0, missing), (-1.0, beyond)], *[needed / unit] * 2)
    if isinstance(objective, adl.Empirical):
        excess = lp.column()
        lp.row([(unit / scale, z), (-1.0, excess)], high=objective.reference)
        dear = objective.weight * needed / unit
        return lp.least([(1.0, missing), (1.0, beyond), (dear, excess)]) * unit
    prices = (objective.under, missing), (objective.over, beyond), (objective.fair / scale, z)
    theirs = lp.least(prices)
    return None if theirs is None else theirs * unit


def by_tiers(best, tier, most, weight, needed):
    """The worst burden where each tier gives all it can before the next one gives anything."""
    left, worst = needed, 0.0
    for rank in np.unique(tier):
        mine = np.where(tier == rank, most, 0.0)
        gives = min(left, math.fsum(mine))
        assert abs(math.fsum(best.haircut[tier == rank]) - gives) <= 1e-9 * needed
        if gives > 1e-12 * needed:
            lp = Linear()
            x, z, scale = shared(lp, mine, weight, gives)
            # What sums to all there is may be a rounding short of it.
            lp.row(ones(x), 1.0 - 1e-10, 1.0)
            worst = max(worst, lp.least([(1.0, z)]) * gives / scale)
        left -= gives
    return best.worst_burden, worst, 1e-6 * worst + 1e-12


def tail(lp, best, objective, x, weight, capacity, needed, unit):
    """CVaR = min_t t + Σ p_i (b_i − t)₊ / (1 − level)."""
    n = len(x)
    p = np.ones(n) if objective.importance is None else np.maximum(capacity, 1e-12 * capacity.max())
    p = p / p.sum()
    lp.row(ones(x), *[needed / unit] * 2)
    t = lp.column(-FREE)
    cost = [(1.0, t)]
    scale = max(float(weight.sum()), 1e-9)
    for share, column, w in zip(p, x, weight, strict=True):
        burden = [(scale / w, column)] if w > 0 else []
        cost.append((share / (1 - objective.level), lp.above([*burden, (-1.0, t)])))
    theirs = lp.least(cost) * unit / scale
    return meets(best, theirs, unit / scale, 1e-5)


def leximin(dice):
    """Burdens one by one: whose cannot be less while nobody's is more, it stays."""
    given = start_of(dice, 6, kinds=3)
    capacity, equity = given["capacity"], given["equity"]
    limits, most = limits_of(dice, capacity, equity, kinds=3)
    objective = adl.Leximin(burden=dice.choice([EQUITY, CAPACITY]))
    weight = weights_of(objective, limits, capacity, equity)
    open_ = np.where(weight > 0, most, 0.0)
    needed = float(dice.uniform(0.02, 0.98) * math.fsum(open_))
    if not needed:
        return
    group = [i for i in range(capacity.size) if dice.random() < 0.5]
    row, rows = float(dice.uniform(0.1, 0.9)) * needed, []
    if group and dice.random() < 0.5:
        rows = [adl.group(account=[str(i + 1) for i in group]).gives_at_most(usd=row)]
    round_ = adl.Round.of(**given, deficit=1.0, needed=needed)
    best = refused(lambda: adl.solve(round_, objective, limits=limits, constraints=rows))
    bears, scale = np.flatnonzero(weight > 0).tolist(), float(weight.sum())
    fixed = {}

    def stated(level=None):
        lp = Linear()
        x, z = lp.columns(open_ / needed), lp.column()
        lp.row(ones(x), 1.0, 1.0)
        if rows:
            lp.row(ones(x[i] for i in group), high=row / needed)
        for i in bears:
            share = fixed.get(i, level)
            less = [(1.0, x[i])] if share is not None else [(1.0, x[i]), (-weight[i] / scale, z)]
            lp.row(less, high=0.0 if share is None else share * weight[i] / scale + 1e-10)
        return lp, x, z

    lp, _, z = stated()
    first = level = lp.least([(1.0, z)])
    assert (best is None) == (first is None), (best, first)
    if best is None:
        return
    while len(fixed) < len(bears):
        held = []
        for i in set(bears) - set(fixed):
            lp, x, _ = stated(level)
            if lp.least([(1.0, x[i])]) >= level * weight[i] / scale * (1 - 1e-6) - 1e-8:
                held.append(i)
        assert held, (best, fixed, level)
        fixed |= dict.fromkeys(held, level)
        lp, _, z = stated()
        level = lp.least([(1.0, z)])
    unit = needed / scale
    meets(best, first * unit, unit)
    ours = sorted(best.haircut[bears] / weight[bears])
    for burden, known in zip(ours, sorted(fixed.values()), strict=True):
        yield burden, known * unit, 1e-5 * known * unit + 1e-5 * unit


def fewest(dice):
    """The fewest accounts, and then their least worst burden, by SCIP."""
    given = start_of(dice, 8)
    capacity, equity = given["capacity"], given["equity"]
    limits, most = limits_of(dice, capacity, equity, kinds=3)
    objective = adl.FewestAccounts(burden=dice.choice([EQUITY, CAPACITY]))
    weight = weights_of(objective, limits, capacity, equity)
    open_ = np.where(weight > 0, most, 0.0)
    needed = float(dice.uniform(0.02, 0.98) * math.fsum(open_))
    round_ = adl.Round.of(**given, deficit=1.0, needed=needed)
    best = adl.solve(round_, objective, limits=limits)
    if not needed:
        assert not best.touched
        return
    lp = Linear("SCIP")
    x, z, scale = shared(lp, most, weight, needed)
    lp.row(ones(x), 1.0, 1.0)
    on = [lp.bit() for _ in x]
    for column, bit, u in zip(x, on, open_, strict=True):
        lp.row([(1.0, column), (-min(u / needed, 1.0), bit)], high=0.0)
    least = sum(1 for k in np.cumsum(np.sort(open_)[::-1]) if k < needed * (1 - 1e-12)) + 1
    lp.row(ones(on), high=float(least))
    theirs = lp.least([(1.0, z)]) * needed / scale
    assert best.touched == least
    yield best.worst_burden, theirs, 1e-5 * theirs


def rows_of(dice, start, tags):
    """Constraints, and what each says: (members, share, lower, upper)."""
    total = float(start["capacity"].sum())
    made, said = [], []
    for _ in range(int(dice.integers(1, 4))):
        tag = str(dice.choice(["makers", "funds", "vaults"]))
        mine = [i for i, each in enumerate(tags) if each == tag]
        if not mine:
            continue
        held = float(start["capacity"][mine].sum())
        part = round(float(dice.random()), 2)
        usd = round(float(dice.random() ** 2 * total), 2)
        name, given, says = [
            ("gives_at_most", {"share": part}, (mine, part, -FREE, 0.0)),
            ("gives_at_most", {"usd": usd}, (mine, 0.0, -FREE, usd)),
            ("gives_at_least", {"share": part / 3}, (mine, part / 3, 0.0, FREE)),
            ("gives_at_least", {"usd": usd / 4}, (mine, 0.0, usd / 4, FREE)),
            ("keeps_at_least", {"usd": usd / 4}, (mine, 0.0, -FREE, held - usd / 4)),
            ("keeps_at_most", {"usd": usd}, (mine, 0.0, held - usd, FREE)),
        ][int(dice.integers(6))]  # fmt: skip
        made.append(getattr(adl.group(tag), name)(**given))
        said.append(says)
    return made, said


def state_rows(lp, said, x, unit):
    for mine, share, low, high in said:
        terms = [((i in mine) - share, column) for i, column in enumerate(x)]
        lp.row(terms, low / unit, high / unit)


def own_rows(dice):
    """Groups' shares and dollars, and rows in cvxpy, beside limits."""
    given = start_of(dice, 8)
    capacity, equity = given["capacity"], given["equity"]
    tags = dice.choice(["makers", "funds", "vaults", ""], capacity.size).tolist()
    limits, most = limits_of(dice, capacity, equity)
    rows, said = rows_of(dice, given, tags)
    shape = {"burden": dice.choice([EQUITY, CAPACITY])}
    under, over = np.round(dice.uniform(0.1, 3.0, 2), 2).tolist()
    fair = float(capacity.sum() * dice.lognormal(-1.0, 1.5))
    dear = adl.Asymmetric(under=under, over=over, fair=fair, **shape)
    objective = dice.choice([adl.MinMax(**shape), dear])
    weight = weights_of(objective, limits, capacity, equity)
    reach = math.fsum(np.where(weight > 0, most, 0.0))
    needed = float(dice.uniform(0.02, 0.9) * reach)
    round_ = adl.Round.of(**given, deficit=1.0, needed=needed, tags={"desk": tags})
    first = float(dice.uniform(0, 1) * most[0])
    of_cvxpy = dice.random() < 0.4

    def solve():
        if not of_cvxpy:
            return adl.solve(round_, objective, limits=limits, constraints=rows)
        opened = adl.model(round_, objective, limits=limits)
        return opened.solve([*rows, opened.haircut["1"] <= first])

    best = refused(solve)
    unit = needed or reach or 1.0
    lp = Linear()
    x, z, scale = shared(lp, most, weight, unit)
    state_rows(lp, said, x, unit)
    if of_cvxpy:
        lp.row([(1.0, x[0])], high=first / unit)
    if isinstance(objective, adl.Asymmetric):
        theirs, large, factor = priced(lp, objective, x, z, needed, (unit, scale)), unit, 1.0
    else:
        lp.row(ones(x), *[needed / unit] * 2)
        theirs, large = lp.least([(1.0, z)]), unit / scale
        factor = large
    assert (best is None) == (theirs is None), (best, theirs)
    if best is not None:
        yield meets(best, theirs * factor, large)
        for mine, share, low, high in said:
            gives = math.fsum(best.haircut[mine]) - share * math.fsum(best.haircut)
            assert low - 1e-7 * unit <= gives <= high + 1e-7 * unit


def decisions(dice):
    """Within a Wasserstein ball: samples are moved to nothing, to the most, or not at all.

    With scenarios of capacities as well, and rows: everything in one program.
    """
    given = start_of(dice, 5, kinds=4)
    capacity, equity = given["capacity"], given["equity"]
    limits, most = limits_of(dice, capacity, equity)
    limits = adl.Limits(ineligible=limits.ineligible, cap=limits.cap, floor=limits.floor)
    total = float(capacity.sum())
    needed = np.round(dice.random(int(dice.integers(1, 8))) * total * dice.choice([0.1, 1.0]), 6)
    mass = dice.choice([1.0, 2.0, 0.3], needed.size)
    deficit = float(total * dice.uniform(0.05, 1.2))
    under, over = np.round(dice.uniform(0.2, 4.0, 2), 2).tolist()
    fair = float(dice.choice([0.0, total * dice.lognormal(-1, 1.5)]))
    radius = float(dice.choice([0.0, 1e-3, 0.05, 0.5, 10.0]) * total)
    start = adl.RoundStart(
        account=[str(i + 1) for i in range(capacity.size)], **given, deficit=deficit
    )
    options, count, floor, row = {}, 0, 0.0, None
    which = int(dice.integers(4))
    if which == 1:
        count = int(dice.integers(1, 4))
        scenarios = capacity * dice.choice([0.0, 0.3, 0.8, 1.2], (count, capacity.size))
        options = {"capacities": scenarios, "delivered": dice.choice([1.0, None])}
    if which == 2:
        row = float(dice.uniform(0, 1) * most[0])
        options["constraints"] = [adl.group(account=["1"]).gives_at_most(usd=row)]
    if which == 3:
        level = float(dice.uniform(0.05, 0.9))
        mass = np.ones(needed.size)
        place = math.ceil(level * (needed.size + 1) - 1e-9)
        if place <= needed.size:
            options["chance"], floor = level, float(np.sort(needed)[place - 1])
    belief = adl.Belief.of_samples(needed, mass)
    best = refused(
        lambda: adl.decide(
            start, belief=belief, under=under, over=over, fair=fair, ambiguity=radius,
            limits=limits, **options,
        )
    )  # fmt: skip
    reach = np.minimum(most, options["capacities"]) if count else most[None, :]
    stated = {
        "needed": needed, "mass": mass / mass.sum(), "highest": max(deficit, float(needed.max())),
        "prices": (under, over, fair), "radius": radius, "floor": floor, "row": row,
        "priced": count and options["delivered"] is None, "capacity": capacity, "reach": reach,
    }  # fmt: skip
    theirs = loss_at_worst(**stated)
    assert (best is None) == (theirs is None), (best, theirs)
    if best is not None:
        yield meets(best, theirs, total, ours=best.worst_loss)
        assert (best.haircut <= most * (1 + 1e-9)).all()


def loss_at_worst(*, needed, mass, highest, prices, radius, floor, row, priced, capacity, reach):
    """Min over H and haircuts of the dual of the most that a distribution in the ball costs."""
    (under, over, fair), unit = prices, float(capacity.sum())
    lp = Linear()
    z, budget, cost = lp.column(), lp.column(floor / unit), []
    for each in reach:
        raised, price = lp.column(), lp.column()
        x = lp.columns(each / unit)
        for column, u in zip(x, capacity, strict=True):
            lp.row([(1.0, column), (-u / unit, z)], high=0.0)
        if row is not None:
            lp.row([(1.0, x[0])], high=row / unit)
        lp.row([*ones(x), (-1.0, raised)], 0.0, 0.0)
        lp.row([(1.0, raised), (-1.0, budget)], -FREE if priced else 0.0, 0.0)
        cost.append((radius / unit / len(reach), price))
        for share, b in zip(mass, needed / unit, strict=True):
            loss = lp.column(-FREE)
            cost.append((share / len(reach), loss))
            for v in (0.0, highest / unit, b):
                for slope, constant in ((-under, under * v), (over, -over * v)):
                    lp.row([(slope, raised), (-abs(v - b), price), (-1.0, loss)], high=-constant)
    theirs = lp.least([*cost, (fair / unit, z)])
    return None if theirs is None else theirs * unit
