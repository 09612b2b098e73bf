"""Rounds of dollars, and of positions in whole lots, as programs with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.money import lot_sizes, whole_lots
from adlopt.model.budget import Budget
from adlopt.model.limits import Limits
from adlopt.model.loss import Asymmetric, Empirical, MinMax
from adlopt.model.objective import CVaR, FewestAccounts, TrackingFirst
from adlopt.model.positions import ContractRound
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.certificate import UNIT_ROUNDING
from adlopt.optimum.programs.program import WORK_TOTAL, power_of_two
from adlopt.optimum.programs.stated import USD, Draft, Stated, money

SEARCHED = 2.0**10, WORK_TOTAL
"""Least and largest price of a burden where lots are whole: branch and bound prunes at 1e-6."""
LEAST = 2.0**-40
"""Budgets of less than this share of all weight are not told from it."""
ONE_PROGRAM = MinMax, Asymmetric, Empirical, CVaR, FewestAccounts, TrackingFirst
"""Objectives of dollars that a program states, of `TrackingFirst` the first criterion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Who gives what, and whose burden it is part of: columns j of accounts, bearers of burdens.

    `usd` is what a unit of column j takes, `most` how many there may be, `owner` its account; where
    an account has several columns, `cap` is what may be taken from it.
    """

    keys: Sequence[str]
    whole: bool
    usd: FloatArray
    most: FloatArray
    owner: IntArray
    accounts: Sequence[str]
    bearer: IntArray
    bearers: Sequence[str]
    cap: FloatArray | None = None

    def names(self, accounts: IntArray) -> list[str]:
        """Ids of some accounts."""
        return [self.accounts[i] for i in accounts.tolist()]


def state_dollars(
    problem: BurdenProblem,
    objective: Any,
    accounts: Sequence[str],
    bearer: IntArray,
    bearers: Sequence[str],
) -> Stated:
    """State a round of dollars, of lots whole multiples, under one of `ONE_PROGRAM`.

    `bearer`, (n,), says whose burden, of those that `bearers` names, an account's is part of.
    """
    if type(objective) not in ONE_PROGRAM:
        kinds = ", ".join(kind.__name__ for kind in ONE_PROGRAM)
        raise InputError("objective", objective, kinds, remedy="others take several programs")
    usd, most = np.ones(problem.capacity.size), problem.open
    if problem.lot is not None:
        usd, most = problem.lot, whole_lots(problem.open, lot_sizes(problem.lot)).astype(float)
    given = Given(
        keys=accounts,
        whole=problem.lot is not None,
        usd=usd,
        most=most,
        owner=np.arange(usd.size),
        accounts=accounts,
        bearer=bearer,
        bearers=bearers,
    )
    return state_given(given, problem, objective)


def state_alone(problem: BurdenProblem, objective: Any) -> Stated:
    """State a round in which every account bears its own burden."""
    names, n = problem.names, problem.capacity.size
    return state_dollars(problem, objective, names, np.arange(n), names)


def state_contracts(
    round_: ContractRound,
    loss: MinMax,
    budget: Budget,
    limits: Limits,
    bearer: IntArray,
    bearers: Sequence[str],
) -> Stated:
    """State a round in whole lots of positions, all of an account under one burden."""
    held, start = round_.positions, round_.start
    weight = limits.denominators(loss.weights(start))
    cap, owner = limits.most(start), round_.owner
    most = limits.most_lots(held) * ((weight > 0) & (cap > 0))[owner]
    sides = [side.value for side in held.side]
    problem = BurdenProblem(
        capacity=cap,
        weight=weight,
        budget=round_.needed,
        under=np.inf,
        over=np.inf,
        fair=1.0,
        extra=budget.extra,
    )
    given = Given(
        keys=[",".join(key) for key in zip(held.account, held.coin, sides, strict=True)],
        whole=True,
        usd=held.lot_value,
        most=most.astype(np.float64),
        owner=owner,
        accounts=start.account,
        bearer=bearer,
        bearers=bearers,
        cap=cap,
    )
    rows = np.arange(len(held))
    return replace(state_given(given, problem, loss), contracts=(rows, rows, held.lot))


def state_given(given: Given, problem: BurdenProblem, objective: Any) -> Stated:
    """State who gives what under one of `ONE_PROGRAM`."""
    whole, worth = given.whole, given.usd * given.most
    held = np.bincount(given.owner, worth, len(given.accounts)) > 0
    total, reach = float(problem.weight[held].sum()), float(worth.sum())
    # A small budget makes small burdens: both are near what they could be in the program.
    part = max(problem.budget / total, LEAST) if 0 < problem.budget < total else 1.0
    few, tail = isinstance(objective, FewestAccounts), isinstance(objective, CVaR)
    tail = tail and objective.level < 1
    unit, per = money(total * float(power_of_two(part))), 1.0 if whole else part
    each = np.ones(worth.size) if whole else np.full(worth.size, unit)
    if whole or few:
        # Branch and bound wants numbers near 1.
        largest = given.usd if whole else np.minimum(worth, problem.budget or 1.0)
        unit = float(power_of_two(largest[worth > 0].max(initial=1.0)))
    if not whole and (few or tail):
        # Those who have little can bear as much as those who have all.
        most = np.minimum(worth, problem.weight * part) if tail else worth
        each = power_of_two(np.where(worth > 0, most, 1.0))
    draft, name = Draft(), "lots" if whole else "haircut"
    of = "lots" if whole else USD
    x = draft.columns(name, given.keys, unit=each, upper=given.most, of=of, integer=whole)
    burden: IntArray | None = None
    price = float(np.clip(total / unit, *SEARCHED)) if whole else WORK_TOTAL / part
    if tail:
        _tail(draft, x, given, problem.weight, objective, (unit, per))
    else:
        burden = _burden(draft, x, given, problem, given.usd * each, per, free=few)
    if few:
        _switches(draft, x, given, problem)
        price = 1.0
    if given.cap is not None:
        _caps(draft, x, given, given.cap)
    # In a row of one's own it stands beside haircuts: near 1, where they are.
    in_all = unit * WORK_TOTAL if tail and not whole else unit
    raised = draft.columns("raised", unit=in_all, upper=reach)
    draft.rows("raised", unit=unit, terms=[(x, given.usd), (raised, -1.0)], lower=0.0, upper=0.0)
    if not problem.exact:
        price = _missed(draft, raised, problem, reach, unit)
    else:
        # Rounding makes rows that only just have a solution infeasible.
        doubt = 64 * UNIT_ROUNDING * reach
        at_end = reach - doubt < problem.budget <= reach + doubt
        within = reach - doubt if at_end else problem.budget
        upper = max(within, problem.budget + problem.extra) if problem.extra else within
        draft.rows("budget", unit=unit, terms=[(raised, 1.0)], lower=within, upper=upper)
    names = {
        CVaR: "CVaR of the burdens",
        FewestAccounts: "accounts touched",
        TrackingFirst: "USD missed",
    }
    return draft.stated(
        names.get(type(objective), "worst burden" if problem.exact else "loss"),
        price=price,
        account=given.owner,
        column=x,
        usd=given.usd,
        accounts=given.accounts,
        burden=burden,
        raised=raised,
    )


def then_burden(stated: Stated, weight: FloatArray, most: Mapping[str, float]) -> Stated:
    """The program of the least worst burden where single columns, and rows, are at most so much."""
    p, z = stated.program, stated.burden
    assert z is not None
    upper, row_upper, cost = p.upper.copy(), p.row_upper.copy(), np.zeros(p.cost.size)
    for blocks, ends, unit in (
        (stated.columns, upper, stated.unit),
        (stated.rows, row_upper, stated.row_unit),
    ):
        for block in blocks:
            if block.name in most:
                ends[block.first] = most[block.name] / unit[block.first]
    total = float(weight.sum()) / float(stated.unit[stated.raised or 0])
    searched = float(power_of_two(np.clip(total, *SEARCHED)))
    cost[z] = WORK_TOTAL if p.integer is None else searched
    program = replace(p, cost=cost, upper=upper, row_upper=row_upper)
    return replace(stated, program=program, factor=float(stated.unit[z] / cost[z]))


def _burden(
    draft: Draft,
    x: IntArray,
    given: Given,
    problem: BurdenProblem,
    size: FloatArray,
    per: float,
    *,
    free: bool,
) -> IntArray:
    """Σ of a bearer ≤ w z, in units of its largest column; `free` burdens cost nothing."""
    unit, n = float(power_of_two(per)), len(given.bearers)
    weight = np.bincount(given.bearer, problem.weight, n)
    row, worth = given.bearer[given.owner], given.usd * given.most
    gives = np.bincount(row, worth, n)
    kept = np.flatnonzero((gives > 0) & (weight > 0))
    top = 2.0 * float((gives[kept] / weight[kept]).max(initial=0.0)) + problem.allowance
    paid = problem.exact or not problem.allowance
    fair = problem.fair if paid and not free else 0.0
    z = draft.columns("burden", unit=unit, upper=top, cost=fair, of="")
    rank = np.full(n, -1)
    rank[kept] = np.arange(kept.size)
    inside = np.flatnonzero((rank[row] >= 0) & (given.most > 0))
    each = np.zeros(n)
    np.maximum.at(each, row[inside], size[inside])
    each = power_of_two(np.where(each > 0, each, 1.0))
    terms = [(x[inside], given.usd[inside], rank[row[inside]]), (z, -weight[kept])]
    names = [given.bearers[b] for b in kept.tolist()]
    draft.rows("share", names, unit=each[kept], terms=terms, upper=0.0)
    if not problem.exact and problem.allowance:
        excess = draft.columns("excess", unit=unit, upper=top, cost=problem.fair, of="")
        draft.rows("excess", unit=unit, terms=[(z, 1.0), (excess, -1.0)], upper=problem.allowance)
    return z


def _caps(draft: Draft, x: IntArray, given: Given, cap: FloatArray) -> None:
    """Σ of an account's positions ≤ what may be taken from it, where that is less."""
    worth = np.bincount(given.owner, given.usd * given.most, cap.size)
    tight = np.flatnonzero(worth > cap)
    rank = np.full(cap.size, -1)
    rank[tight] = np.arange(tight.size)
    inside = np.flatnonzero(rank[given.owner] >= 0)
    if tight.size:
        units = power_of_two(np.where(cap > 0, cap, 1.0)[tight])
        terms = [(x[inside], given.usd[inside], rank[given.owner[inside]])]
        draft.rows("cap", given.names(tight), unit=units, terms=terms, upper=cap[tight])


def _tail(
    draft: Draft,
    x: IntArray,
    given: Given,
    weight: FloatArray,
    objective: CVaR,
    units: tuple[float, float],
) -> None:
    """CVaR = min t + Σ p_i (x_i / w_i − t)_+ / (1 − level)."""
    unit, per = units[0], float(power_of_two(units[1]))
    kept = np.flatnonzero(given.most > 0)
    w, names = weight[kept], given.names(kept)
    part = objective.shares(weight.size)[kept] / (1.0 - objective.level)
    usd, most = given.usd[kept], (given.usd * given.most)[kept]
    top = float((most / w).max(initial=0.0))
    t = draft.columns("tail", unit=per, upper=top, cost=1.0, of="")
    each = unit if given.whole else power_of_two(w * per)
    above = draft.columns("above", names, unit=each, upper=most, cost=part / w)
    terms = [(x[kept], usd), (t, -w), (above, -1.0)]
    draft.rows("above", names, unit=each, terms=terms, upper=0.0)


def _switches(draft: Draft, x: IntArray, given: Given, problem: BurdenProblem) -> None:
    """An account gives nothing unless it is on."""
    kept = np.flatnonzero(given.most > 0)
    names = given.names(kept)
    on = draft.columns("on", names, unit=1.0, upper=1.0, cost=1.0, of="", integer=True)
    most = np.minimum(given.most[kept], (problem.budget + problem.extra) / given.usd[kept])
    terms = [(x[kept], 1.0), (on, -most)]
    draft.rows("on", names, unit=power_of_two(given.most[kept]), terms=terms, upper=0.0)
    draft.rows("touched", unit=1.0, terms=[(on, 1.0)], upper=float(kept.size))


def _missed(
    draft: Draft, raised: IntArray, problem: BurdenProblem, reach: float, unit: float
) -> float:
    """Price what is lacking and what is too much; the price of the objective in the program."""
    short = draft.columns("short", unit=unit, upper=problem.budget, cost=problem.under)
    beyond = max(reach - problem.budget, 0.0)
    over = draft.columns("over", unit=unit, upper=beyond, cost=problem.over)
    terms = [(raised, 1.0), (short, 1.0), (over, -1.0)]
    budget = problem.budget
    draft.rows("budget", unit=unit, terms=terms, lower=budget, upper=budget)
    return 1.0 / (problem.under * unit)
