"""Several positions an account, shaped like a real round: our optimum, and a MILP beside it.

The MILP is the published one of others, written from its description: least M in [0, 1] over whole
lots that raise at least the budget, all of an account's lots within M times its equity, given to a
general solver with a time limit. What it returns is recomputed, whatever it is called.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import adlopt as adl
from adlopt.errors import SolverStopped
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import Program

COINS = 160
SHARE = 0.018
"""Of all capacity, what the sixteen rounds of 10 October 2025 needed."""
LIMIT = 10.0
"""Seconds for the MILP."""
EQUITY = adl.MinMax(burden=adl.Burden.EQUITY)


@cache
def real_shaped(accounts, *, fine, seed=0):
    """Positions of winners: few each, of coins whose gap a contract spans orders of magnitude.

    Lots are whole contracts, or what the venue's size decimals would be.
    """
    rng = np.random.default_rng(seed)
    count = np.minimum(rng.geometric(0.6, accounts), COINS)
    gap = np.maximum(np.round(rng.lognormal(0.0, 4.0, COINS), 6), 1e-6)
    popular = rng.dirichlet(np.full(COINS, 0.3)) + 1e-6
    popular /= popular.sum()
    owner = np.repeat(np.arange(accounts), count)
    coin = np.concatenate([rng.choice(COINS, k, replace=False, p=popular) for k in count])
    size = rng.lognormal(5.5, 2.5, owner.size) / gap[coin]
    decimals = np.clip(np.round(np.log10(gap)) + 1, 0, 5) if fine else np.zeros(COINS)
    lot = 10.0 ** -decimals[coin]
    held = size >= lot
    round_ = adl.ContractRound.of(
        account=[f"account {i}" for i in owner[held]],
        coin=[f"coin {c}" for c in coin[held]],
        side=["long"] * int(held.sum()),
        size=size[held],
        lot=lot[held],
        value=gap[coin[held]],
        deficit=1.0,
        needed=1.0,
    )
    worth = round_.start.capacity
    return replace(
        round_,
        start=replace(round_.start, equity=worth * rng.lognormal(1.0, 1.0, worth.size)),
        outcome=adl.RoundOutcome(needed=SHARE * float(worth.sum())),
    ).rounded()


def size(round_):
    return f"{len(round_.start.account):,} accounts, {len(round_.positions):,} positions"


@pytest.mark.parametrize("gap", [1e-6, 1e-9, 0.0])
@pytest.mark.parametrize("budget", [adl.Budget.at_least(), adl.Budget.exact()], ids=str)
@pytest.mark.parametrize("fine", [False, True], ids=["contracts", "size decimals"])
def test_positions(measure, fine, budget, gap):
    round_ = real_shaped(18_000, fine=fine)
    lots = "size decimals" if fine else "whole contracts"
    proven = f"proven to {gap:g}" if gap else "proven optimal"
    best = measure(
        lambda: adl.solve(round_, EQUITY, budget=budget, gap=gap),
        problem=f"positions in {lots}, {budget}, {proven}",
        n=len(round_.positions),
        size=size(round_),
        rounds=7,
    )
    assert best.certificate.trust is adl.Trust.EXACT
    assert best.certificate.gap <= max(gap, 1e-15) * best.value


@pytest.mark.parametrize("accounts", [300, 1_000, 18_000])
def test_positions_beside_a_milp(measure, benchmark, accounts):
    round_ = real_shaped(accounts, fine=False)
    theirs, milp = [], f"MILP of HiGHS, {LIMIT:g} s"
    best = measure(
        lambda: adl.solve(round_, EQUITY, budget=adl.Budget.at_least()),
        problem="positions in whole contracts, at least",
        n=len(round_.positions),
        size=size(round_),
        peers={milp: lambda: theirs.append(raw_milp(round_))},
        rounds=7,
    )
    burden, called = theirs[0]
    peers = benchmark.extra_info["peers"]
    peers[f"{milp}: {called}, {burden / best.value:.4g} × our burden"] = peers.pop(milp)
    assert best.certificate.optimal
    assert burden >= best.value * (1 - 1e-6)


def raw_milp(round_):
    """Worst burden of the MILP's lots, recomputed, infinite if they miss the budget; its status."""
    weights, owner = EQUITY.weights(round_.start), round_.owner
    value, most = round_.positions.lot_value, round_.positions.most
    order, n, m = np.argsort(owner, kind="stable"), weights.size, owner.size
    length = np.bincount(owner, minlength=n)
    start = np.r_[0, np.cumsum(length + 1), n + 2 * m]
    is_level = np.zeros(n + m, dtype=bool)
    is_level[start[:n]] = True
    column, coefficient = np.zeros(n + m, dtype=int), np.empty(n + m)
    column[~is_level], coefficient[~is_level] = 1 + order, value[order]
    coefficient[is_level] = -weights
    program = Program(
        cost=np.r_[1.0, np.zeros(m)],
        lower=np.zeros(m + 1),
        upper=np.r_[1.0, most],
        row_lower=np.r_[np.full(n, -np.inf), round_.needed],
        row_upper=np.r_[np.zeros(n), np.inf],
        start=start,
        column=np.r_[column, 1 + np.arange(m)],
        coefficient=np.r_[coefficient, value],
        integer=np.r_[False, np.ones(m, dtype=bool)],
    )
    try:
        answer = run(program, time_limit=LIMIT)
    except SolverStopped:
        return np.inf, "nothing found"
    haircut = round_.haircut(np.rint(answer.columns[1:]))
    enough = haircut.sum() >= round_.needed * (1 - 1e-9)
    return (haircut / weights).max() if enough else np.inf, f"“{answer.stopped.value}”"
