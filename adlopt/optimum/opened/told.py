"""What certificates in files need of answers to opened problems: rows of one's own, and prices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from adlopt.errors import InfeasibleRound
from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.model.budget import Budget
from adlopt.model.constraint import Constraint, Row
from adlopt.model.limits import NO_LIMITS
from adlopt.model.loss import MinMax
from adlopt.optimum.core.surface import Made, asked
from adlopt.optimum.evidence.certificate_file import refusal_file
from adlopt.optimum.evidence.question import Question
from adlopt.optimum.matching.goal_programs import least_burden
from adlopt.optimum.matching.many_prices import lifted
from adlopt.optimum.opened.expressions import affine
from adlopt.optimum.opened.kinds import Contracts, Dollars, Rounds, TwoSides
from adlopt.optimum.opened.own_objective import is_own, linear
from adlopt.optimum.opened.searched import TREE, Searched
from adlopt.optimum.programs.proven_tree import Branch, Leaf, refutation
from adlopt.optimum.programs.stated import Stated

MET, NEAR, NODES = 2.0**-31, 2.0**-20, 500
"""What a tree may leave of a value, and of a number of accounts; nodes that it may part."""
NUMBERED = {"share": "share", "above": "share", "on": "on"}
"""What rows of accounts are called in certificates."""


def with_evidence(
    best: Made,
    model: Any,
    given: Sequence[Any],
    bearer: IntArray,
    found: Sequence[Searched],
    *,
    objective: Any = None,
    kept: Sequence[IntArray] = (),
) -> Made:
    """The answer, with what was asked and the prices that prove it, where a file can say so.

    `kept` are those that keep to their burdens in each program, and `objective` is the one it was,
    where that is not the model's.
    """
    question = _question(model, given, bearer, objective)
    if question is None:
        return best
    kind = model.kind
    dearer = getattr(question.objective, "raised", 0.0)
    told = partial(prices, kind, bearer=bearer, shares=question.shares, dearer=dearer)
    order: Sequence[Any] = kept or [None] * len(found)
    witness = [partial(_told, told, each, who) for each, who in zip(found, order, strict=True)]
    object.__setattr__(best, "witness", tuple(witness))
    return asked(best, question)


def _told(
    told: Callable[..., dict[str, Any]], found: Searched, kept: IntArray | None
) -> dict[str, Any]:
    """What proves a criterion: prices, who keeps to a burden, and a tree of what is whole."""
    witness = told(found.stated, found.duals) | ({} if kept is None else {"kept": kept})
    tree = _tree(found, partial(told, found.stated))
    return witness if tree is None else witness | {"tree": tree}


def _tree(found: Searched, told: Callable[..., dict[str, Any]]) -> dict[str, Any] | None:
    """A small tree that shows that nothing is better, where accounts give lots or are on."""
    stated, p = found.stated, found.stated.program
    if p.integer is None or p.cost.size > TREE or stated.contracts is not None:
        return None
    cost = float(p.cost @ found.point)
    enough = cost - (1 - NEAR) / stated.factor if found.counts else cost * (1 - MET)
    place = dict(zip(stated.column.tolist(), stated.account.tolist(), strict=True))
    on = next((block for block in stated.columns if block.name == "on"), None)
    names = {name: i for i, name in enumerate(stated.accounts)}
    switches = (
        {} if on is None else {on.first + k: names[key] for k, key in enumerate(on.keys or ())}
    )

    def written(part: Leaf | Branch) -> dict[str, Any]:
        if isinstance(part, Leaf):
            return told(part.duals)
        switch = part.column in switches
        return {
            "of": "on" if switch else "lots",
            "number": (switches if switch else place)[part.column],
            "at": part.at,
            "below": written(part.below),
            "above": written(part.above),
        }

    made = refutation(p, good_enough=enough, nodes=NODES)
    return None if made is None else written(made)


def refused(
    error: InfeasibleRound, model: Any, stated: Stated, given: Sequence[Any], bearer: IntArray
) -> InfeasibleRound:
    """The refusal, with multipliers that contradict each other, where a file can say so."""
    question, duals = _question(model, given, bearer), error.farkas.get("rows")
    if question is not None and duals is not None:
        farkas = prices(model.kind, stated, duals, bearer, question.shares)
        error.evidence = partial(refusal_file, question, farkas)
    return error


def _question(
    model: Any, given: Sequence[Any], bearer: IntArray, objective: Any = None
) -> Question | None:
    """What is asked of a model, as certificates have it; None where they cannot."""
    kind, rows, options = model.kind, own_rows(model, given, bearer), model.options
    plain = isinstance(kind, TwoSides) and isinstance(kind.objective, MinMax)
    stated = plain or isinstance(kind, (Dollars, Contracts))
    if rows is None or not stated:
        return None
    if is_own(kind.objective):
        priced = getattr(kind.objective, "exact", True)
        objective = linear(model.stated, kind.objective) if priced else None
        if objective is None:
            return None
    return Question(
        thing=kind.thing,
        objective=objective or kind.objective,
        budget=options.budget or Budget(),
        limits=options.limits or NO_LIMITS,
        whole_lots=options.whole_lots,
        own=rows if given else None,
    )


def own_rows(model: Any, given: Sequence[Any], bearer: IntArray) -> dict[str, Any] | None:
    """Rows of one's own as certificates have them; None where these have no such rows."""
    rows: list[Row] = []
    kind = model.kind
    if isinstance(kind, Rounds):
        return None
    (part,) = kind.parts
    for each in given:
        if isinstance(each, Constraint):
            rows += each.rows(part.start, part.positions)
        elif (found := affine(each, model._variables, "own")) is not None:
            rows += found
        else:
            return None
    two = isinstance(kind, TwoSides)
    if any(row.burden or (row.positions and not two) for row in rows):
        return None
    shared = np.unique(bearer).size < bearer.size
    return {
        "row": [
            {
                "of": row.index.tolist(),
                "by": row.coefficient.tolist(),
                "share": float(row.share),
                "ends": [float(e) if np.isfinite(e) else None for e in (row.lower, row.upper)],
                **({"closes": True} if row.positions else {}),
            }
            for row in rows
        ],
        "bearer": bearer.tolist() if shared else [],
    }


def prices(
    kind: Any,
    stated: Stated,
    duals: FloatArray,
    bearer: IntArray,
    shares: FloatArray,
    dearer: float = 0.0,
) -> dict[str, FloatArray]:
    """Multipliers as prices of rows, a USD: of accounts by their numbers.

    `dearer` is what a USD of the sum costs.
    """
    p, found = stated.program, dict[str, FloatArray]()
    price = stated.factor * duals / stated.row_unit
    own = price[stated.rows_named("own").part]
    if isinstance(kind, TwoSides):
        form = replace(least_burden(kind.problem), program=p)
        found = form.prices(kind.problem, duals, lifted(kind.problem, form, duals).price)
    owner, usd = np.full(p.cost.size, -1), np.ones(p.cost.size)
    owner[stated.column] = stated.account
    usd[stated.column] = stated.worth / stated.unit[stated.column]
    for block in () if isinstance(kind, TwoSides) else stated.rows:
        if block.name in NUMBERED:
            first = p.column[p.start[:-1][block.part]]
            of, each = owner[first], np.zeros(bearer.size)
            per = usd[first] if block.name == "on" else 1.0
            each[bearer[of] if block.name == "share" else of] = price[block.part] / per
            found[NUMBERED[block.name]] = each
        elif block.name in ("raised", "touched"):
            found[block.name] = price[block.part]
    raised = -float(shares @ own) if own.size else 0.0
    if "raised" in found:
        found["budget"] = found["raised"] - raised + dearer
    else:
        found["conserve"] = found["conserve"] - raised * kind.thing.losers.value
    return found | {"own": own, "raised": np.array([raised])}
