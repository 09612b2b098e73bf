"""Decide an axiom with z3: proved for so many accounts, an example that breaks it, or unknown."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

import z3

from adlopt.foundation.deadline import LATE, is_late
from adlopt.policies.protocols import Policy
from adlopt.studies.axioms.formulas import PaysFormula, Term, exact
from adlopt.studies.axioms.instances import NAMES, SHARES, Case, Winner
from adlopt.studies.axioms.laws import OF_ONE, ONE_MORE, ROUNDING, SAID

SECONDS = 4.0
"""For each question to z3 over the reals."""
BRIEFLY = 2.0
"""For each that asks for whole dollars."""
DRAWN = 12
"""Cases on which a formula must agree with the policy that it stands for."""


LARGEST = (12, 12, 40)
"""Profit, collateral and entry of small examples, USD."""


class Unknowns:
    """`count` accounts and a deficit, all real numbers; or whole ones for a `Case`.

    Laws read it as they read `InNumbers`. A `case` has the two whole numbers of an example, whose
    profits and collateral are at most `scale` times small ones; without one they range over all
    real numbers too. So many ids as `place` sort before that of the account concerned.
    """

    gone = 0

    def __init__(
        self,
        formula: PaysFormula,
        count: int,
        *,
        place: int = 0,
        case: Case | None = None,
        scale: int = 1,
    ) -> None:
        self.formula, self.count, self.case = formula, count, case
        ids = [NAMES[0], *(f"{'A' if i < place else 'b'}{i}" for i in range(count - 1))]
        make, real = (z3.Int, z3.ToReal) if case else (z3.Real, lambda v: v)
        self.rows = [[make(f"{c}{i}") for c in "pce"] for i in range(count)]
        self.due_in_all = make("due")
        self.winners = [
            Winner(name=name, profit=real(p), collateral=real(c), entry=real(e))
            for name, (p, c, e) in zip(ids, self.rows, strict=True)
        ]
        self.deficit: Term = real(self.due_in_all)
        self.also: list[Term] = [self.due_in_all > 0]
        for row in self.rows:
            self.also += [row[0] >= 0, row[1] > 0, row[2] > 0]
            if case is not None:
                self.also += [v <= most * scale for v, most in zip(row, LARGEST, strict=True)]
        if case is not None:
            self.also.append(self.due_in_all <= 30)

    def pays(
        self, winners: Sequence[Winner] | None = None, *, deficit: Term = None, lot: int = 0
    ) -> dict[str, Term]:
        """What each of these pays, of this deficit; lots are left aside."""
        held = self.winners if winners is None else winners
        due = self.deficit if deficit is None else deficit
        return self.formula.pays(held, due, self.also)

    def any_of(
        self, choices: Sequence[Fraction], low: int, high: int | None, *, second: bool = False
    ) -> Term:
        """One of the choices, as the case says, or any real number between, bounds left out."""
        if self.case is not None:
            return z3.RealVal(choices[self.case.second if second else self.case.first])
        some = z3.FreshReal("some")
        self.also += [some > low, *([] if high is None else [some < high])]
        return some

    def given(self, condition: Term) -> bool:
        """Let it hold."""
        self.also.append(condition)
        return True

    def left(self, taken: dict[str, Term]) -> list[Winner]:
        """Each with what is left of its position."""
        return self._parts({w.name: w.profit - taken[w.name] for w in self.winners}, 1)

    def claims(self, awarded: dict[str, Term]) -> list[Winner]:
        """Each with the share of its position that was awarded."""
        return self._parts(awarded, 0)

    def _parts(self, amount: dict[str, Term], of_nothing: int) -> list[Winner]:
        parts = []
        for w in self.winners:
            share = w.entry * amount[w.name] / w.profit
            entry = z3.If(w.profit > 0, share, w.entry * of_nothing)
            parts.append(replace(w, profit=amount[w.name], entry=entry))
        return parts

    def due(self, share: Term, every: Term) -> Term:
        """The deficit of which the formula takes that share of all it took."""
        theta = exact(self.formula.theta)
        whole = every == theta * self.deficit
        return z3.If(whole, share / theta, self.deficit * share / every)

    def denied(self, axiom: str) -> Term:
        """What it would be for the formula to break it."""
        broken = []
        for claim in SAID[axiom][1](self):
            gap = claim.one - claim.other
            differ = gap != 0 if claim.same else gap > claim.within
            broken.append(z3.And(claim.where, differ))
        return z3.Or([z3.BoolVal(False), *broken])

    def example(self, model: Any) -> Case:
        """The example that a model is."""
        assert self.case is not None

        def whole(v: Term) -> int:
            return int(model.eval(v, model_completion=True).as_long())

        rows = tuple((whole(p), whole(c), whole(e)) for p, c, e in self.rows)
        return replace(self.case, rows=rows, deficit=whole(self.due_in_all))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What z3 said of an axiom: it holds for up to `proved` accounts; else why that is not known.

    An `example` breaks it, and is confirmed by the policy itself.
    """

    proved: int = 0
    example: Case | None = None
    unknown: str = ""


def decide(
    axiom: str,
    formula: PaysFormula,
    accounts: int,
    breaks: Callable[[Case], bool],
    end: float = math.inf,
) -> Decided:
    """Decide an axiom over all real profits, collateral, entries and deficits, without lots.

    `breaks` says whether the policy itself breaks it on a case, counted in fractions. Nothing is
    asked after the moment `end`.
    """
    if axiom not in SAID:
        return Decided(unknown="it is an axiom of one's own")
    more, proved = axiom in ONE_MORE, 0
    for count in range(1, accounts + 1 - more):
        held = f"{count + more} account" + "s" * (count + more > 1)
        for place in range(count if formula.by_id and axiom in OF_ONE else 1):
            if is_late(end):
                return Decided(proved=proved, unknown=LATE)
            said = _ask(axiom, Unknowns(formula, count, place=place))[0]
            if said == z3.sat:
                example = next(filter(breaks, _examples(axiom, formula, count)), None)
                why = f"z3 breaks it for {held}, not in whole dollars that the rule confirms"
                return Decided(proved=proved, example=example, unknown="" if example else why)
            if said != z3.unsat:
                why = LATE if is_late(end) else f"{held} take z3 over {SECONDS:g} s"
                return Decided(proved=proved, unknown=why)
        proved = count + more
    return Decided(proved=proved)


def disagreement(formula: PaysFormula, policy: Policy) -> str:
    """Say where a formula, at numbers, is not what the policy does; nothing if it is everywhere."""
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
        name=w.name, profit=exact(w.profit), collateral=exact(w.collateral), entry=exact(w.entry)
    )


def _examples(axiom: str, formula: PaysFormula, count: int) -> Iterator[Case]:
    """Whole dollars that break the formula: small ones, then large."""
    for scale in (1, 10**8):
        for first in range(len(SHARES)):
            for second in {first, (first + 1) % len(SHARES)}:
                case = Case(rows=(), deficit=1, first=first, second=second)
                asked = Unknowns(formula, count, case=case, scale=scale)
                said, model = _ask(axiom, asked, BRIEFLY)
                if said == z3.sat:
                    yield asked.example(model)
                elif said != z3.unsat:
                    return


def _ask(axiom: str, asked: Unknowns, seconds: float = SECONDS) -> tuple[Any, Any]:
    denied = asked.denied(axiom)
    return _check([*asked.also, denied], seconds)


def _check(conditions: list[Term], seconds: float = SECONDS) -> tuple[Any, Any]:
    solver = z3.Solver()
    solver.set("timeout", round(1000 * seconds))
    solver.add(*conditions)
    said = solver.check()
    if said == z3.unknown and "interrupted" in solver.reason_unknown():
        signal.raise_signal(signal.SIGINT)  # z3 has kept Ctrl-C to itself
    return said, solver.model() if said == z3.sat else None
