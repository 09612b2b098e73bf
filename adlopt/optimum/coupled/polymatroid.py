"""What rounds that share their winners can raise at given burdens: a polymatroid.

At burdens z_t an account may pay z_t w_it in round t, and by round τ at most C_iτ in all. Any set S
of rounds can raise at most ::

    f(S; z) = Σ_i min over τ of [C_iτ + Σ_{t ∈ S, t > τ} z_t w_it],      C_i0 = 0,

which is submodular in S and concave in z, and H is raised by payments exactly where Σ_S H_t stays
within it for every S [Edmonds 1970, Submodular functions, matroids, and certain polyhedra]. The
vertices of these H are greedy: one round after another takes all it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray
from adlopt.foundation.compiling import pays
from adlopt.optimum.coupled import account_loops as loops
from adlopt.optimum.coupled.shared_winners import Coupling

SPARED = 1e-6
"""Seconds an entry and account that compiled loops save."""
LANES = 64
"""Accounts in a block."""
NEGLIGIBLE = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Polymatroid:
    """Accounts in blocks of `lanes`, with an entry for each round in which some of a block may pay.

    Accounts that may pay in the same rounds stand together; the last block is filled up with
    accounts that pay nothing. `shape` is (T, N); `owner`, (blocks · lanes,), the account of each, N
    for those that fill up; `round_`, (E,), of each entry; `first`, (blocks + 1,), where entries of
    a block begin; `weight` and `cap`, (E, lanes), are those of `Coupling`.
    """

    shape: tuple[int, int]
    owner: IntArray
    round_: IntArray
    first: IntArray
    weight: FloatArray
    cap: FloatArray

    @classmethod
    def of(cls, coupling: Coupling) -> Polymatroid:
        """Gather the entries of rounds."""
        rounds, accounts = coupling.payer.shape
        lanes = min(LANES, accounts)
        order = np.lexsort(coupling.payer)
        owner = np.append(order, np.full(-accounts % lanes, accounts))
        weight, cap = (
            np.pad(values, ((0, 0), (0, 1)), constant_values=none)[:, owner].reshape(
                rounds, -1, lanes
            )
            for values, none in ((coupling.weight, 0.0), (coupling.cap, np.inf))
        )
        block, round_ = np.nonzero(weight.any(axis=2).T)
        return cls(
            shape=(rounds, accounts),
            owner=owner,
            round_=round_,
            first=np.searchsorted(block, np.arange(owner.size // lanes + 1)),
            weight=weight[round_, block],
            cap=cap[round_, block],
        )

    def cut(self, chosen: BoolArray, levels: FloatArray) -> Cut:
        """The linear bound on what chosen rounds raise that is tight at burdens z, shape (T,)."""
        return self._cut(chosen, levels)[0]

    def full(self, cut: Cut) -> tuple[IntArray, IntArray]:
        """Accounts that pay no more than they hold, and the rounds by which they have."""
        last = self._cut(cut.chosen, cut.levels)[1].ravel()
        return last[last >= 0], self.owner[last >= 0]

    def _cut(self, chosen: BoolArray, levels: FloatArray) -> tuple[Cut, IntArray]:
        last = np.empty((self.first.size - 1, self.weight.shape[1]), dtype=np.int64)
        held, slope = np.zeros(last.shape[1]), self._sums()
        self._run(loops.most, levels, chosen, last, held, slope)
        cut = Cut(chosen=chosen, held=float(held.sum()), slope=slope.sum(axis=1), levels=levels)
        return cut, last

    def lacking_most(self, start: BoolArray, target: FloatArray, levels: FloatArray) -> BoolArray:
        """A set S whose Σ_S target exceeds f(S; z) by no less than with any one round changed."""
        chosen, negligible = start.copy(), NEGLIGIBLE * float(target.sum())
        while True:
            change = self._sums()
            self._run(loops.flips, levels, chosen, change)
            worse = change.sum(axis=1) - np.where(chosen, -target, target)
            best = int(worse.argmin())
            if worse[best] >= -negligible:
                return chosen
            chosen[best] = not chosen[best]

    def pay(self, order: IntArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
        """USD, as `weight` and (T,). What is paid, and raised, if rounds take all in this order."""
        rank = np.empty(self.shape[0], dtype=np.int64)
        rank[order] = np.arange(rank.size)
        paid, raised = np.empty_like(self.weight), self._sums()
        self._run(loops.greedy, levels, rank, paid, raised)
        return paid, raised.sum(axis=1)

    def table(self, values: FloatArray) -> FloatArray:
        """Spread one number an entry and account over rounds and accounts, shape (T, N)."""
        rounds, accounts = self.shape
        spread = np.zeros((rounds, self.owner.size // self.weight.shape[1], self.weight.shape[1]))
        spread[self.round_, np.repeat(np.arange(spread.shape[1]), np.diff(self.first))] = values
        into = np.zeros((rounds, accounts + 1))
        into[:, self.owner] = spread.reshape(rounds, -1)
        return into[:, :-1]

    def _sums(self) -> FloatArray:
        return np.zeros((self.shape[0], self.weight.shape[1]))

    def _run(self, loop: Callable[..., Any], levels: FloatArray, *rest: Any) -> None:
        if pays(SPARED * self.weight.size):
            from adlopt.foundation.kernels import compiled

            loop = compiled(loop)
        loop(self.first, self.round_, self.weight, self.cap, levels, *rest)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """Σ_S H_t ≤ held + Σ_t slope_t z_t, at all burdens: S is `chosen`, (T,), tight at `levels`.

    `held` is what accounts hold, USD, that pay no more than that, `slope` the weight of the others.
    """

    chosen: BoolArray
    held: float
    slope: FloatArray
    levels: FloatArray

    def most(self, levels: FloatArray) -> float:
        """USD. The bound at burdens z."""
        return float(self.held + self.slope @ levels)
