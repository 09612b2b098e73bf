"""Decide an axiom with z3: proved for so many accounts, an example that breaks it, or unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import z3

from adlopt.policies.protocols import Policy
from adlopt.studies.axioms.denials import DENIALS, OF_ONE, ONE_MORE, Unknowns
from adlopt.studies.axioms.formulas import PaysFormula, Term, exact
from adlopt.studies.axioms.instances import SHARES, Case, Winner
from adlopt.studies.axioms.laws import ROUNDING

SECONDS = 4.0
"""For each question to z3 over the reals."""
BRIEFLY = 2.0
"""For each that asks for whole dollars."""
DRAWN = 12
"""Cases on which a formula must agree with the policy that it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What z3 said of an axiom: it holds for up to `proved` accounts; else why that is not known.

    An `example` breaks it, and is confirmed by the policy itself.
    """

    proved: int = 0
    example: Case | None = None
    unknown: str = ""


def decide(
    axiom: str, formula: PaysFormula, accounts: int, breaks: Callable[[Case], bool]
) -> Decided:
    """Decide an axiom over all real profits, collateral, entries and deficits, without lots.

    `breaks` says whether the policy itself breaks it on a case, counted in fractions.
    """
    if axiom not in DENIALS:
        return Decided(unknown="it is an axiom of one's own")
    more, proved = axiom in ONE_MORE, 0
    for count in range(1, accounts + 1 - more):
        held = f"{count + more} account" + "s" * (count + more > 1)
        for place in range(count if formula.by_id and axiom in OF_ONE else 1):
            said = _ask(axiom, Unknowns(formula, count, place=place))[0]
            if said == z3.sat:
                example = next(filter(breaks, _examples(axiom, formula, count)), None)
                why = f"z3 breaks it for {held}, not in whole dollars that the rule confirms"
                return Decided(proved=proved, example=example, unknown="" if example else why)
            if said != z3.unsat:
                return Decided(proved=proved, unknown=f"{held} take z3 over {SECONDS:g} s")
        proved = count + more
    return Decided(proved=proved)


def disagreement(formula: PaysFormula, policy: Policy) -> str:
    """Say where a formula, at numbers, is not what the policy does; nothing if it is everywhere.

    Raises
    ------
    NotAFormula
        If no formula stands for it after all.
    """
    random = Random(0)
    for case in (Case.draw(random, lots=False) for _ in range(DRAWN)):
        start, also = case.start(), list[Term]()
        paid = formula.pays([_terms(w) for w in case.winners], exact(case.deficit), also)
        taken = policy.decide(policy.begin(), start).tolist()
        apart = [
            z3.Or(paid[name] - exact(x) > exact(ROUNDING), exact(x) - paid[name] > exact(ROUNDING))
            for name, x in zip(start.account, taken, strict=True)
        ]
        if _check([*also, z3.Or(apart)])[0] != z3.unsat or _check(also)[0] != z3.sat:
            return f"its formula is not what it does to profits of {start.capacity.tolist()}"
    return ""


def _terms(w: Winner) -> Winner:
    return Winner(
        name=w.name,
        profit=exact(w.profit),
        collateral=exact(w.collateral),
        entry=exact(w.entry),
    )


def _examples(axiom: str, formula: PaysFormula, count: int) -> Iterator[Case]:
    """Whole dollars that break the formula: small ones, then large."""
    for scale in (1, 10**8):
        for first in range(len(SHARES)):
            for second in {first, (first + 1) % len(SHARES)}:
                case = Case(rows=(), deficit=1, first=first, second=second)
                asked = Unknowns(formula, count, example=case, scale=scale)
                said, model = _ask(axiom, asked, BRIEFLY)
                if said == z3.sat:
                    yield asked.case(model)
                elif said != z3.unsat:
                    return


def _ask(axiom: str, asked: Unknowns, seconds: float = SECONDS) -> tuple[Any, Any]:
    denied = DENIALS[axiom](asked)
    return _check([*asked.also, denied], seconds)


def _check(conditions: list[Term], seconds: float = SECONDS) -> tuple[Any, Any]:
    solver = z3.Solver()
    solver.set("timeout", round(1000 * seconds))
    solver.add(*conditions)
    said = solver.check()
    return said, solver.model() if said == z3.sat else None
