"""What may be asked of any policy, each as a check on one small instance.

A check decides the instance and a variation of it, and compares what accounts pay, exactly. The
account that the variation concerns is the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from adlopt.studies.axioms.instances import COLLATERAL_SHARES, FACTORS, SHARES, Case, Winner

ROUNDING = Fraction(1, 100_000)
"""USD. Smaller differences are rounding: policies count in micro-dollars at best."""
NUDGE = Fraction(1, 2**30)
"""Relative change of an account that must not move haircuts much."""
JUMP = Fraction(1, 1000)
"""Share of the deficit that counts as much."""
Paid: TypeAlias = Mapping[str, Fraction]
"""USD by account."""
Pays: TypeAlias = Callable[..., Paid]
"""Decide a round, of winners, deficit and lot as `Case.start` takes them, check that its haircut is
feasible, and return what each account pays."""


@dataclass(frozen=True, slots=True)
class Violation:
    """How a check failed: in a sentence with the figures, and by how much, USD, exactly.

    That is None if the haircut is not feasible.
    """

    text: str
    usd: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """Something to be asked of a policy, for all instances; the check decides one of them."""

    name: str
    statement: str
    check: Callable[[Case, Pays], Violation | None]


def _protected(case: Case, pays: Pays) -> Violation | None:
    pays()
    return None


def _equal_accounts(case: Case, pays: Pays) -> Violation | None:
    twin = case.winners[0].part("twin", position=Fraction(1), collateral=Fraction(1))
    paid = pays((*case.winners, twin))
    return _apart(paid["a"], paid["twin"], "a pays {0}, its twin {1}")


def _input_order(case: Case, pays: Pays) -> Violation | None:
    forth, back = pays(), pays(case.winners[::-1])
    name = max(forth, key=lambda n: abs(forth[n] - back[n]))
    return _apart(forth[name], back[name], f"{name} pays {{0}}, and {{1}} if listed in reverse")


def _split(case: Case, pays: Pays) -> Violation | None:
    share = SHARES[case.first]
    return _split_in_two(case, pays, share, share)


def _split_unevenly(case: Case, pays: Pays) -> Violation | None:
    return _split_in_two(case, pays, SHARES[case.first], COLLATERAL_SHARES[case.second])


def _split_in_two(
    case: Case, pays: Pays, position: Fraction, collateral: Fraction
) -> Violation | None:
    whole, *rest = case.winners
    parts = (
        whole.part("a1", position=position, collateral=collateral),
        whole.part("a2", position=1 - position, collateral=1 - collateral),
    )
    if not all(part.equity for part in parts):
        return None
    before, after = pays()["a"], pays((*parts, *rest))
    return _saved(before, after["a1"] + after["a2"], "a pays {0}; as a1 and a2 it pays {1}")


def _wash_trade(case: Case, pays: Pays) -> Violation | None:
    account, *rest = case.winners
    factor = FACTORS[case.first]
    washed = replace(account, rebased=factor)
    text = f"a pays {{0}}; once it traded with itself until its entry price is × {factor}, {{1}}"
    return _saved(pays()["a"], pays((washed, *rest))["a"], text)


def _scale(case: Case, pays: Pays) -> Violation | None:
    factor = Fraction(case.first + 2)
    scaled = [w.part(w.name, position=factor, collateral=factor) for w in case.winners]
    small = pays()
    large = pays(scaled, deficit=case.deficit * factor, lot=case.lot * factor)
    name = max(small, key=lambda n: abs(small[n] * factor - large[n]))
    text = f"all dollars × {factor}: {name} should pay {{0}} and pays {{1}}"
    return _apart(small[name] * factor, large[name], text)


def _larger_deficit(case: Case, pays: Pays) -> Violation | None:
    larger = case.deficit + case.first + 1
    before, after = pays(), pays(deficit=larger)
    name = max(before, key=lambda n: before[n] - after[n])
    text = f"{name} pays {{0}} of a deficit of {case.deficit}, and {{1}} of {larger}"
    return _saved(before[name], after[name], text)


def _richer(case: Case, pays: Pays) -> Violation | None:
    paid = pays()
    pairs = [
        (poor, rich)
        for poor in case.winners
        for rich in case.winners
        if rich.profit > poor.profit and rich.collateral >= poor.collateral
    ]
    if not pairs:
        return None
    poor, rich = max(pairs, key=lambda pair: paid[pair[0].name] - paid[pair[1].name])
    text = f"{poor.name} pays {{0}}; {rich.name}, with more profit and no less collateral, {{1}}"
    return _saved(paid[poor.name], paid[rich.name], text)


def _path(case: Case, pays: Pays) -> Violation | None:
    second = case.first + 1
    taken = pays()
    left = [w for w in (w.less(taken[w.name]) for w in case.winners) if w is not None]
    then = pays(left, deficit=second) if left else {}
    once = pays(deficit=case.deficit + second)
    both = {name: amount + then.get(name, Fraction(0)) for name, amount in taken.items()}
    name = max(once, key=lambda n: abs(both[n] - once[n]))
    text = f"{name} pays {{0}} of {case.deficit} then {second}, and {{1}} of both at once"
    return _apart(both[name], once[name], text)


def _composition(case: Case, pays: Pays) -> Violation | None:
    """Composition down [Moulin, Econometrica 68, 2000]: claims may be cut to earlier awards."""
    larger = case.deficit + case.first + 1
    awarded, once = pays(deficit=larger), pays()
    claims = [
        w.part(w.name, position=awarded[w.name] / w.profit, collateral=Fraction(1))
        for w in case.winners
        if awarded[w.name]
    ]
    again = dict.fromkeys(once, Fraction(0)) | dict(pays(claims) if claims else {})
    name = max(once, key=lambda n: abs(again[n] - once[n]))
    text = f"{name} pays {{0}} of {case.deficit}, and {{1}} if all claim what {larger} takes"
    return _apart(once[name], again[name], text)


def _consistency(case: Case, pays: Pays) -> Violation | None:
    """[Aumann, Maschler, J. Econ. Theory 36, 1985; Young, Math. Oper. Res. 12, 1987]."""
    paid, rest = pays(), list(case.winners)
    gone = rest.pop(case.first % len(rest))
    share = sum((paid[w.name] for w in rest), Fraction(0))
    if not share:
        return None
    alone = pays(rest, deficit=case.deficit * share / sum(paid.values()))
    name = max(alone, key=lambda n: abs(paid[n] - alone[n]))
    text = f"{name} pays {{0}}, and {{1}} once {gone.name} has paid and left"
    return _apart(paid[name], alone[name], text)


def _stability(case: Case, pays: Pays) -> Violation | None:
    first, *rest = case.winners
    like = FACTORS[case.second]
    rival = first.part("like a", position=like, collateral=like)
    others = [*rest, rival] if case.first % 2 else rest
    sides = [pays([_nudged(first, sign * NUDGE), *others]) for sign in (1, -1)]
    moved = sum((abs(sides[0][name] - sides[1][name]) for name in sides[0]), Fraction(0))
    if moved <= JUMP * case.deficit:
        return None
    text = f"changing a by less than a billionth moves {usd(moved)} between accounts"
    return Violation(f"{text} of a deficit of {case.deficit}", moved)


def _nudged(account: Winner, by: Fraction) -> Winner:
    return replace(account, profit=account.profit * (1 + by), entry=account.entry * (1 + 2 * by))


def _apart(first: Fraction, second: Fraction, text: str) -> Violation | None:
    gap = abs(first - second)
    return Violation(text.format(usd(first), usd(second)), gap) if gap > ROUNDING else None


def _saved(before: Fraction, after: Fraction, text: str) -> Violation | None:
    gap = before - after
    return Violation(text.format(usd(before), usd(after)), gap) if gap > ROUNDING else None


def usd(amount: Fraction) -> str:
    """Write dollars, as exactly as a float can tell.

    >>> usd(Fraction(7, 2)), usd(Fraction(1, 3))
    ('3.5 USD', '0.3333333333 USD')
    """
    return f"{float(amount):.10g} USD"


AXIOMS = tuple(
    Law(name=name, statement=statement, check=check)
    for name, statement, check in (
        ("protected collateral", "0 ≤ x ≤ PNL: no account pays more than its profit", _protected),
        ("equal accounts", "accounts equal in everything but name pay the same", _equal_accounts),
        ("input order", "nobody pays more or less for where it is listed", _input_order),
        ("split", "an account split in two, in proportion, pays no less in all", _split),
        ("uneven split", "nor if its collateral goes elsewhere than its position", _split_unevenly),
        (
            "wash trade",
            "trading with itself, which changes its entry price alone, one pays no less",
            _wash_trade,
        ),
        ("scale", "h(λw, λB) = h(w, B): with all dollars × λ everyone pays × λ", _scale),
        ("larger deficit", "nobody pays less of a larger deficit", _larger_deficit),
        ("richer pays", "with more profit and no less collateral one pays no less", _richer),
        ("path", "D₁, then D₂ from what remains, takes what D₁ + D₂ takes", _path),
        (
            "composition",
            "D takes the same if claims are what a larger deficit takes",
            _composition,
        ),
        ("consistency", "once one has paid and left, the others pay the same", _consistency),
        (
            "stability",
            "changing one account by a billionth moves little of the haircut",
            _stability,
        ),
    )
)
"""All that are tried; feasibility first."""
