"""What may be asked of any policy: said once, of instances in numbers and of unknowns of a solver.

A law decides an instance and a variation of it, and claims something of what accounts pay. The
account that the variation concerns is the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from adlopt.studies.axioms.instances import COLLATERAL_SHARES, FACTORS, SHARES, Case, Winner

ROUNDING = Fraction(1, 100_000)
"""USD. Smaller differences are rounding: policies count in micro-dollars at best."""
NUDGE = Fraction(1, 2**30)
"""Relative change of an account that must not move haircuts much."""
JUMP = Fraction(1, 1000)
"""Share of the deficit that counts as much."""
TWO_TO_EIGHT = [Fraction(k) for k in range(2, 9)]
Paid: TypeAlias = Mapping[str, Fraction]
"""USD by account."""
Pays: TypeAlias = Callable[..., Paid]
"""Decide a round, of winners, deficit and lot as `Case.start` takes them, check that its haircut is
feasible, and return what each account pays."""
At: TypeAlias = Any
"""An `InNumbers`, or the `Unknowns` of `adlopt.studies.axioms.by_z3`, which has its methods."""


@dataclass(frozen=True, slots=True)
class Violation:
    """How a check failed: in a sentence with the figures, and by how much, USD, exactly.

    That is None if the haircut is not feasible.
    """

    text: str
    usd: Fraction | None


class Compared(NamedTuple):
    """Dollars that must be the same, or the `one` no more than the other, where a condition holds.

    By so much they may differ; the text has a place for each.
    """

    one: Any
    other: Any
    text: str
    same: bool = False
    where: Any = True
    within: Any = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """Something to be asked of a policy, for all instances; the check decides one of them."""

    name: str
    statement: str
    check: Callable[[Case, Pays], Violation | None]


@dataclass(frozen=True, slots=True)
class InNumbers:
    """One small instance in numbers, and what a policy makes accounts pay of it."""

    case: Case
    pays: Pays

    @property
    def winners(self) -> tuple[Winner, ...]:
        """The accounts."""
        return self.case.winners

    @property
    def gone(self) -> int:
        """Place of the account that pays and leaves."""
        return self.case.first % len(self.case.rows)

    @property
    def deficit(self) -> int:
        """USD."""
        return self.case.deficit

    def any_of(
        self, choices: Sequence[Fraction], low: int, high: int | None, *, second: bool = False
    ) -> Fraction:
        """One of the choices, as the case says; unknowns are any number between."""
        return choices[self.case.second if second else self.case.first]

    def given(self, condition: Any) -> bool:
        """Whether it holds; a solver is told that it does."""
        return bool(condition)

    def left(self, taken: Paid) -> list[Winner]:
        """Who is left, and with what, once the share of a position that was taken is closed."""
        return [w for w in (w.less(taken[w.name]) for w in self.winners) if w is not None]

    def claims(self, awarded: Paid) -> list[Winner]:
        """Who was awarded something, with that as profit."""
        return [
            w.part(w.name, position=awarded[w.name] / w.profit, collateral=Fraction(1))
            for w in self.winners
            if awarded[w.name]
        ]

    def due(self, share: Fraction, every: Fraction) -> Fraction:
        """The deficit of which a policy takes that share of all it took."""
        return self.deficit * share / every


def check(claims: Callable[[At], Iterator[Compared]], case: Case, pays: Pays) -> Violation | None:
    """Decide an instance: the claim that fails by most, if any fails by more than rounding."""
    worst, most = None, Fraction(0)
    for claim in claims(InNumbers(case, pays)):
        gap = Fraction(claim.one) - Fraction(claim.other)
        gap = abs(gap) if claim.same else gap
        if claim.where and gap > max(ROUNDING, claim.within, most):
            worst, most = claim, gap
    if worst is None:
        return None
    return Violation(worst.text.format(usd(Fraction(worst.one)), usd(Fraction(worst.other))), most)


def _protected(at: At) -> Iterator[Compared]:
    paid = at.pays()
    for w in at.winners:
        yield Compared(paid[w.name], w.profit, f"{w.name} pays {{0}} of a profit of {{1}}")
        yield Compared(0, paid[w.name], f"{w.name} pays {{1}}, less than {{0}}")


def _equal_accounts(at: At) -> Iterator[Compared]:
    paid = at.pays([*at.winners, replace(at.winners[0], name="twin")])
    yield Compared(paid["a"], paid["twin"], "a pays {0}, its twin {1}", same=True)


def _input_order(at: At) -> Iterator[Compared]:
    first, *rest = at.winners
    paid = at.pays()
    for listed, others in (("in reverse", at.winners[::-1]), ("a last", [*rest, first])):
        text = f"{{name}} pays {{0}}, and {{1}} if listed {listed}"
        yield from _same(paid, at.pays(others), text)


def _split(at: At) -> Iterator[Compared]:
    share = at.any_of(SHARES, 0, 1)
    return _in_two(at, share, share)


def _split_unevenly(at: At) -> Iterator[Compared]:
    collateral = at.any_of(COLLATERAL_SHARES, -1, 2, second=True)
    at.given(collateral >= 0)
    at.given(collateral <= 1)
    return _in_two(at, at.any_of(SHARES, 0, 1), collateral)


def _in_two(at: At, position: Any, collateral: Any) -> Iterator[Compared]:
    whole, *rest = at.winners
    one = whole.part("a1", position=position, collateral=collateral)
    two = whole.part("a2", position=1 - position, collateral=1 - collateral)
    if at.given(one.equity > 0) and at.given(two.equity > 0):
        before, after = at.pays()["a"], at.pays([one, two, *rest])
        yield Compared(before, after["a1"] + after["a2"], "a pays {0}; as a1 and a2 it pays {1}")


def _wash_trade(at: At) -> Iterator[Compared]:
    account, *rest = at.winners
    factor = at.any_of(FACTORS, 0, None)
    washed = replace(account, rebased=factor)
    text = f"a pays {{0}}; once it traded with itself until its entry price is × {factor}, {{1}}"
    yield Compared(at.pays()["a"], at.pays([washed, *rest])["a"], text)


def _scale(at: At) -> Iterator[Compared]:
    factor = at.any_of(TWO_TO_EIGHT, 0, None)
    scaled = [w.part(w.name, position=factor, collateral=factor) for w in at.winners]
    small, lot = at.pays(), at.case.lot * factor if at.case else 0
    large = at.pays(scaled, deficit=at.deficit * factor, lot=lot)
    text = f"all dollars × {factor}: {{name}} should pay {{0}} and pays {{1}}"
    return _same({name: paid * factor for name, paid in small.items()}, large, text)


def _larger_deficit(at: At) -> Iterator[Compared]:
    larger = at.deficit + _more(at)
    before, after = at.pays(), at.pays(deficit=larger)
    for name in before:
        text = f"{name} pays {{0}} of a deficit of {at.deficit}, and {{1}} of {larger}"
        yield Compared(before[name], after[name], text)


def _richer(at: At) -> Iterator[Compared]:
    paid = at.pays()
    for p, r in ((p, r) for p in at.winners for r in at.winners if p is not r):
        text = f"{p.name} pays {{0}}; {r.name}, with more profit and no less collateral, {{1}}"
        where = (r.profit > p.profit) & (r.collateral >= p.collateral)
        yield Compared(paid[p.name], paid[r.name], text, where=where)


def _path(at: At) -> Iterator[Compared]:
    second = _more(at)
    taken = at.pays()
    left = at.left(taken)
    then = at.pays(left, deficit=second) if left else {}
    both = {name: amount + then.get(name, 0) for name, amount in taken.items()}
    text = f"{{name}} pays {{0}} of {at.deficit} then {second}, and {{1}} of both at once"
    return _same(both, at.pays(deficit=at.deficit + second), text)


def _composition(at: At) -> Iterator[Compared]:
    """Composition down [Moulin, Econometrica 68, 2000]: claims may be cut to earlier awards."""
    larger = at.deficit + _more(at)
    awarded, once = at.pays(deficit=larger), at.pays()
    claims = at.claims(awarded)
    again = dict.fromkeys(once, 0) | dict(at.pays(claims) if claims else {})
    text = f"{{name}} pays {{0}} of {at.deficit}, and {{1}} if all claim what {larger} takes"
    return _same(once, again, text)


def _consistency(at: At) -> Iterator[Compared]:
    """[Aumann, Maschler, J. Econ. Theory 36, 1985; Young, Math. Oper. Res. 12, 1987]."""
    paid, rest = at.pays(), list(at.winners)
    gone = rest.pop(at.gone)
    share = sum(paid[w.name] for w in rest)
    if at.given(share > 0):
        alone = at.pays(rest, deficit=at.due(share, sum(paid.values())))
        text = f"{{name}} pays {{0}}, and {{1}} once {gone.name} has paid and left"
        yield from _same({w.name: paid[w.name] for w in rest}, alone, text)


def _stability(at: At) -> Iterator[Compared]:
    first, *rest = at.winners
    if at.case and at.case.first % 2:
        like = FACTORS[at.case.second]
        rest.append(first.part("like a", position=like, collateral=like))
    up, down = (at.pays([_nudged(first, sign * NUDGE), *rest]) for sign in (1, -1))
    moved = sum(abs(up[name] - down[name]) for name in up)
    text = "changing a by less than a billionth moves {0} between accounts of a deficit of"
    yield Compared(moved, 0, f"{text} {at.deficit}", within=JUMP * at.deficit)


def _nudged(account: Winner, by: Fraction) -> Winner:
    return replace(account, profit=account.profit * (1 + by), entry=account.entry * (1 + 2 * by))


def _more(at: At) -> Any:
    """By how much a deficit grows."""
    return at.any_of([Fraction(k) for k in range(1, 8)], 0, None)


def _same(one: Mapping[str, Any], other: Mapping[str, Any], text: str) -> Iterator[Compared]:
    for name in one:
        yield Compared(one[name], other[name], text.replace("{name}", name), same=True)


def usd(amount: Fraction) -> str:
    """Write dollars, as exactly as a float can tell.

    >>> usd(Fraction(7, 2)), usd(Fraction(1, 3))
    ('3.5 USD', '0.3333333333 USD')
    """
    return f"{float(amount):.10g} USD"


SAID: dict[str, tuple[str, Callable[[At], Iterator[Compared]]]] = {
    "protected collateral": ("0 ≤ x ≤ PNL: no account pays more than its profit", _protected),
    "equal accounts": ("accounts equal in everything but name pay the same", _equal_accounts),
    "input order": ("nobody pays more or less for where it is listed", _input_order),
    "split": ("an account split in two, in proportion, pays no less in all", _split),
    "uneven split": ("nor if its collateral goes elsewhere than its position", _split_unevenly),
    "wash trade": (
        "trading with itself, which changes its entry price alone, one pays no less",
        _wash_trade,
    ),
    "scale": ("h(λw, λB) = h(w, B): with all dollars × λ everyone pays × λ", _scale),
    "larger deficit": ("nobody pays less of a larger deficit", _larger_deficit),
    "richer pays": ("with more profit and no less collateral one pays no less", _richer),
    "path": ("D₁, then D₂ from what remains, takes what D₁ + D₂ takes", _path),
    "composition": ("D takes the same if claims are what a larger deficit takes", _composition),
    "consistency": ("once one has paid and left, the others pay the same", _consistency),
    "stability": ("changing one account by a billionth moves little of the haircut", _stability),
}
"""Statement and claims of each axiom, by name; feasibility first."""
AXIOMS = tuple(
    Law(name=name, statement=statement, check=partial(check, claims))
    for name, (statement, claims) in SAID.items()
)
"""All that are tried."""
ONE_MORE = ("equal accounts", "split", "uneven split")
"""Axioms that add an account to those of the instance."""
OF_ONE = (*ONE_MORE, "wash trade", "consistency", "stability")
"""Axioms that concern one account: where its id stands among the others may matter."""
