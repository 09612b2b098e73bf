"""Whether a proof file of one's own concludes a bound, written in the letters of the proof.

A proof that is to conclude a bound speaks of ``t, T = integers("t T")`` and
``D, U, x, s, u = sequences("D U x s u")``: deficits D(t), capacities U(t), severities played x(t),
severities needed s(t), and a path u(t) to compare with (a path that rests may be ``reals("w")``).
``reals("D_max")`` is the largest deficit. One of its claims has to conclude
Σ D |x − s| ≤ expression, or Σ D |x − s| − Σ D |u − s| ≤ expression for a bound along the needed
severities; free choices of the policy keep their names. What it assumes of D, U, s, and of x where
there is a run, is checked on the rounds that the bound is measured on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sympy

from adlopt.bounds import quantity as q
from adlopt.errors import ProofError
from adlopt.model.episode import Episode
from adlopt.model.run import Run
from adlopt.proof.checking import check
from adlopt.proof.formula import Formula, free_symbols, index
from adlopt.proof.kernel import Fact
from adlopt.proof.notation import ge, integers, le, point, reals, sequences
from adlopt.proof.refutation import Point, evaluate
from adlopt.proof.theorem import Theorem, Verdict

t, T = integers("t T")
D, U, x, s, u = sequences("D U x s u")
w, D_max = reals("w D_max")
LOST = sympy.Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))
PATHS = {
    "the needed severities": (s(t), u(t)),
    "the path that makes the bound least": (u(t),),
    "the constant that makes the bound least": (w, u(t)),
}
"""Paths that a proof may speak of, by that along which a bound is measured."""


class Conclusion(NamedTuple):
    """What concludes a bound, and what it takes as given; else why it is a conjecture."""

    fact: Fact | None
    text: str


def over_rounds(body: Any, first: int = 1) -> Any:
    """Sum over the rounds from `first` to T."""
    return sympy.Sum(body, (t, first, T))


def letters(path: Any) -> dict[sympy.Symbol, Any]:
    """Write each quantity in the letters of proofs, along a path given as an expression in t."""
    path = sympy.sympify(path)
    move = path - path.subs(t, t - 1)
    written = {
        q.P: over_rounds(abs(move), 2),
        q.Q: over_rounds(move**2, 2),
        q.LOSS: over_rounds(D(t) * abs(path - s(t))),
        q.FIRST: path.subs(t, 1),
        q.MOVED: over_rounds(D(t) * abs(move), 2),
        q.ROUNDS: T,
        q.S: over_rounds(D(t) ** 2),
        q.TOTAL_DEFICIT: over_rounds(D(t)),
        q.FIRST_DEFICIT: D(1),
        q.LARGEST_DEFICIT: D_max,
        q.WORST_MISS: over_rounds(D(t) * sympy.Max(s(t), 1 - s(t))),
        q.OVER_CAPACITY: over_rounds(D(t) ** 2 / U(t)),
        q.OVER_CAPACITY_TWICE: over_rounds(D(t) ** 2 / U(t) ** 2),
    }
    return {quantity.symbol: meaning for quantity, meaning in written.items()}


def conclusion(
    path: Path,
    expression: sympy.Expr,
    choices: Mapping[sympy.Symbol, sympy.Expr],
    *,
    along: str,
    upper: bool,
) -> Conclusion:
    """Check a proof file, and find the claim that concludes an expression."""
    state = path.stat() if path.is_file() else None
    theorem = _theorem(path, state and (state.st_mtime_ns, state.st_size))
    if isinstance(theorem, str):
        return Conclusion(None, theorem)
    if theorem.verdict in (Verdict.REFUTED, Verdict.OPEN):
        return Conclusion(None, f"{path.name} is {theorem.verdict.value}")
    made = expression.subs(dict(choices))
    strange = made.free_symbols & set(q.QUANTITIES) - set(letters(s(t)))
    if strange:
        return Conclusion(None, f"proofs of one's own have no letter for {min(map(str, strange))}")
    try:
        wanted = list(_forms(made, along, upper))
    except ProofError as error:
        return Conclusion(None, f"{expression} is no expression of proofs: {error}")
    for name in theorem.claims:
        fact = theorem.facts[name]
        if fact.conclusion in wanted:
            given = "; ".join(sorted(map(str, fact.hypotheses)))
            return Conclusion(fact, f"{path.name}, {name!r}, given {given or 'nothing'}")
    return Conclusion(None, f"no claim of {path.name} concludes {wanted[0]}")


def unmet(found: Conclusion, episode: Episode, run: Run | None) -> dict[str, tuple[int, ...]]:
    """Return what a conclusion takes as given and rounds do not meet, but for rounding.

    What is in other letters than those of rounds, and of the run if there is one, is not measured.
    """
    if found.fact is None:
        return {}
    sizes, most = episode.deficit, episode.deficit.max(initial=0.0)
    measured = {D: sizes, s: episode.needed_severity, U: episode.total_capacity}
    if run is not None:
        measured[x] = np.divide(run.haircut, sizes, out=np.zeros(len(sizes)), where=sizes > 0)
    tables = {letter: [Fraction(v) for v in values] for letter, values in measured.items()}
    values = point({T: len(sizes), D_max: Fraction(float(most)), **tables})
    rounds, failing = tuple(range(1, len(sizes) + 1)), {}
    for formula in found.fact.hypotheses:
        if free_symbols(formula) <= values.keys():
            with suppress(ProofError):  # it speaks of rounds that are not there, or of a root
                if not _met(formula, values):
                    failing[f"{found.text.partition(',')[0]} assumes {formula}"] = rounds
    return failing


def _met(formula: Formula, values: Point, level: int = 0) -> bool:
    """Say whether a formula holds, but for a rounding of its sides."""
    if level < len(formula.ranges):
        low, high = (int(evaluate(end, values)) for end in formula.ranges[level])
        inside = ({**values, index(level): Fraction(k)} for k in range(low, high + 1))
        return all(_met(formula, each, level + 1) for each in inside)
    gap = evaluate(formula.term, values)
    size = sum(abs(evaluate(frozenset({part}), values)) for part in formula.term)
    slack = size / 10**9
    return formula.relation.holds(gap) or (size > 0 and abs(gap) <= slack)


def _forms(expression: sympy.Expr, along: str, upper: bool) -> Iterator[Formula]:
    state = le if upper else ge
    for path in PATHS[along]:
        meant = letters(path) | {sympy.Symbol("x_1", real=True): x(1)}
        bound = expression.subs(meant, simultaneous=True)
        yield state(LOST, bound)
        if path != s(t) and along == "the needed severities":
            yield state(LOST - meant[q.LOSS.symbol], bound)


@lru_cache(maxsize=32)
def _theorem(path: Path, _changed: object) -> Theorem | str:
    """Check a proof file once until it changes; what is wrong with it otherwise."""
    try:
        return check(path).theorem
    except ProofError as error:
        return str(error)
