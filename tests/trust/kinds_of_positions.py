"""Positions against CP-SAT and GLOP: whole lots, two sides, and what several assets risk."""

import itertools
import math

import numpy as np
from by_ortools import (
    CAPACITY,
    EQUITY,
    FREE,
    Linear,
    Whole,
    amounts,
    found_by_sat,
    meets,
    ones,
    refused,
)

import adlopt as adl


def contracts_drawn(dice):
    n = int(dice.integers(1, 7))
    owner = np.repeat(np.arange(n), dice.integers(1, 4, n))
    m = owner.size
    coarse = int(10 ** dice.uniform(1, 5))
    value = dice.choice([1, 5, 25]) * dice.integers(0 if dice.random() < 0.2 else 1, coarse + 1, m)
    size = dice.integers(0, int(dice.choice([2, 5, 30])) + 1, m)
    factor = np.where(dice.random(n) < 0.1, 0, dice.choice([1, 2, 3, 4, 6, 8, 12, 24], n))
    larger = int(dice.integers(1, 30))
    weight = np.array([24.0 * larger / f if f else 0.0 for f in factor])
    worth = np.bincount(owner, value * size, n).astype(int)
    share = dice.choice([0, 30, 50, 75, 100, 100, 100], n)
    lots = np.minimum(size, dice.integers(0, 30, m)) if dice.random() < 0.3 else size
    barred = [i for i in range(n) if dice.random() < 0.1]
    cap = worth * share // 100
    cap[barred] = 0
    limits = {
        "cap": share / 100, "lots": lots, "weight": weight,
        "ineligible": {f"a{i}": "vault" for i in barred},
    }  # fmt: skip
    whole = Whole(owner.tolist(), value.tolist(), lots.tolist(), cap.tolist(), factor.tolist())
    some_ = int((value * (factor[owner] > 0) * (cap[owner] > 0)) @ dice.integers(0, lots // 2 + 1))
    needed = some_ if dice.random() < 0.6 else int(dice.integers(0, int(value @ lots) + 2))
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i in owner], coin=[f"c{j}" for j in range(m)], side=["long"] * m,
        size=size, value=value / 100, deficit=1.0, needed=needed / 100,
        tags={"desk": ["makers" if i % 2 else "funds" for i in range(n)]},
    )  # fmt: skip
    return round_, whole, limits, needed, 24.0 * larger * 100


def checked_lots(best, whole, needed, highest, cents):
    lots = [int(k) for k in best.lots]
    taken = [0] * len(whole.cap)
    for i, value, k, most in zip(whole.owner, whole.value, lots, whole.most, strict=True):
        assert 0 <= k <= most
        taken[i] += value * k
    assert all(
        x <= cap and (f or not x) for x, cap, f in zip(taken, whole.cap, whole.factor, strict=True)
    )
    assert needed <= sum(taken)
    assert highest is None or sum(taken) <= highest
    worst = max(f * x for f, x in zip(whole.factor, taken, strict=True))
    assert abs(best.worst_burden - worst / cents) <= 1e-12 * best.worst_burden
    return worst


def contracts(dice):
    """Tiers, caps, lots that may not go, and every budget."""
    round_, whole, limits, needed, cents = contracts_drawn(dice)
    n = len(whole.cap)
    tier = dice.integers(0, 3, n) if dice.random() < 0.5 else np.zeros(n, dtype=int)
    extra = [0, int(dice.integers(1, 300)), None][int(dice.integers(3))]
    budget = adl.Budget.at_least() if extra is None else adl.Budget.band(extra / 100)
    highest = None if extra is None else needed + extra
    given = adl.Limits(**limits, tier=tier if tier.any() else None)
    best = refused(lambda: adl.solve(round_, budget=budget, limits=given))
    before, levels = 0, []
    ranks = sorted(set(tier.tolist()))
    for rank in ranks:
        among = lambda i, rank=rank: tier[i] == rank  # noqa: E731
        model, total, _ = whole.model(among, None, None)
        full = found_by_sat(model, total, most=True)
        if before + full < needed and rank != ranks[-1]:
            model, _, worst = whole.model(among, full, full)
            levels.append(found_by_sat(model, worst))
            before += full
            continue
        end = None if highest is None else highest - before
        model, _, worst = whole.model(among, needed - before, end)
        levels.append(found_by_sat(model, worst))
        break
    assert (best is None) == (levels[-1] is None), (best, levels)
    if best is not None:
        theirs = max(levels)
        assert checked_lots(best, whole, needed, highest, cents) == theirs
        proofs = [best.certificate, *(stage.certificate for stage in best.stages)]
        for proof, level in zip(proofs, levels, strict=False):
            assert proof.lower <= level / cents * (1 + 1e-12)
        yield best.worst_burden, theirs / cents, 1e-12 * theirs


def contract_rows(dice):
    """Rows of one's own over whole lots, and every budget."""
    round_, whole, limits, needed, cents = contracts_drawn(dice)
    n = len(whole.cap)
    mine = [i for i in range(n) if i % 2]
    if not mine:
        return
    group, part = adl.group("makers"), int(dice.integers(0, 101))
    usd = int(dice.integers(0, max(needed, 1) + 1))
    made, said = [
        (group.gives_at_most(share=part / 100), (mine, part, None, 0)),
        (group.gives_at_most(usd=usd / 100), (mine, 0, None, usd)),
        (group.gives_at_least(usd=usd / 200), (mine, 0, usd / 2, None)),
    ][int(dice.integers(3))]
    if said[2] is not None:
        said = (mine, 0, math.ceil(said[2]), None)
    extra = [None, None, 0, int(dice.integers(1, 300))][int(dice.integers(4))]
    budget = adl.Budget.at_least() if extra is None else adl.Budget.band(extra / 100)
    highest = None if extra is None else needed + extra
    given = {"budget": budget, "limits": adl.Limits(**limits), "constraints": [made]}
    model, _, worst = whole.model(lambda _: True, needed, highest, [said])
    theirs = found_by_sat(model, worst)
    try:
        best = refused(lambda: adl.solve(round_, **given))
    except adl.SolverStopped:
        assert theirs is None, "what is not settled is no more than not proved to be infeasible"
        return
    assert (best is None) == (theirs is None), (best, theirs)
    if best is not None:
        assert checked_lots(best, whole, needed, highest, cents) == theirs
        yield meets(best, theirs / cents, 1e-9, 1e-9)


COINS = ("ETH", "BTC", "SOL")


def two_sides_drawn(dice):
    """Winners with positions, what losers shed, and what of each order somebody can take."""
    n = int(dice.integers(1, 7))
    marks = dict(zip(COINS, np.round(10 ** dice.uniform(0, 4, 3), 2).tolist(), strict=True))
    keys = [(i, c, s) for i in range(n) for c in COINS for s in ("long", "short")]
    kept = [key for key in keys if dice.random() < 0.4] or keys[:1]
    usd = amounts(dice, len(kept)) + 0.01
    mark = np.array([marks[c] for _, c, _ in kept])
    size = usd / mark
    k = int(dice.integers(1, 5))
    coin = [str(c) for c in dice.choice(COINS, k)]
    side = [str(s) for s in dice.choice(["long", "short"], k)]
    sign = np.array([1.0 if s == "long" else -1.0 for s in side])
    order_mark = np.array([marks[c] for c in coin])
    price = order_mark * (1 + sign * dice.choice([0.0, 0.05, 0.2, 0.5], k))
    there = {
        (c, s): float(sum(q for q, key in zip(size, kept, strict=True) if key[1:] == (c, s)))
        for c in COINS for s in ("long", "short")
    }  # fmt: skip
    flip = {"long": "short", "short": "long"}
    open_ = np.array([there[c, flip[s]] for c, s in zip(coin, side, strict=True)])
    shed = dice.random(k) * np.where(open_ > 0, open_, usd.mean() / order_mark)
    owners = list(dict.fromkeys(i for i, _, _ in kept))
    gross = np.array(
        [sum(u for u, key in zip(usd, kept, strict=True) if key[0] == i) for i in owners]
    )
    capacity = gross * dice.choice([0.3, 1.0, 3.0], len(owners))
    if dice.random() < 0.15:
        capacity[0] = 0.0
    round_ = adl.ContractRound.of(
        account=[f"w{i}" for i, _, _ in kept], coin=[c for _, c, _ in kept],
        side=[s for _, _, s in kept], size=size, lot=1e-9, value=np.zeros(len(kept)), mark=mark,
        capacity=capacity, equity=gross * (dice.random(len(owners)) + 0.3), deficit=1, needed=1,
        tags={"desk": ["makers" if i % 2 else "funds" for i in range(len(owners))]},
    )  # fmt: skip
    losers = adl.Shed(
        loser=[f"l{j}" for j in range(k)], coin=coin, side=side, size=shed, price=price,
        mark=order_mark,
    )  # fmt: skip
    return round_, losers, there


class Flow:
    """A column for each position and order that close against each other; USD in units."""

    def __init__(self, round_, losers, matched, solver="GLOP"):
        held, self.lp = round_.positions, Linear(solver)
        self.round_, self.value = round_, losers.value
        self.unit = math.fsum(matched * losers.mark) or float((held.size * held.mark).max())
        n, m = len(round_.start.account), len(held.account)
        self.taken, self.closed = [[] for _ in range(n)], [[] for _ in range(m)]
        of_order = [[] for _ in matched]
        # Columns are USD at the mark.
        for j, o in itertools.product(range(m), range(len(matched))):
            if held.coin[j] == losers.coin[o] and held.side[j] is losers.side[o].opposite:
                x = self.lp.column(0.0, float(held.size[j] * held.mark[j] / self.unit))
                rate = float(losers.value[o] / losers.mark[o])
                self.taken[round_.owner[j]].append((rate, x))
                self.closed[j].append((1.0, x))
                of_order[o].append((1.0, x))
        for j, terms in enumerate(self.closed):
            self.lp.row(terms, high=float(held.size[j] * held.mark[j] / self.unit))
        for terms, contracts_, mark in zip(of_order, matched, losers.mark, strict=True):
            usd = float(contracts_ * mark / self.unit)
            self.lp.row(terms, usd * (1 - 1e-12), usd * (1 + 1e-12))
        for terms, capacity in zip(self.taken, round_.start.capacity, strict=True):
            self.lp.row(terms, high=float(capacity / self.unit))

    def worst(self, weight):
        z, scale = self.lp.column(), float(weight.sum()) or 1.0
        for terms, w in zip(self.taken, weight, strict=True):
            self.lp.row([*terms, (-w / scale, z)], high=0.0)
        return z, self.unit / scale

    def moved(self, of):
        """|change of net delta| of every hedge, USD in units."""
        held, found = self.round_.positions, []
        books = {}
        for j, (i, coin) in enumerate(zip(self.round_.owner.tolist(), held.coin, strict=True)):
            books.setdefault((i, of(coin)), []).append(j)
        for rows in books.values():
            if len({held.side[j] for j in rows}) == 2:
                net = [(held.side[j].sign * f, x) for j in rows for f, x in self.closed[j]]
                size = self.lp.column()
                self.lp.row([*net, (-1.0, size)], high=0.0)
                self.lp.row([*[(-f, x) for f, x in net], (-1.0, size)], high=0.0)
                found.append(size)
        return found

    def excess(self, level, able):
        """The least by which somebody's leverage passes a level, in USD of notional in units."""
        held, worst = self.round_.positions, self.lp.column(-FREE)
        gross = np.bincount(self.round_.owner, held.size * held.mark)
        for i in able:
            closed = [t for j in np.flatnonzero(self.round_.owner == i) for t in self.closed[j]]
            less = [(-f, x) for f, x in closed] + [(level * f, x) for f, x in self.taken[i]]
            end = float((level * self.round_.start.equity[i] - gross[i]) / self.unit)
            self.lp.row([*less, (-1.0, worst)], high=end)
        return self.lp.least([(1.0, worst)])


def matched_in_order(losers, there):
    left, matched = dict(there), []
    for coin, side, size in zip(losers.coin, losers.side, losers.size.tolist(), strict=True):
        key = coin, side.opposite.value
        matched.append(min(size, left[key]))
        left[key] -= matched[-1]
    return np.array(matched)


def matchings(dice):
    """Least burden, hedges kept, and least leverage, over what can be matched."""
    round_, losers, there = two_sides_drawn(dice)
    matched = matched_in_order(losers, there)
    start, which = round_.start, int(dice.integers(3))
    burden = dice.choice([EQUITY, CAPACITY])
    if (start.capacity <= 0).any():
        which = 0
    held = round_.positions
    one = dict.fromkeys(sorted(set(held.coin))[:2], "major") if dice.random() < 0.5 else {}
    objective = [
        lambda: adl.MinMax(burden=burden), lambda: adl.KeepHedges(underlying=one), adl.LeastLeverage
    ][which]()  # fmt: skip
    weight = start.equity if burden is EQUITY and which == 0 else start.capacity
    book = {(c, s.opposite) for c, s in zip(losers.coin, losers.side, strict=True)}
    pairs = zip(round_.owner.tolist(), held.coin, held.side, strict=True)
    able = sorted({i for i, *key in pairs if tuple(key) in book})
    both = adl.TwoSidedRound(round_, losers)
    poor = (start.capacity <= 0).any()
    best = refused(lambda: adl.solve(both, objective))
    if poor and best is not None:
        # Who has no profit pays nothing: it may close at the mark alone.
        matched = np.array(best.matched)
    flow = Flow(round_, losers, matched)
    z, known = flow.worst(weight)
    theirs = flow.lp.least([(1.0, z)])
    if which == 2 and best is None and theirs is not None:
        assert Flow(round_, losers, matched).excess(1e6, able) > 0
        return
    if theirs is None or best is None:
        assert poor or (best is None) == (theirs is None), (best, theirs)
        return
    assert poor or np.allclose(best.matched, matched, rtol=1e-9, atol=1e-12)
    least = theirs * known
    if which == 0:
        yield meets(best, least, known)
    elif which == 1:
        sizes = flow.moved(lambda coin: one.get(coin, coin))
        yield meets(best, (flow.lp.least(ones(sizes)) if sizes else 0.0) * flow.unit, flow.unit)
    elif able:
        # Nobody's leverage need be above ours, and somebody's is above anything less.
        above = Flow(round_, losers, matched).excess(best.value * (1 + 1e-5) + 1e-9, able)
        below = Flow(round_, losers, matched).excess(best.value * (1 - 1e-4) - 1e-6, able)
        assert above <= 1e-8 < below + 1e-8, (best, above, below)
        yield max(above, 0.0), 0.0, 1e-8


def matching_rows(dice):
    """Rows of one's own between two sides."""
    round_, losers, there = two_sides_drawn(dice)
    if (round_.start.capacity <= 0).any():
        return
    matched = matched_in_order(losers, there)
    mine = [i for i in range(len(round_.start.account)) if i % 2]
    if not mine or not matched.any():
        return
    part = round(float(dice.random()), 2)
    row = adl.group("makers").gives_at_most(share=part)
    best = refused(lambda: adl.solve(adl.TwoSidedRound(round_, losers), constraints=[row]))
    flow = Flow(round_, losers, matched)
    z, known = flow.worst(round_.start.capacity)
    all_ = [t for terms in flow.taken for t in terms]
    row = [*[t for i in mine for t in flow.taken[i]], *[(-part * f, x) for f, x in all_]]
    usd = math.fsum(matched * losers.value) or flow.unit
    flow.lp.row([(f * flow.unit / usd, x) for f, x in row], high=0.0)
    theirs = flow.lp.least([(1.0, z)])
    assert (best is None) == (theirs is None), (best, theirs)
    if best is not None:
        yield meets(best, theirs * known, known, 1e-5)


def drains(dice):
    """What accounts with several coins keep, at the least leverage, loss, or tail of it."""
    n, coins = int(dice.integers(1, 6)), COINS[: int(dice.integers(1, 4))]
    keys = [(i, c, s) for i in range(n) for c in coins for s in ("long", "short")]
    keys = [key for key in keys if dice.random() < 0.6] or keys[:1]
    marks = dict(zip(COINS, np.round(10 ** dice.uniform(0, 4, 3), 2).tolist(), strict=True))
    usd = amounts(dice, len(keys)) + 0.01
    mark = np.array([marks[c] for _, c, _ in keys])
    sign = np.array([1.0 if s == "long" else -1.0 for _, _, s in keys])
    owners = list(dict.fromkeys(i for i, _, _ in keys))
    owner = np.array([owners.index(i) for i, _, _ in keys])
    equity = amounts(dice, len(owners)) + 0.01
    round_ = adl.ContractRound.of(
        account=[f"a{i}" for i, _, _ in keys], coin=[c for _, c, _ in keys],
        side=[s for _, _, s in keys], size=usd / mark, lot=1e-12, value=np.ones(len(keys)),
        mark=mark, equity=equity, deficit=1, needed=1,
    )  # fmt: skip
    close, keep = {}, {}
    for coin in dict.fromkeys(c for _, c, _ in keys):
        way = float(dice.choice([-1.0, 1.0]))
        mine = [j for j, key in enumerate(keys) if key[1] == coin and sign[j] == way]
        share = float(dice.choice([0.0, 0.1, 0.5, 0.9, 1.0]))
        held = math.fsum((usd / mark)[mine])
        close[coin] = way * share * held
        keep[coin] = (mine if share else [], (1 - share) * math.fsum(usd[mine]))
    moves = {c: np.clip(np.round(dice.standard_t(3, 12) * 0.3, 3), -1, 3) for c in coins}
    chance = dice.choice([1.0, 2.0, 0.0], 12, p=[0.5, 0.4, 0.1]) + dice.choice([0.0, 1e-9])
    loadings = dict(zip(COINS, [1.3, 1.0, -0.4], strict=True))
    which = int(dice.integers(3))
    level = float(dice.choice([0.0, 0.5, 0.9]))
    objective = [
        adl.LeastLeverage(),
        adl.FactorLeverage(loadings=loadings),
        adl.ExpectedLoss(returns=moves, probability=chance, level=level),
    ][which]
    best = adl.drain_assets(round_, objective, close=close)
    unit, lp = float(usd.max()), Linear()
    may = {j for mine, _ in keep.values() for j in mine}
    x = [
        lp.column(0.0 if j in may else float(u) / unit, float(u) / unit) for j, u in enumerate(usd)
    ]
    for mine, left in keep.values():
        if mine:
            lp.row(ones(x[j] for j in mine), *[left / unit] * 2)
    if which < 2:
        z = lp.column()
        per = np.ones(len(keys)) if which == 0 else sign * [loadings[c] for _, c, _ in keys]
        for i, e in enumerate(equity):
            terms = [(per[j], x[j]) for j in np.flatnonzero(owner == i)]
            lp.row([*terms, (-e / unit, z)], high=0.0)
            lp.row([*[(-f, c) for f, c in terms], (-e / unit, z)], high=0.0)
        theirs = lp.least([(1.0, z)])
        yield meets(best, theirs, 1.0, ours=best.value)
        return
    p = chance / chance.sum()
    t, cost = lp.column(-FREE if level else 0.0, FREE if level else 0.0), []
    for r, share in enumerate(p):
        losses = []
        for i, e in enumerate(equity):
            short = lp.column()
            terms = [(-sign[j] * moves[keys[j][1]][r], x[j]) for j in np.flatnonzero(owner == i)]
            lp.row([*terms, (-1.0, short)], high=float(e) / unit)
            losses.append(short)
        cost.append((share / (1 - level), lp.above([*ones(losses), (-1.0, t)])))
    theirs = lp.least([*cost, (1.0, t)]) * unit
    yield meets(best, theirs, unit, ours=best.value)
