"""Rounds in a row against GLOP and every path of quarters: haircuts, severities, worst cases."""

import itertools

import numpy as np
from by_ortools import CAPACITY, EQUITY, Linear, amounts, meets, ones, refused

import adlopt as adl


def episodes(dice):
    """Rounds that share winners: who leaves, who is protected, capacities that fall and rise."""
    n, rounds = int(dice.integers(1, 7)), int(dice.integers(1, 5))
    base, held = amounts(dice, n) + 0.01, []
    for t in range(1, rounds + 1):
        present = [i for i in range(n) if dice.random() < 0.8] or [0]
        capacity = base[present] * dice.choice(
            [1.0, 1.0, 0.5, 1.2, 0.0], len(present), p=[0.5, 0.2, 0.15, 0.1, 0.05]
        )
        equity = np.round(base[present] * dice.choice([0.5, 1.0, 7.0], len(present)), 2)
        equity[dice.random(len(present)) < 0.05] = 0.0
        needed = float(
            capacity.sum() * dice.choice([0.0, dice.uniform(0.02, 0.6 / rounds + 0.1), 0.9])
        )
        held.append(
            adl.Round.of(
                t=t, account=[f"a{i}" for i in present], capacity=capacity, equity=equity,
                deficit=needed, needed=needed,
            )
        )  # fmt: skip
    episode = adl.Episode(name="drawn", rounds=held)
    burden = dice.choice([EQUITY, CAPACITY])
    under, over = np.round(dice.uniform(0.1, 3.0, 2), 2).tolist()
    fair = float(base.sum() * dice.lognormal(-1.0, 1.5))
    priced = adl.Asymmetric(under=under, over=over, fair=fair, burden=burden)
    objective = dice.choice([adl.MinMax(burden=burden), priced])
    best = refused(lambda: adl.solve(episode, objective))
    unit = max(float(base.sum()), 1e-9)
    lp = Linear()
    paid, weights = {}, {}
    cost = []
    for round_ in held:
        start = round_.start
        w = start.capacity if burden is CAPACITY else np.maximum(start.equity, 0.0)
        x = lp.columns(np.where(w > 0, start.capacity, 0.0) / unit)
        for name, column, u, weight in zip(start.account, x, start.capacity, w, strict=True):
            paid.setdefault(name, []).append((1.0, column))
            weights[name] = max(weights.get(name, 0.0), float(weight))
            lp.row(paid[name], high=float(u) / unit)
        if objective is priced:
            missing, beyond, z = lp.column(), lp.column(), lp.column()
            lp.row([*ones(x), (1.0, missing), (-1.0, beyond)], *[round_.needed / unit] * 2)
            scale = float(w.sum()) or 1.0
            for column, weight in zip(x, w, strict=True):
                lp.row([(1.0, column), (-weight / scale, z)], high=0.0)
            cost += [(under, missing), (over, beyond), (fair / scale, z)]
        else:
            lp.row(ones(x), *[round_.needed / unit] * 2)
    if objective is priced:
        theirs, factor = lp.least(cost), unit
    else:
        z, scale = lp.column(), sum(weights.values()) or 1.0
        for name, terms in paid.items():
            lp.row([*terms, (-weights[name] / scale, z)], high=0.0)
        theirs, factor = lp.least([(1.0, z)]), unit / scale
    assert (best is None) == (theirs is None), (best, theirs)
    if best is not None:
        yield meets(best, theirs * factor, factor)


def severity_paths(dice):
    """Σ D_t |u_t − θ*_t| over paths of a variation."""
    rounds = int(dice.integers(1, 12))
    deficit, wanted = amounts(dice, rounds), dice.random(rounds)
    if dice.random() < 0.4:
        wanted = dice.choice([0.0, 0.5, 1.0], rounds)
    variation = float(dice.choice([0.0, dice.uniform(0, 2), 1.0, float(rounds)]))
    best = adl.best_severity_path(deficit, wanted, variation)
    lp, unit = Linear(), max(float(deficit.max()), 1e-9)
    theta = lp.columns([1.0] * rounds)
    cost = []
    for u, d, w in zip(theta, deficit / unit, wanted, strict=True):
        apart = lp.column()
        lp.row([(1.0, u), (-1.0, apart)], high=float(w))
        lp.row([(-1.0, u), (-1.0, apart)], high=-float(w))
        cost.append((d, apart))
    moves = []
    for u, v in itertools.pairwise(theta):
        moves.append(lp.column())
        lp.row([(1.0, v), (-1.0, u), (-1.0, moves[-1])], high=0.0)
        lp.row([(1.0, u), (-1.0, v), (-1.0, moves[-1])], high=0.0)
    lp.row(ones(moves), high=variation)
    # GLOP leaves out what costs less than a billionth: dust beside a large deficit.
    yield meets(best, lp.least(cost) * unit, 10.0 * unit)


RULES = (
    "persistence", "gated-persistence", "constant:0.25", "constant:1", "running-ratio",
)  # fmt: skip


def worst_paths(dice):
    """No path on a grid of quarters costs a rule more than is proved, nor than the worst found."""
    rounds = int(dice.integers(1, 5))
    deficit = dice.choice([1.0, 2.0, 5.0, 0.5, 100.0], rounds)
    variation = float(dice.choice([0.0, 0.25, 0.5, 1.0, 2.0, 3.0]))
    variation = min(variation, rounds - 1.0)
    episode = adl.Episode(
        name="drawn",
        rounds=[
            adl.Round.of(t=t + 1, capacity=[9e3], deficit=d, needed=0.5 * d)
            for t, d in enumerate(deficit)
        ],
    )
    rule = str(dice.choice(RULES))
    case = adl.worst(rule, episode, variation=variation)
    severity = adl.named(rule).severity
    worst = 0.0
    for path in itertools.product([0.0, 0.25, 0.5, 0.75, 1.0], repeat=rounds):
        if sum(abs(b - a) for a, b in itertools.pairwise(path)) > variation:
            continue
        state, loss = severity.begin(), 0.0
        for round_, target in zip(episode, path, strict=True):
            theta = severity.decide(state, round_.start)
            loss += round_.start.deficit * abs(theta - target)
            over = adl.RoundOutcome(needed=target * round_.start.deficit)
            state = severity.learn(state, round_.start, theta, over)
        worst = max(worst, loss)
    assert worst <= case.upper * (1 + 1e-9) + 1e-12, (case, worst)
    assert case.loss <= case.upper * (1 + 1e-9)
    yield max(case.loss, worst), case.loss, 1e-6 * worst
