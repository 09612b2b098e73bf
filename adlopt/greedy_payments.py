"""Greedy payments: one round after another takes all it can, in any order of the rounds.

These are the vertices of what rounds that share their winners can raise at given burdens. Accounts
that never reach what they hold pay the same in every order, and are added up once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.arrays import FloatArray, IntArray
from adlopt.coupling import Coupling


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Greedy:
    """Payments at given burdens.

    Parameters
    ----------
    wanted : FloatArray, shape (T, N)
        USD. z_t w_it.
    cap : FloatArray, shape (T, M)
        USD. What the accounts of `tight` may have paid by each round.
    tight : IntArray, shape (M,)
        Accounts that may reach what they hold.
    free : FloatArray, shape (T,)
        USD. What all others pay.

    Examples
    --------
    >>> from adlopt.episode import Episode
    >>> from adlopt.loss import surrogate
    >>> from adlopt.round import Round
    >>> rounds = [
    ...     Round.of(t=t, account=["a"], capacity=[10.0], deficit=9.0, needed=6.0) for t in (1, 2)
    ... ]
    >>> episode = Episode(name="two", rounds=rounds)
    >>> coupling = Coupling.of(episode, surrogate(track=1.0, fair=1.0))
    >>> Greedy.of(coupling, np.array([0.6, 0.6])).raise_(np.array([1, 0]))
    array([4., 6.])
    """

    wanted: FloatArray
    cap: FloatArray
    tight: IntArray
    free: FloatArray

    @classmethod
    def of(cls, coupling: Coupling, levels: FloatArray) -> Greedy:
        """Find out which accounts may reach what they hold at burdens z, shape (T,)."""
        wanted = levels[:, None] * coupling.weight
        mask = (np.cumsum(wanted, axis=0) > coupling.cap).any(axis=0)
        return cls(
            wanted=wanted,
            cap=coupling.cap[:, mask],
            tight=np.flatnonzero(mask),
            free=wanted.sum(axis=1, where=~mask),
        )

    def raise_(self, order: IntArray) -> FloatArray:
        """USD, shape (T,). What each round raises if they take in this order."""
        raised: FloatArray = self.free + self._pay(order).sum(axis=1)
        return raised

    def pay(self, order: IntArray, share: float, into: FloatArray) -> None:
        """Add a share of the payments, shape (T, N)."""
        paid = self.wanted.copy()
        paid[:, self.tight] = self._pay(order)
        into += share * paid

    def _pay(self, order: IntArray) -> FloatArray:
        left, wanted = self.cap.copy(), self.wanted[:, self.tight]
        paid = np.zeros_like(wanted)
        for t in order:
            paid[t] = np.maximum(np.minimum(wanted[t], left[t:].min(axis=0)), 0.0)
            left[t:] -= paid[t]
        return paid
