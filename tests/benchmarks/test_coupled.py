"""Coupled rounds, beside the linear program of the same problem in HiGHS."""

from dataclasses import replace

import numpy as np
import pytest

import adlopt as adl
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import Program


def stressed(winners, times):
    episode = adl.episodes.shock(rounds=16, winners=winners, seed=1)
    rounds = [replace(r, outcome=adl.RoundOutcome(needed=times * r.needed)) for r in episode.rounds]
    return replace(episode, rounds=tuple(rounds))


def price(episode):
    return adl.surrogate(track=1.0, fair=0.3 * float(np.median(episode.total_capacity)))


def program(episode, loss):
    """Columns x for each round and winner, then z, then the money lacking, in shares of budgets."""
    coupling = Coupling.of(episode, loss)
    rounds, accounts = coupling.weight.shape
    unit = 1e5 / float(coupling.budget.sum())
    who = [np.flatnonzero(row) for row in coupling.payer]
    first = np.cumsum([0, *map(len, who)])
    place = np.full((rounds, accounts), -1)
    for t in range(rounds):
        place[t, who[t]] = first[t] + np.arange(who[t].size)
    level, lacking = first[-1], first[-1] + rounds
    total = coupling.weight.sum(axis=1)
    rows, upper = [], []
    for t in range(rounds):
        for i in who[t]:
            share = coupling.weight[t, i] / total[t]
            rows.append([(place[t, i], 1.0), (level + t, -share)])
            upper.append(0.0)
        rows.append([*((c, -1.0) for c in place[t, who[t]]), (lacking + t, -1.0)])
        upper.append(-coupling.budget[t] * unit)
    for i in range(accounts):
        for t in np.flatnonzero(coupling.payer[:, i]):
            paid = place[: t + 1, i]
            rows.append([(c, 1.0) for c in paid[paid >= 0]])
            upper.append(coupling.cap[t, i] * unit)
    flat = [entry for row in rows for entry in row]
    columns = lacking + rounds
    cost = np.concatenate([np.zeros(level), loss.fair / total, np.full(rounds, loss.under)])
    return unit, Program(
        cost=cost,
        lower=np.zeros(columns),
        upper=np.full(columns, np.inf),
        row_lower=np.full(len(rows), -np.inf),
        row_upper=np.array(upper),
        start=np.cumsum([0, *map(len, rows)]),
        column=np.array([column for column, _ in flat]),
        coefficient=np.array([value for _, value in flat]),
    )


@pytest.mark.parametrize(("winners", "times"), [(10_000, 1), (10_000, 25)])
def test_worst_burden(measure, winners, times):
    episode = stressed(winners, times)
    size = f"16 rounds of {winners:,}, budgets × {times}"
    best = measure(
        lambda: adl.solve(episode),
        problem="coupled rounds, worst burden",
        n=16 * winners,
        size=size,
        rounds=3,
    )
    assert best.certificate.optimal


@pytest.mark.parametrize(
    ("winners", "times", "gap"),
    [
        (300, 60, 0.0),
        *((20_000, times, 1e-7) for times in (1, 10, 25, 60)),
        (20_000, 60, 0.0),
    ],
)
def test_priced(measure, winners, times, gap):
    episode = stressed(winners, times)
    loss = price(episode)
    peers = {}
    if winners == 300:
        unit, stated = program(episode, loss)
        peers["HiGHS, sparse rows"] = lambda: run(stated)
    best = measure(
        lambda: adl.solve(episode, loss, gap=gap),
        problem=f"coupled rounds, loss (10), proven to {gap or 1e-9:.0e}",
        n=16 * winners,
        peers=peers,
        size=f"16 rounds of {winners:,}, budgets × {times}",
        rounds=3,
    )
    assert best.certificate.gap <= (gap or 1e-9) * best.value
    if winners == 300:
        assert run(stated).bound / unit == pytest.approx(best.value, rel=1e-6)
