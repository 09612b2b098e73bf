"""A round in lots, tier by tier: solved, and certified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from adlopt.errors import CertificateError, SolverStopped
from adlopt.foundation.arrays import BoolArray, IntArray
from adlopt.foundation.money import MICRO, MOST_MICRO
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.certificate import Certificate, Stage
from adlopt.optimum.lots.filler import Filler
from adlopt.optimum.lots.least_burden import Found, certified, found_by
from adlopt.optimum.lots.lot_grid import LotGrid
from adlopt.optimum.tiers import later, tier_by_tier


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotAnswer:
    """Lots, (m,) in the order of the grid, and what is proved of them.

    `parts` are the tiers that give, with lots of their positions; the certificate is of the first
    tier, its residual of all, and each further tier that gives anything is a stage.
    """

    counts: IntArray
    parts: Sequence[tuple[LotGrid, IntArray]]
    certificate: Certificate
    stages: tuple[Stage, ...]
    method: Method
    stopped: Stopped


def solve_lots(
    grid: LotGrid,
    tiers: Sequence[BoolArray],
    *,
    gap: float = 0.0,
    method: Method = Method.AUTO,
) -> LotAnswer:
    """Find the lots of least burden whose sum counts; further tiers give what is missing.

    A tier that cannot raise what is missing gives the most that its lots make, or less by the
    `gap`; the first that can raises it. What is missing need not be a sum of that tier's lots:
    `Budget.at_least()` is always met where lots suffice.
    """
    given: list[int] = []

    def one(mask: BoolArray, number: int) -> tuple[LotGrid, Found]:
        part = grid.among(mask[grid.account]).missing(sum(given)) if len(tiers) > 1 else grid
        if number < len(tiers):
            part = _all_it_can(part, number, gap)
        found = found_by(part, method, gap=gap)
        given.append(part.total(found.counts))
        return part, found

    parts = tier_by_tier(tiers, one, lambda _: sum(given) >= grid.least, lambda: sum(given) / MICRO)
    proofs = []
    for number, (part, found) in enumerate(parts, start=1):
        proofs.append(certified(part, found))
        most = Filler(part).exhaust(part.room).ceiling if number < len(parts) else 0
        if most > part.total(found.counts) * (1 + Fraction(gap)):
            raise CertificateError(f"tier {number} can give more, and a later one gives")
    counts = parts[0][1].counts
    if len(tiers) > 1:
        counts = np.zeros_like(grid.most)
        place = np.full(int(grid.row.max(initial=0)) + 1, -1)
        place[grid.row] = np.arange(grid.row.size)
        for part, found in parts:
            counts[place[part.row]] = found.counts
    residual = (sum(given) - grid.least) / MICRO
    return LotAnswer(
        counts=counts,
        parts=[(part, found.counts) for part, found in parts],
        certificate=replace(proofs[0], budget_residual=residual),
        stages=tuple(
            stage
            for number, proof in enumerate(proofs[1:], start=2)
            for stage in later(number, [Stage(criterion="", certificate=proof)])
        ),
        method=parts[0][1].method,
        stopped=Stopped.of_all(found.stopped for _, found in parts),
    )


def _all_it_can(part: LotGrid, number: int, gap: float) -> LotGrid:
    """Ask a tier that cannot raise what is missing for the most that it can."""
    filler = Filler(part)
    if filler.decide(part.room, part.least).raised >= part.least:
        return part
    supply = filler.exhaust(part.room)
    if supply.ceiling > supply.raised * (1 + Fraction(gap)):
        raise SolverStopped(
            f"the most that tier {number} can give was not settled before the search gave up: "
            f"between {supply.raised / MICRO!r} and {supply.ceiling / MICRO!r} USD; allow a gap"
        )
    return replace(part, least=supply.raised, highest=MOST_MICRO)
