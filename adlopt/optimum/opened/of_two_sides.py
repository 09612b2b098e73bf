"""Winners matched with what losers shed, as a program with names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.loss import MinMax
from adlopt.model.objective import FewestAccounts, KeepHedges, LeastLeverage
from adlopt.optimum.matching import goal_programs
from adlopt.optimum.matching.body import Hedges
from adlopt.optimum.matching.form import Form
from adlopt.optimum.matching.leverage_levels import require_equities
from adlopt.optimum.matching.matching_problem import MatchingProblem
from adlopt.optimum.programs.program import WORK_TOTAL, Program
from adlopt.optimum.programs.stated import USD, Batch, Stated

MADE = {
    MinMax: "worst burden",
    KeepHedges: "net delta changed, USD",
    FewestAccounts: "accounts touched",
    LeastLeverage: "worst leverage",
}
"""Objectives of two sides that a single program states, and what they measure."""


def form_of(problem: MatchingProblem, objective: Any, level: float) -> Form:
    """State a matching under an objective; what closing takes counts by a level of leverage."""
    if type(objective) not in MADE:
        kinds = ", ".join(kind.__name__ for kind in MADE)
        raise InputError("objective", objective, kinds, remedy="others take several programs")
    if not problem.quantity.size:
        raise InputError("losers", "what nobody holds against", "something that can be matched")
    if isinstance(objective, KeepHedges):
        underlying = objective.of(*problem.round_.positions.coin)
        return goal_programs.keep_hedges(problem, Hedges.of(problem, underlying))
    if isinstance(objective, FewestAccounts):
        return goal_programs.fewest_accounts(problem)
    if isinstance(objective, LeastLeverage):
        require_equities(problem)
        return goal_programs.least_leverage(problem, level)
    return goal_programs.least_burden(problem)


def state_matching(problem: MatchingProblem, objective: Any, level: float = 0.0) -> Stated:
    """State a matching with names; what is closed is in contracts."""
    form = form_of(problem, objective, level)
    z, width = form.per.size, form.program.cost.size
    unit = np.ones(width)
    unit[:z] = form.per * problem.step[problem.level]
    burden = z if isinstance(objective, MinMax) else None
    worst = {MinMax: "burden", LeastLeverage: "leverage"}.get(type(objective), "unused")
    blocks = [Batch(name="close", unit="contracts", first=0, keys=_arcs(problem))]
    if worst != "unused":
        unit[z] = form.factor * WORK_TOTAL
    blocks.append(Batch(name=worst, unit="", first=z))
    start = problem.round_.start
    if form.switches:
        keys = [start.account[i] for i in np.unique(problem.account).tolist()]
        blocks.append(Batch(name="on", unit="", first=z + 1, keys=keys))
    elif width > z + 1:
        unit[z + 1 :] = form.factor
        keys = list(map(str, range(1, width - z)))
        blocks.append(Batch(name="delta", unit=USD, first=z + 1, keys=keys))
    program, column = form.program, np.arange(z)
    if form.switches or problem.whole:
        program, unit = _in_steps(form, problem, unit)
    per = unit[:z] / problem.step[problem.level]
    return Stated(
        program=program,
        columns=tuple(blocks),
        rows=tuple(_rows(form, problem)),
        unit=unit,
        row_unit=np.ones(program.row_lower.size),
        factor=form.factor,
        criterion=MADE[type(objective)],
        account=problem.account,
        column=column,
        worth=problem.value[problem.level] * per,
        accounts=start.account,
        burden=burden,
        total=float(problem.value @ problem.quantity),
        contracts=(problem.position, column, unit[:z]),
    )


def _in_steps(form: Form, problem: MatchingProblem, unit: FloatArray) -> tuple[Program, FloatArray]:
    """Columns of arcs in steps, so that they can be whole; rows in powers of two near them."""
    p, z = form.program, form.per.size
    per = np.ones(p.cost.size)
    per[:z] = form.per
    row = p.row
    coefficient = p.coefficient / per[p.column]
    size = np.zeros(p.row_lower.size)
    np.maximum.at(size, row, np.where(p.column < z, np.abs(coefficient), 0.0))
    size = np.ldexp(1.0, np.frexp(np.where(size > 0, size, 1.0))[1])
    integer = np.zeros(p.cost.size, dtype=bool)
    integer[:z], integer[z + 1 :] = problem.whole, form.switches
    program = replace(
        p,
        cost=p.cost / per,
        lower=p.lower * per,
        upper=p.upper * per,
        coefficient=coefficient / size[row],
        row_lower=p.row_lower / size,
        row_upper=p.row_upper / size,
        integer=integer,
    )
    return program, unit / per


def _arcs(problem: MatchingProblem) -> list[str]:
    """Account, coin and side of each arc, and which price where there are several."""
    held, level = problem.round_.positions, problem.level.tolist()
    position = problem.position.tolist()
    first = _first_price(problem)
    return [
        ",".join((held.account[j], held.coin[j], held.side[j].value, *first(number)))
        for j, number in zip(position, level, strict=True)
    ]


def _first_price(problem: MatchingProblem) -> Callable[[int], tuple[str, ...]]:
    """What tells the levels of a coin and side apart: nothing where there is one price."""
    key = [""] * problem.quantity.size
    for k, level in enumerate(problem.order_level.tolist()):
        if level >= 0:
            key[level] = f"{problem.shed.coin[k]},{problem.shed.side[k].opposite.value}"
    rank = [key[:number].count(name) + 1 for number, name in enumerate(key)]
    alone = {name for name in key if key.count(name) == 1}
    return lambda level: () if key[level] in alone else (str(rank[level]),)


def _rows(form: Form, problem: MatchingProblem) -> list[Batch]:
    held, accounts = problem.round_.positions, problem.round_.start.account
    which = _first_price(problem)
    arcs = _arcs(problem)
    blocks, first = [], 0

    def key(label: str, k: int) -> str:
        if label == "conserve":
            order = int(np.argmax(problem.order_level == k))
            side = problem.shed.side[order].opposite
            return ",".join((problem.shed.coin[order], side.value, *which(k)))
        if label == "position":
            return ",".join((held.account[k], held.coin[k], held.side[k].value))
        return (
            accounts[k] if label in ("cap", "share") else arcs[k] if label == "on" else str(k + 1)
        )

    for label, ids in form.labels:
        keys = [key(label, k) for k in np.asarray(ids, dtype=np.int64).tolist()]
        blocks.append(Batch(name=label, unit="", first=first, keys=keys))
        first += len(keys)
    return blocks
