"""The small program over burdens and money that cuts bound; see `adlopt.optimum.coupled.cuts`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from adlopt.errors import SolverStopped
from adlopt.foundation.arrays import BoolArray, FloatArray
from adlopt.model.loss import Asymmetric
from adlopt.model.method import Stopped
from adlopt.optimum.coupled.polymatroid import Cut, Polymatroid
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.programs.highs import run
from adlopt.optimum.programs.program import Program

SCALE = 2.0**17
"""Budgets in all, and prices, after scaling: tolerances of 1e-7 are then 1e-12 relative."""
PRICES = 2.0**5
"""The price of a dollar after scaling. Much more, and HiGHS finds no prices it is content with."""
LEAST = 1e-6
"""Price of a burden, against that of all the money it could raise, below which it is not scaled:
else what is less than a tolerance would be neglected."""
NEGLIGIBLE = 1e-12
"""Relative difference at which two cuts count as one, and a price left over as rounding."""


@dataclass(slots=True)
class Cuts:
    """Cuts found so far, and the program over burdens and money under them."""

    coupling: Coupling
    loss: Asymmetric
    shared: Polymatroid
    total: FloatArray
    """USD, shape (T,). Weight of each round's payers."""
    highest: FloatArray
    """Shape (T,). Burdens well beyond which a round raises no more: no bound on them binds."""
    cuts: list[Cut] = field(default_factory=list)
    of_set: dict[bytes, list[Cut]] = field(default_factory=dict)
    """The same, by their sets of rounds."""

    @classmethod
    def of(cls, coupling: Coupling, loss: Asymmetric, shared: Polymatroid) -> Cuts:
        """Begin without any."""
        share = np.divide(
            coupling.cap, coupling.weight, out=np.zeros_like(coupling.cap), where=coupling.payer
        )
        return cls(coupling, loss, shared, coupling.weight.sum(axis=1), 2.0 * share.max(axis=1))

    def add(self, sets: Iterable[BoolArray], levels: FloatArray) -> bool:
        """Cut with sets of rounds where they are tight at burdens; whether any was new."""
        before = len(self.cuts)
        for chosen in {chosen.tobytes(): chosen for chosen in sets}.values():
            cut = self.shared.cut(chosen, levels)
            known = self.of_set.setdefault(chosen.tobytes(), [])
            if not any(self._same(cut, other) for other in known):
                known.append(cut)
                self.cuts.append(cut)
        return len(self.cuts) > before

    def _same(self, cut: Cut, other: Cut) -> bool:
        near = np.abs(cut.slope - other.slope) <= NEGLIGIBLE * self.total
        return abs(cut.held - other.held) <= NEGLIGIBLE * cut.held and bool(near.all())

    def solve(self) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Lower bound, burdens, money raised, and the price of each cut in loss per USD."""
        budget, under, fair = self.coupling.budget, self.loss.under, self.loss.fair
        rounds, total = budget.size, np.where(self.total > 0, self.total, 1.0)
        unit = SCALE / math.fsum(budget)
        # A burden that costs more than all the money it could raise is worth none at any cost.
        dear = np.clip(fair / (under * total), LEAST, 2.0)
        heavy = total * dear
        slopes = np.array([cut.slope for cut in self.cuts])
        room = unit * np.array([cut.held for cut in self.cuts])
        answer = run(
            dense_program(
                cost=PRICES * np.append(np.minimum(fair / (under * heavy), 1.0), -np.ones(rounds)),
                upper=np.append(self.highest * heavy * unit, budget * unit),
                rows=np.hstack([-slopes / heavy, np.array([cut.chosen for cut in self.cuts])]),
                row_lower=np.full(room.size, -np.inf),
                row_upper=room,
            )
        )
        if answer.stopped is not Stopped.OPTIMAL:
            raise SolverStopped("a limit came before the program under cuts was solved")
        lower = under * (math.fsum(budget) + answer.bound / (PRICES * unit))
        levels, money = np.split(np.maximum(answer.columns, 0.0) / unit, 2)
        return lower, levels / heavy, money, np.maximum(-answer.duals, 0.0) * (under / PRICES)

    def paid(self, prices: FloatArray) -> FloatArray:
        """Prices of having paid, shape (T, N), of which those of the cuts are a combination."""
        coupling, paid = self.coupling, np.zeros_like(self.coupling.weight)
        lacking = np.zeros(coupling.budget.size)
        for price, cut in zip(prices, self.cuts, strict=False):
            if price > 0:
                lacking += price * cut.chosen
                paid[self.shared.full(cut)] += price
        later = np.cumsum(paid[::-1], axis=0)[::-1]
        left = (lacking[:, None] - later) * coupling.payer
        t, i = np.nonzero((left > 0) & (left <= NEGLIGIBLE * lacking[:, None]) & (later > 0))
        paid[t, i] += left[t, i]
        return paid


def dense_program(
    *,
    cost: FloatArray,
    upper: FloatArray,
    rows: FloatArray,
    row_lower: FloatArray,
    row_upper: FloatArray,
) -> Program:
    """Put a small matrix into sparse form; columns are at least 0."""
    height, width = rows.shape
    return Program(
        cost=cost,
        lower=np.zeros(width),
        upper=upper,
        row_lower=row_lower,
        row_upper=row_upper,
        start=np.arange(height + 1) * width,
        column=np.tile(np.arange(width), height),
        coefficient=rows.ravel(),
    )
