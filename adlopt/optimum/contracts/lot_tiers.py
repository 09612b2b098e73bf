"""Tiers in contract space: the first gives all that its lots can before the next gives anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from adlopt.errors import InfeasibleRound, SolverStopped
from adlopt.foundation.arrays import BoolArray
from adlopt.optimum.contracts.methods import Found
from adlopt.optimum.contracts.position_grid import ContractGrid
from adlopt.optimum.contracts.position_search import Filler
from adlopt.optimum.lots.lot_grid import MICRO, MOST_MICRO


def tier_by_tier(
    grid: ContractGrid,
    tiers: Sequence[BoolArray],
    find: Callable[[ContractGrid], Found],
    gap: float,
) -> list[tuple[ContractGrid, Found]]:
    """Solve each tier that is needed, as a round of its own.

    A tier that cannot raise what is missing gives the most that its lots make; the first that can
    raises it. What is missing need not be a sum of that tier's lots: `Budget.at_least()` is always
    met where lots suffice.

    Parameters
    ----------
    tiers : sequence of BoolArray, shape (accounts of the round,)
        Lowest tier first.
    gap : float
        Share of the most that a tier can give by which it may give less.

    Raises
    ------
    InfeasibleRound
        If the tier that has to meet the rest of the budget cannot; sums are those of all tiers.
    SolverStopped
        If the most that a tier can give was not settled.
    """
    parts: list[tuple[ContractGrid, Found]] = []
    given = 0
    for number, mask in enumerate(tiers, start=1):
        part = grid.among(mask[grid.account]).missing(given)
        if number < len(tiers):
            part = _all_it_can(part, number, gap)
        try:
            found = find(part)
        except InfeasibleRound as refused:
            raise _after(refused, number, given) from None
        parts.append((part, found))
        given += int(part.amounts(found.counts).sum())
        if given >= grid.least:
            break
    return parts


def gives_all(part: ContractGrid, raised: int, gap: float) -> bool:
    """Whether the lots of a tier cannot make more, in micro-dollars, apart from a gap."""
    return Filler(part).exhaust(part.cap).ceiling <= raised * (1 + Fraction(gap))


def _all_it_can(part: ContractGrid, number: int, gap: float) -> ContractGrid:
    """Ask a tier that cannot raise what is missing for the most that it can."""
    filler = Filler(part)
    supply = filler.decide(part.cap, part.least)
    if supply.raised >= part.least:
        return part
    supply = filler.exhaust(part.cap)
    if supply.ceiling > supply.raised * (1 + Fraction(gap)):
        raise SolverStopped(
            f"the most that tier {number} can give was not settled before the search gave up: "
            f"between {supply.raised / MICRO!r} and {supply.ceiling / MICRO!r} USD; allow a gap"
        )
    return replace(part, least=supply.raised, highest=MOST_MICRO)


def _after(refused: InfeasibleRound, number: int, given: int) -> InfeasibleRound:
    """State a refusal of a later tier for all tiers together."""
    if number == 1:
        return refused
    usd = given / MICRO
    message = f"tier {number}, after {usd!r} USD from those before it: {refused}"
    return refused.restated(message, beside=usd)
