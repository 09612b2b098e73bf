"""What it would be for a formula to break an axiom: a condition over all accounts and deficits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import z3

from adlopt.studies.axioms.formulas import PaysFormula, Term, exact
from adlopt.studies.axioms.instances import COLLATERAL_SHARES, FACTORS, NAMES, SHARES, Case, Winner
from adlopt.studies.axioms.laws import JUMP, NUDGE

LARGEST = (12, 12, 40)
"""Profit, collateral and entry of small examples, USD."""


class Unknowns:
    """`count` accounts and a deficit, all real numbers; or whole ones for a `Case`.

    An `example` has the two whole numbers of a case, whose profits and collateral are
    at most `scale` times small ones; without one they range over all real numbers too. So many
    ids as `place` sort before that of the account concerned.
    """

    def __init__(
        self,
        formula: PaysFormula,
        count: int,
        *,
        place: int = 0,
        example: Case | None = None,
        scale: int = 1,
    ) -> None:
        self.formula, self.count, self.example = formula, count, example
        self.also: list[Term] = []
        ids = [NAMES[0], *(f"{'A' if i < place else 'b'}{i}" for i in range(count - 1))]
        self.rows = [[self._number(f"{c}{i}") for c in "pce"] for i in range(count)]
        self.due = self._number("due")
        self.winners = [
            Winner(name=name, profit=profit, collateral=collateral, entry=entry)
            for name, (profit, collateral, entry) in zip(ids, self._reals(), strict=True)
        ]
        self.deficit: Term = z3.ToReal(self.due) if example else self.due
        self.also += [self.due > 0]
        for row in self.rows:
            self.also += [row[0] >= 0, row[1] > 0, row[2] > 0]
            if example is not None:
                self.also += [v <= most * scale for v, most in zip(row, LARGEST, strict=True)]
        if example is not None:
            self.also.append(self.due <= 30)

    def pays(
        self, winners: Sequence[Winner] | None = None, deficit: Term = None
    ) -> dict[str, Term]:
        """What each of these pays, of this deficit."""
        held = self.winners if winners is None else winners
        due = self.deficit if deficit is None else deficit
        return self.formula.pays(held, due, self.also)

    def any_of(
        self, choices: Sequence[Fraction], low: int, high: int | None, *, second: bool = False
    ) -> Term:
        """One of the choices, as an example says, or any real number between, bounds left out."""
        if self.example is not None:
            return z3.RealVal(choices[self.example.second if second else self.example.first])
        some = z3.FreshReal("some")
        self.also += [some > low, *([] if high is None else [some < high])]
        return some

    def more(self) -> Term:
        """By how much a deficit grows."""
        return self.any_of([Fraction(k) for k in range(1, 8)], 0, None)

    def parts(self, taken: dict[str, Term], *, left: bool) -> list[Winner]:
        """Each with the share of its position that was taken, or with what is left of it."""
        parts = []
        for w in self.winners:
            amount = w.profit - taken[w.name] if left else taken[w.name]
            entry = z3.If(w.profit > 0, w.entry * amount / w.profit, w.entry * int(left))
            parts.append(replace(w, profit=amount, entry=entry))
        return parts

    def case(self, model: Any) -> Case:
        """The example that a model is."""
        assert self.example is not None

        def whole(v: Term) -> int:
            return int(model.eval(v, model_completion=True).as_long())

        rows = tuple((whole(p), whole(c), whole(e)) for p, c, e in self.rows)
        return replace(self.example, rows=rows, deficit=whole(self.due))

    def _number(self, name: str) -> Term:
        return z3.Int(name) if self.example else z3.Real(name)

    def _reals(self) -> list[list[Term]]:
        return [[z3.ToReal(v) if self.example else v for v in row] for row in self.rows]


def _protected(u: Unknowns) -> Term:
    paid = u.pays()
    return z3.Or([z3.Or(paid[w.name] < 0, paid[w.name] > w.profit) for w in u.winners])


def _equal_accounts(u: Unknowns) -> Term:
    paid = u.pays([*u.winners, replace(u.winners[0], name="twin")])
    return paid["a"] != paid["twin"]


def _input_order(u: Unknowns) -> Term:
    first, *rest = u.winners
    paid, others = u.pays(), [u.winners[::-1], [*rest, first]]
    return z3.Or([_differ(paid, u.pays(each)) for each in others])


def _split(u: Unknowns) -> Term:
    share = u.any_of(SHARES, 0, 1)
    return _in_two(u, share, share)


def _split_unevenly(u: Unknowns) -> Term:
    collateral = u.any_of(COLLATERAL_SHARES, -1, 2, second=True)
    u.also += [collateral >= 0, collateral <= 1]
    return _in_two(u, u.any_of(SHARES, 0, 1), collateral)


def _in_two(u: Unknowns, position: Term, collateral: Term) -> Term:
    whole, *rest = u.winners
    one = whole.part("a1", position=position, collateral=collateral)
    two = whole.part("a2", position=1 - position, collateral=1 - collateral)
    u.also += [one.equity > 0, two.equity > 0]
    before, after = u.pays()["a"], u.pays([one, two, *rest])
    return before > after["a1"] + after["a2"]


def _wash_trade(u: Unknowns) -> Term:
    first, *rest = u.winners
    washed = replace(first, rebased=u.any_of(FACTORS, 0, None))
    return u.pays()["a"] > u.pays([washed, *rest])["a"]


def _scale(u: Unknowns) -> Term:
    factor = u.any_of([Fraction(k) for k in range(2, 9)], 0, None)
    scaled = [w.part(w.name, position=factor, collateral=factor) for w in u.winners]
    small, large = u.pays(), u.pays(scaled, u.deficit * factor)
    return _differ({name: paid * factor for name, paid in small.items()}, large)


def _larger_deficit(u: Unknowns) -> Term:
    before, after = u.pays(), u.pays(deficit=u.deficit + u.more())
    return z3.Or([before[name] > after[name] for name in before])


def _richer(u: Unknowns) -> Term:
    paid = u.pays()
    pairs = ((p, r) for p in u.winners for r in u.winners if p is not r)
    return z3.Or(
        [
            z3.And(r.profit > p.profit, r.collateral >= p.collateral, paid[p.name] > paid[r.name])
            for p, r in pairs
        ]
    )


def _path(u: Unknowns) -> Term:
    more = u.more()
    taken, once = u.pays(), u.pays(deficit=u.deficit + more)
    then = u.pays(u.parts(taken, left=True), more)
    return _differ({name: amount + then[name] for name, amount in taken.items()}, once)


def _composition(u: Unknowns) -> Term:
    awarded = u.pays(deficit=u.deficit + u.more())
    return _differ(u.pays(), u.pays(u.parts(awarded, left=False)))


def _consistency(u: Unknowns) -> Term:
    paid, (_, *rest) = u.pays(), u.winners
    theta, every = exact(u.formula.theta), z3.Sum(list(paid.values()))
    share = z3.Sum([z3.RealVal(0), *(paid[w.name] for w in rest)])
    u.also.append(share > 0)
    due = z3.If(every == theta * u.deficit, share / theta, u.deficit * share / every)
    alone = u.pays(rest, due)
    return _differ({w.name: paid[w.name] for w in rest}, alone)


def _stability(u: Unknowns) -> Term:
    first, *rest = u.winners
    if u.example is not None and u.example.first % 2:
        like = FACTORS[u.example.second]
        rest.append(first.part("like", position=like, collateral=like))
    up, down = (
        u.pays(
            [
                replace(first, profit=first.profit * (1 + by), entry=first.entry * (1 + 2 * by)),
                *rest,
            ]
        )
        for by in (NUDGE, -NUDGE)
    )
    moved = z3.Sum([z3.If(up[n] > down[n], up[n] - down[n], down[n] - up[n]) for n in up])
    return moved > JUMP * u.deficit


def _differ(one: dict[str, Term], other: dict[str, Term]) -> Term:
    return z3.Or([z3.BoolVal(False), *(one[name] != other[name] for name in one)])


DENIALS: dict[str, Callable[[Unknowns], Term]] = {
    "protected collateral": _protected,
    "equal accounts": _equal_accounts,
    "input order": _input_order,
    "split": _split,
    "uneven split": _split_unevenly,
    "wash trade": _wash_trade,
    "scale": _scale,
    "larger deficit": _larger_deficit,
    "richer pays": _richer,
    "path": _path,
    "composition": _composition,
    "consistency": _consistency,
    "stability": _stability,
}
ONE_MORE = ("equal accounts", "split", "uneven split")
"""Axioms that add an account to those of the instance."""
OF_ONE = (*ONE_MORE, "wash trade", "consistency", "stability")
"""Axioms that concern one account: where its id stands among the others may matter."""
