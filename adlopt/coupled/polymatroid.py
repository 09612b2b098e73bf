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
from numpy.typing import NDArray

from adlopt.arrays import BoolArray, FloatArray, IntArray
from adlopt.coupled import loops
from adlopt.coupled.problem import Coupling

COMPILED_ENTRIES = 2_000
"""From so many entries on, compiling pays."""
NEGLIGIBLE = 1e-14
Index = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Polymatroid:
    """Entries (account, round) in which money may be paid, account by account.

    Parameters
    ----------
    rounds : int
        T.
    account : IntArray, shape (E,)
    round_ : Index, shape (E,)
        Small integers: loops read it once an entry.
    first : IntArray, shape (N + 1,)
        Where each account's entries begin.
    weight, cap : FloatArray, shape (E,)
        USD. As in `Coupling`.

    Examples
    --------
    >>> from adlopt.episode import Episode
    >>> from adlopt.loss import surrogate
    >>> from adlopt.round import Round
    >>> rounds = [
    ...     Round.of(t=t, account=["a"], capacity=[10.0], deficit=9.0, needed=6.0) for t in (1, 2)
    ... ]
    >>> coupling = Coupling.of(Episode(name="two", rounds=rounds), surrogate(track=1.0, fair=1.0))
    >>> shared = Polymatroid.of(coupling)
    >>> shared.pay(np.array([1, 0]), np.array([0.6, 0.6]))[1]
    array([4., 6.])
    >>> shared.cut(np.array([True, True]), np.array([0.6, 0.6])).most(np.array([0.6, 0.6]))
    10.0
    """

    rounds: int
    account: IntArray
    round_: Index
    first: IntArray
    weight: FloatArray
    cap: FloatArray

    @classmethod
    def of(cls, coupling: Coupling) -> Polymatroid:
        """Gather the entries of rounds."""
        account, round_ = np.nonzero(coupling.payer.T)
        count = np.bincount(account, minlength=len(coupling.account))
        return cls(
            rounds=coupling.budget.size,
            account=account,
            round_=round_.astype(np.int32),
            first=np.concatenate([[0], np.cumsum(count)]),
            weight=coupling.weight[round_, account],
            cap=coupling.cap[round_, account],
        )

    def cut(self, chosen: BoolArray, levels: FloatArray) -> Cut:
        """The linear bound on what chosen rounds raise that is tight at burdens z, shape (T,)."""
        return self._cut(chosen, levels)[0]

    def full(self, cut: Cut) -> IntArray:
        """For each account that pays no more than it holds, the entry by which it has."""
        last = self._cut(cut.chosen, cut.levels)[1]
        return last[last >= 0]

    def _cut(self, chosen: BoolArray, levels: FloatArray) -> tuple[Cut, IntArray]:
        last, slope = np.empty(self.first.size - 1, dtype=np.int64), np.zeros(self.rounds)
        held = self._run(loops.most, levels, chosen, last, slope)
        return Cut(chosen=chosen, held=held, slope=slope, levels=levels), last

    def lacking_most(self, start: BoolArray, target: FloatArray, levels: FloatArray) -> BoolArray:
        """A set S whose Σ_S target exceeds f(S; z) by no less than with any one round changed."""
        chosen, negligible = start.copy(), NEGLIGIBLE * float(target.sum())
        while True:
            change = np.zeros(self.rounds)
            self._run(loops.flips, levels, chosen, change)
            worse = change - np.where(chosen, -target, target)
            best = int(worse.argmin())
            if worse[best] >= -negligible:
                return chosen
            chosen[best] = not chosen[best]

    def pay(self, order: IntArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
        """USD, shapes (E,) and (T,). What is paid, and raised, if rounds take all in this order."""
        rank = np.empty(self.rounds, dtype=np.int64)
        rank[order] = np.arange(self.rounds)
        paid, raised = np.empty(self.account.size), np.zeros(self.rounds)
        self._run(loops.greedy, levels, rank, paid, raised)
        return paid, raised

    def table(self, values: FloatArray) -> FloatArray:
        """Spread one number an entry over rounds and accounts, shape (T, N)."""
        spread = np.zeros((self.rounds, self.first.size - 1))
        spread[self.round_, self.account] = values
        return spread

    def _run(self, loop: Callable[..., Any], levels: FloatArray, *rest: Any) -> Any:
        if self.account.size >= COMPILED_ENTRIES:
            from adlopt.kernels import compiled

            loop = compiled(loop)
        return loop(self.first, self.round_, self.weight, self.cap, levels, *rest)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """Σ_S H_t ≤ held + Σ_t slope_t z_t, at all burdens.

    Parameters
    ----------
    chosen : BoolArray, shape (T,)
        S.
    held : float
        USD. What accounts hold that pay no more than that.
    slope : FloatArray, shape (T,)
        USD. Weight of what is paid beyond.
    levels : FloatArray, shape (T,)
        Burdens at which it is tight.
    """

    chosen: BoolArray
    held: float
    slope: FloatArray
    levels: FloatArray

    def most(self, levels: FloatArray) -> float:
        """USD. The bound at burdens z."""
        return float(self.held + self.slope @ levels)
