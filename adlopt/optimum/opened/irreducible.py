"""Why rows contradict each other: which of them, and how little would have to give.

The least sum of what rows would have to give is a linear program that always has a solution; weak
duality proves that it is not 0. The rows with multipliers contradict each other already, as the
proof uses no other. Then each of them is left out in turn, for good wherever the rest still does:
what remains is irreducible.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adlopt.errors import InfeasibleRound, SolverFailed, SolverStopped
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.deadline import deadline
from adlopt.optimum.matching.linear import solved
from adlopt.optimum.programs.highs import Infeasible, run
from adlopt.optimum.programs.program import Program
from adlopt.optimum.programs.proven_tree import proven_lower_bound
from adlopt.optimum.programs.stated import USD, Stated
from adlopt.optimum.programs.weak_duality import lower_bound
from adlopt.show.words import counted

GIVE = ("budget", "own", "conserve", "cap", "position")
"""Kinds of rows that are looked at; the others only say what a variable is."""
DELETIONS = 400
"""Programs solved at most to leave rows out."""
TREE_SECONDS = 2.0
"""In which it is to be shown that no whole lots meet what parts of lots do."""
NAMED = 4
"""Rows that a message names; the others are counted."""


def explained(stated: Stated, loose: FloatArray | None = None) -> InfeasibleRound:
    """Name an irreducible set of rows, and of limits of accounts, that contradict each other.

    `loose` are upper ends of columns, (columns,), without limits of accounts.
    """
    rows = _rows(stated)
    least, duals = _least_relaxation(stated, rows)
    names = stated.row_names()
    if least <= 0:
        if stated.program.integer is None:
            raise SolverFailed("HiGHS calls rows infeasible that are not proved to be")
        if not _no_whole_point(stated.program):
            raise SolverStopped("HiGHS finds no whole lots; that there are none is not proved")
        own = [name for part in ("budget", "own") for name in stated.rows_named(part)]
        return InfeasibleRound(f"no whole lots meet {_listed(own)} together, though parts would")
    kept = [int(i) for i in rows if duals[i]]
    whole = stated if loose is None else _with_upper(stated, loose)
    limits: list[int] = []
    if len(kept) <= DELETIONS:
        if loose is not None and _feasible(whole, rows, kept):
            limits = _limits(stated, rows, kept, loose)
            mixed = stated.program.upper.copy()
            free = np.setdiff1d(np.flatnonzero(loose > mixed), limits)
            mixed[free] = loose[free]
            whole = _with_upper(stated, mixed)
        for row in list(kept):
            rest = [i for i in kept if i != row]
            if not _feasible(whole, rows, rest):
                kept = rest
    told = [names[i] for i in kept]
    columns = stated.column_names()
    told += [f"limit{columns[j][columns[j].index('[') :]}" for j in limits]
    in_usd = all(block.unit == USD for block in stated.rows if block.name == "budget")
    usd = least * stated.row_unit[rows[0]] if in_usd and stated.raised is not None else None
    said, who = "contradict each other", "together they"
    if len(told) == 1:
        said, who = "is out of reach", "it"
    gives = "" if usd is None else f": {who} must give {usd:,.2f} USD at least"
    refused = InfeasibleRound(
        f"{_listed(told)} {said}{gives}",
        missing=usd,
        irreducible=tuple(told) if len(kept) <= DELETIONS else (),
    )
    refused.farkas = {"rows": duals}
    return refused


def _listed(told: list[str]) -> str:
    more = f" and {counted(len(told) - NAMED, 'other')}" if len(told) > NAMED else ""
    return ", ".join(told[:NAMED]) + more


def _no_whole_point(program: Program) -> bool:
    """Whether a tree, in some seconds, shows every choice of whole numbers to be empty."""
    free = replace(program, cost=np.zeros(program.cost.size))
    return proven_lower_bound(free, good_enough=1.0, deadline=deadline(TREE_SECONDS)) >= 1.0


def _rows(stated: Stated) -> IntArray:
    given = np.zeros(stated.row_unit.size, dtype=bool)
    for block in stated.rows:
        given[block.part] = block.name in GIVE
    return np.flatnonzero(given)


def _least_relaxation(stated: Stated, rows: IntArray) -> tuple[float, FloatArray]:
    """Proven least sum of what rows would have to give, in units of the first, and multipliers."""
    p, count = replace(stated.program, integer=None), rows.size
    n = p.cost.size
    size = np.zeros(p.row_lower.size)
    if not np.isin(p.row[p.column == stated.burden], rows).any():
        # A burden that no row bounds is as large as it must.
        loose = p.row_upper.copy()
        loose[stated.rows_named("share").part] = np.inf
        p = replace(p, row_upper=loose)
    farthest = np.maximum(np.abs(p.lower), np.abs(p.upper))
    np.add.at(size, p.row, np.abs(p.coefficient) * farthest[p.column])
    for ends in (p.row_lower, p.row_upper):
        size += np.where(np.isfinite(ends), np.abs(ends), 0.0)
    at = np.concatenate([p.row, rows, rows])
    order = np.argsort(at, kind="stable")
    column = np.concatenate([p.column, n + np.arange(2 * count)])[order]
    value = np.concatenate([p.coefficient, np.ones(count), -np.ones(count)])[order]
    price = stated.row_unit[rows] / stated.row_unit[rows[0]]
    elastic = Program(
        cost=np.concatenate([np.zeros(n), price, price]),
        lower=np.concatenate([p.lower, np.zeros(2 * count)]),
        upper=np.concatenate([p.upper, size[rows], size[rows]]),
        row_lower=p.row_lower,
        row_upper=p.row_upper,
        start=np.concatenate([[0], np.cumsum(np.bincount(at, minlength=size.size))]),
        column=column,
        coefficient=value,
    )
    duals = solved(elastic).duals
    return lower_bound(elastic, duals).lower, duals


def _with_upper(stated: Stated, upper: FloatArray) -> Stated:
    return replace(stated, program=replace(stated.program, upper=upper))


def _feasible(stated: Stated, rows: IntArray, kept: list[int]) -> bool:
    """Whether the program has a point without the rows that are not kept."""
    p, free = stated.program, np.setdiff1d(rows, kept)
    low, high = p.row_lower.copy(), p.row_upper.copy()
    low[free], high[free] = -np.inf, np.inf
    relaxed = replace(p, cost=np.zeros(p.cost.size), row_lower=low, row_upper=high, integer=None)
    try:
        run(relaxed)
    except Infeasible:
        return False
    return True


def _limits(stated: Stated, rows: IntArray, kept: list[int], loose: FloatArray) -> list[int]:
    """Columns whose limits are needed for the contradiction, halves of them left out at once."""
    tight = stated.program.upper

    def contradicts(limits: BoolArray) -> bool:
        return not _feasible(_with_upper(stated, np.where(limits, tight, loose)), rows, kept)

    needed = loose > tight
    parts = [np.flatnonzero(needed)]
    for _ in range(DELETIONS):
        if not parts:
            break
        part = parts.pop()
        tried = needed.copy()
        tried[part] = False
        if contradicts(tried):
            needed = tried
        elif part.size > 1:
            half = part.size // 2
            parts += [part[:half], part[half:]]
    return [int(j) for j in np.flatnonzero(needed)]


def named(error: InfeasibleRound, stated: Stated) -> InfeasibleRound:
    """Add to an error which rows contradict each other; none where only whole lots are in the way.

    What the error says besides stays as it is.
    """
    parts = replace(stated, program=replace(stated.program, integer=None))
    try:
        found = explained(parts).irreducible
    except (SolverFailed, SolverStopped):
        return error
    return error.restated(str(error), irreducible=found)
