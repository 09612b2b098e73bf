"""Who pays what in rounds that share their winners, at a given burden: a maximal flow.

At the burden z an account may have paid min(C_t, w z) by round t, which never falls. So it is worth
as many pieces as that rises, and a piece pays from the round it appears in on: pieces on one side,
the few rounds on the other. Money that one round lacks is found by moving another round's payments
to other pieces; the search runs over rounds only, and moves all pieces at once. Where it finds
nothing, the rounds it reached are a minimal cut [Ford and Fulkerson 1956, Maximal flow through a
network]: their winners cannot pay for them at z.

Every set S of rounds is paid for by its winners alone, so that the worst burden is at least the
level z_S at which Σ min(C, w z) over them reaches Σ_S B_t. The largest z_S is the least burden:
from that of all rounds on, each flow that falls short names a set whose level is higher.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from adlopt.errors import Binding, InfeasibleRound, SolverStopped
from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.deadline import is_late
from adlopt.optimum.core.certificate import ROUNDING
from adlopt.optimum.core.waterfill import water_level
from adlopt.optimum.coupled.coupled_proof import burden_prices, reach
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.show.words import dollars


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Payments:
    """What accounts pay in rounds, (T, N), USD, what rounds lack, (T,), and a minimal cut.

    `cut` are indices of rounds whose winners cannot pay for them; empty if nothing is lacking.
    """

    taken: FloatArray
    lacking: FloatArray
    cut: tuple[int, ...]


def pay(coupling: Coupling, burden: float) -> Payments:
    """Pay as much of all budgets as a burden allows; `burden` may be infinite."""
    flow = _Flow.of(coupling, burden)
    flow.fill()
    reached: tuple[int, ...] = ()
    while flow.lacking.any():
        if is_late():
            raise SolverStopped("a limit came before all rounds were paid for")
        path, reached = flow.search()
        if not path:
            break
        flow.move(path)
    else:
        reached = ()
    taken = np.zeros_like(coupling.weight)
    for t, paid in enumerate(flow.paid):
        taken[t] = np.bincount(flow.owner, weights=paid, minlength=taken.shape[1])
    return Payments(taken=taken, lacking=flow.lacking, cut=reached)


def pieces(coupling: Coupling, burden: float) -> Iterator[tuple[int, FloatArray]]:
    """For each round, by how much what each account may have paid rises there, shape (N,)."""
    weight, payer = coupling.whole_weight, coupling.payer
    limit = np.full(weight.size, np.inf)
    np.multiply(weight, burden, out=limit, where=(weight > 0))
    before = np.zeros(weight.size)
    for t in range(coupling.budget.size):
        allowed = np.where(payer[t], np.minimum(coupling.cap[t], limit), before)
        yield t, allowed - before
        before = allowed


@dataclass(slots=True)
class _Flow:
    owner: IntArray
    pays: BoolArray
    """Shape (T, K): which piece may pay for which round."""
    packed: NDArray[np.uint8]
    """The same, eight rounds to a byte."""
    paid: FloatArray
    """Shape (T, K)."""
    spare: FloatArray
    """Shape (K,)."""
    lacking: FloatArray
    stand_in: BoolArray
    """Shape (T, T): whether some that pay for the first round may pay for the second."""

    @classmethod
    def of(cls, coupling: Coupling, burden: float) -> _Flow:
        owners, firsts, worth = [], [], []
        for t, rise in pieces(coupling, burden):
            held = np.flatnonzero(rise)
            owners.append(held)
            firsts.append(np.full(held.size, t))
            worth.append(rise[held])
        owner, first = np.concatenate(owners), np.concatenate(firsts)
        rounds = np.arange(coupling.budget.size)
        pays = coupling.payer[:, owner] & (rounds[:, None] >= first)
        return cls(
            owner=owner,
            pays=pays,
            packed=np.packbits(pays, axis=0),
            paid=np.zeros(pays.shape),
            spare=np.concatenate(worth),
            lacking=np.array(coupling.budget),
            stand_in=np.zeros((rounds.size, rounds.size), dtype=bool),
        )

    def fill(self) -> None:
        """Let the winners of each round, those with the least first, pay in proportion."""
        worth = [float(self.spare[mine].sum()) for mine in self.pays]
        for t in np.argsort(worth):
            spare = np.where(self.pays[t], self.spare, 0.0)
            total = float(spare.sum())
            if total > 0:
                amount = min(float(self.lacking[t]), total)
                part = spare * (amount / total)
                self.spare -= part
                self.paid[t] += part
                self.lacking[t] -= amount
                self.stand_in[t] = self._may_pay(self.paid[t])

    def search(self) -> tuple[list[int], tuple[int, ...]]:
        """Shortest way from a round that lacks money to one whose winners have some to spare."""
        origin = {int(t): -1 for t in np.flatnonzero(self.lacking)}
        queue, ends = list(origin), self._may_pay(self.spare)
        for t in queue:
            if ends[t]:
                path = [t]
                while origin[path[-1]] >= 0:
                    path.append(origin[path[-1]])
                return path[::-1], ()
            for other in map(int, np.flatnonzero(self.stand_in[:, t])):
                if other not in origin:
                    origin[other] = t
                    queue.append(other)
        return [], tuple(sorted(origin))

    def move(self, path: list[int]) -> None:
        """Pay for the first round of a way, each round's payers handing over to the next's."""
        first, last = path[0], path[-1]
        hops = list(pairwise(path))
        held = [np.where(self.pays[here], self.paid[there], 0.0) for here, there in hops]
        spare = np.where(self.pays[last], self.spare, 0.0)
        amount = min(float(self.lacking[first]), *(float(h.sum()) for h in (*held, spare)))
        part = _part(spare, amount)
        self.spare -= part
        self.paid[last] += part
        for (here, there), available in zip(reversed(hops), reversed(held), strict=True):
            part = _part(available, amount)
            self.paid[there] -= part
            self.paid[here] += part
        self.lacking[first] -= amount
        for t in path:
            self.stand_in[t] = self._may_pay(self.paid[t])

    def _may_pay(self, amounts: FloatArray) -> BoolArray:
        """Shape (T,): the rounds for which some piece with an amount may pay."""
        bits = np.bitwise_or.reduce(self.packed[:, amounts > 0], axis=1)
        rounds: BoolArray = np.unpackbits(bits, count=self.lacking.size).astype(bool)
        return rounds


def _part(available: FloatArray, amount: float) -> FloatArray:
    """Take an amount from the first that have it; what is used up is used up exactly."""
    if amount >= float(available.sum()):
        return available
    before = np.concatenate([[0.0], np.cumsum(available)[:-1]])
    part: FloatArray = np.clip(amount - before, 0.0, available)
    return part


SLACK = 2.0**-40
"""Relative room above a level that lets a flow end in spite of rounding."""
ULPS = 1e-14


def least_burden_in_all(coupling: Coupling) -> tuple[FloatArray, tuple[int, ...], BoolArray]:
    """Payments, shape (T, N), and what proves them: a set of rounds, and which winners are full."""
    cut = tuple(range(coupling.budget.size))
    level = _level(coupling, cut)
    while True:
        payments = pay(coupling, level * (1 + SLACK))
        higher = _level(coupling, payments.cut) if payments.cut else 0.0
        if higher <= level:
            break
        cut, level = payments.cut, higher
    tight = pay(coupling, level)
    if (tight.lacking <= ULPS * coupling.budget).all():
        payments = tight
    limit, weight = reach(coupling, cut)
    return _to_the_cent(coupling, payments), cut, limit < weight * level * (1 - SLACK)


def _level(coupling: Coupling, cut: Sequence[int]) -> float:
    limit, weight = reach(coupling, cut)
    needed, held = math.fsum(coupling.budget[list(cut)]), math.fsum(limit)
    if needed > held * (1 + ROUNDING):
        raise _shortage(coupling)
    return water_level(weight, limit, min(needed, float(limit.sum())))


def _shortage(coupling: Coupling) -> InfeasibleRound:
    """Name the rounds that lack most together: the smallest number of dollars to ask less for."""
    cut = pay(coupling, math.inf).cut
    limit = reach(coupling, cut)[0]
    needed, held = math.fsum(coupling.budget[list(cut)]), math.fsum(limit)
    rounds = tuple(t + 1 for t in cut)
    who = f"round {rounds[0]}" if len(rounds) == 1 else f"rounds {', '.join(map(str, rounds))}"
    refused = InfeasibleRound(
        f"{who}: {dollars(needed)} are needed in all, and all their winners together can give "
        f"{dollars(held)}: {dollars(needed - held)} are missing; ask for that much less there, or "
        "price the shortfall with surrogate(track=..., fair=...)",
        below=math.fsum(coupling.budget) - (needed - held),
        above=None,
        missing=needed - held,
        binding=tuple(
            Binding(coupling.account[i], float(limit[i]), "capacity") for i in np.flatnonzero(limit)
        ),
        rounds=rounds,
    )
    refused.farkas = burden_prices(coupling, cut, np.ones(limit.size, dtype=bool))
    return refused


def _to_the_cent(coupling: Coupling, payments: Payments) -> FloatArray:
    """Stretch each round's payments by the rounding that separates them from its budget."""
    raised = payments.taken.sum(axis=1)
    stretch = np.divide(coupling.budget, raised, out=np.ones_like(raised), where=raised > 0)
    exact: FloatArray = payments.taken * stretch[:, None]
    return exact
