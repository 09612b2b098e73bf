"""Look for certificates with a linear program; nothing here is trusted.

Candidates are the products of up to `degree` premises, optional squares, and multiples of
equations. HiGHS finds which of them add up to the goal; the coefficients are then solved again in
fractions on the support it found, and the kernel checks the result as an identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from adlopt.errors import ProofError
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import SparseRows
from adlopt.proof.formula import Formula, Relation
from adlopt.proof.kernel import Combination, Product
from adlopt.proof.plain_text import text
from adlopt.proof.term import (
    ONE,
    ZERO,
    Monomial,
    Term,
    add,
    multiply,
    of_atom,
    order_of,
    product,
    scale,
    subtract,
)

SMALLEST = 1e-9
"""Coefficients below this are taken to be zeros of the linear program."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    term: Term
    part: Product | tuple[int, Term]
    strict: bool = False

    @property
    def free(self) -> bool:
        return not isinstance(self.part, Product)


def search(
    goal: Formula,
    premises: Sequence[Formula],
    *,
    degree: int = 2,
    squares: Iterable[Term] = (),
    multipliers: Iterable[Term] = (),
) -> Combination:
    """Find a certificate for a goal without ranges, of the lowest degree that has one.

    At most `degree` premises without ranges stand in one product, squares alone or beside one;
    equations are multiplied with `multipliers`, 1 and (from degree 2) single atoms.
    """
    roots, factors = tuple(squares), tuple(multipliers)
    failed: ProofError | None = None
    for size in range(1, degree + 1):
        candidates = _candidates(goal, premises, size, roots, factors)
        try:
            return _assemble(candidates, _solve(goal, candidates))
        except ProofError as error:
            failed = error
    raise failed or ProofError("degree must be at least 1")


def _candidates(
    goal: Formula,
    premises: Sequence[Formula],
    degree: int,
    squares: Sequence[Term],
    multipliers: Sequence[Term],
) -> list[_Candidate]:
    usable = [i for i, formula in enumerate(premises) if not formula.ranges]
    signed = [i for i in usable if premises[i].relation is not Relation.EQ]
    found = []
    if goal.relation is not Relation.EQ:
        for size in range(degree + 1):
            for chosen in combinations_with_replacement(signed, size):
                value = product(premises[i].term for i in chosen)
                strict = all(premises[i].relation is Relation.GT for i in chosen)
                found.append(_Candidate(value, Product(Fraction(1), chosen), strict))
        for root in squares:
            for chosen in [(), *((i,) for i in signed)]:
                value = product([root, root, *(premises[i].term for i in chosen)])
                found.append(_Candidate(value, Product(Fraction(1), chosen, root)))
    factors = [ONE, *multipliers]
    if degree > 1:
        said = [goal, *(premises[i] for i in usable)]
        atoms = {atom for formula in said for m, _, _ in formula.term for atom, _ in m}
        ordered = sorted(atoms, key=lambda atom: _place(frozenset({(atom, 1)})))
        factors += [of_atom(atom) for atom in ordered]
    for i in usable:
        if premises[i].relation is Relation.EQ:
            found += [_Candidate(multiply(premises[i].term, f), (i, f)) for f in factors]
    return found


@lru_cache(maxsize=100_000)
def _place(monomial: Monomial) -> tuple[Any, ...]:
    """Order monomials in the same way whatever the hash seed; by far most are met again."""
    return order_of(monomial)


def _solve(goal: Formula, candidates: list[_Candidate]) -> list[Fraction]:
    met = {m for value in (goal.term, *(c.term for c in candidates)) for m, _, _ in value}
    rows = {monomial: place for place, monomial in enumerate(sorted(met, key=_place))}
    columns = [_vector(c.term, rows) for c in candidates]
    target = _vector(goal.term, rows)
    guess = _guess(goal, candidates, columns, target)
    support = [k for k, value in enumerate(guess) if abs(value) > SMALLEST]
    exact = _exact([columns[k] for k in support], target, [guess[k] for k in support])
    weights = [Fraction(0)] * len(candidates)
    for k, value in zip(support, exact or [], strict=False):
        weights[k] = value
    bad = any(w < 0 and not c.free for w, c in zip(weights, candidates, strict=True))
    sums = add(*(scale(c.term, w) for c, w in zip(candidates, weights, strict=True)))
    weak = goal.relation is Relation.GT and not any(
        w > 0 and c.strict for w, c in zip(weights, candidates, strict=True)
    )
    if exact is None or bad or weak or sums != goal.term:
        raise _unclosed(goal, candidates, guess)
    return weights


def _unclosed(goal: Formula, candidates: list[_Candidate], guess: Sequence[float]) -> ProofError:
    reached = ZERO
    for candidate, value in zip(candidates, guess, strict=True):
        if abs(value) > 1e-7:
            weight = Fraction(value).limit_denominator(1000)
            reached = add(reached, scale(candidate.term, weight))
    left_over = subtract(goal.term, reached)
    said = f"{text(goal.term)} {goal.relation.value} 0"
    return ProofError(f"cannot close {said}\nleft over after the best attempt: {text(left_over)}")


Vector = dict[int, Fraction]


def _vector(value: Term, rows: dict[Monomial, int]) -> Vector:
    return {rows[m]: Fraction(p, q) for m, p, q in value}


def _guess(
    goal: Formula, candidates: list[_Candidate], columns: list[Vector], target: Vector
) -> list[float]:
    """Solve the linear program with slack in every row, so that it always has an answer."""
    n, height = len(columns), 1 + max([0, *target, *(i for column in columns for i in column)])
    wanted = np.array([float(target.get(i, 0)) for i in range(height)])
    free = np.array([c.free for c in candidates], dtype=bool)
    size, strict = n + 2 * height + 1, float(goal.relation is Relation.GT)
    cost = np.concatenate([np.where(free, 0.0, 1e-4), np.full(2 * height, 100.0), [-1.0]])
    lower = np.concatenate([np.where(free, -np.inf, 0.0), np.zeros(2 * height + 1)])
    upper = np.append(np.full(size - 1, np.inf), strict)
    entries = [(i, j, float(value)) for j, one in enumerate(columns) for i, value in one.items()]
    entries += [(i, n + i, 1.0) for i in range(height)]
    entries += [(i, n + height + i, -1.0) for i in range(height)]
    row, column, value = zip(*entries, strict=True)
    rows = SparseRows()
    rows.add_many(row=row, column=column, coefficient=value, lower=wanted, upper=wanted)
    positive = [j for j, candidate in enumerate(candidates) if candidate.strict]
    rows.add([*positive, size - 1], [*[1.0] * len(positive), -1.0], lower=0.0)
    program = rows.program(cost=cost, lower=lower, upper=upper)
    return [float(value) for value in run(program).columns[:n]]


def _exact(columns: list[Vector], target: Vector, guess: list[float]) -> list[Fraction] | None:
    """Solve the equations in fractions; columns without a pivot keep their rounded guess."""
    pivots: dict[int, Vector] = {}
    rows: dict[int, Vector] = {}
    for j, column in enumerate(columns):
        for i, value in column.items():
            rows.setdefault(i, {})[j] = value
    last = len(columns)
    for i, value in target.items():
        rows.setdefault(i, {})[last] = value
    open_rows = [rows[i] for i in sorted(rows)]
    for j in range(last):
        row = next((r for r in open_rows if r.get(j)), None)
        if row is None:
            continue
        open_rows.remove(row)
        row = {k: v / row[j] for k, v in row.items()}
        open_rows = [_eliminate(r, row, j) for r in open_rows]
        pivots = {k: _eliminate(r, row, j) for k, r in pivots.items()} | {j: row}
    if any(r.get(last) for r in open_rows):
        return None
    solved = [Fraction(value).limit_denominator(10**6) for value in guess]
    free = [j for j in range(last) if j not in pivots]
    for j, row in pivots.items():
        known = sum((row.get(k, Fraction(0)) * solved[k] for k in free), Fraction(0))
        solved[j] = row.get(last, Fraction(0)) - known
    return solved


def _eliminate(row: Vector, pivot: Vector, j: int) -> Vector:
    factor = row.get(j)
    if not factor:
        return row
    mixed = {k: row.get(k, Fraction(0)) - factor * v for k, v in pivot.items()}
    return {k: v for k, v in (row | mixed).items() if v}


def _assemble(candidates: list[_Candidate], weights: list[Fraction]) -> Combination:
    products, multiples = [], []
    for candidate, weight in zip(candidates, weights, strict=True):
        part = candidate.part
        if weight and isinstance(part, Product):
            products.append(part._replace(coefficient=weight))
        elif weight and not isinstance(part, Product):
            multiples.append((part[0], scale(part[1], weight)))
    return Combination(tuple(products), tuple(multiples))
