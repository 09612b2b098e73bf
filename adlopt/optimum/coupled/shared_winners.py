"""Rounds that share their winners: what is taken from an account in one is gone in the next.

The convention, for an account that several rounds list: what a round lists for it is what it would
hold there had nothing been taken before. In each round that lists it, what it has paid so far is at
most that. So a capacity that falls limits what may be taken before the fall, and no account ever
owes more than it has; a round that does not list an account says nothing about it. Winners are the
same where their ids are. Lots are left aside.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import count

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import AnyArray, BoolArray, FloatArray, IntArray
from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, MinMax


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coupling:
    """T rounds over N accounts.

    `account` are ids, in order of first appearance, `place` of each round's winners their indices.
    `budget`, (T,), is B_t, USD; `cap`, (T, N), the most an account may have paid by the end of a
    round: its least capacity in this and later rounds, infinite after the last that lists it, so
    that it never falls; `weight`, (T, N), what the loss measures haircuts against, 0 where an
    account pays nothing: the round does not list it, or it is protected.
    """

    account: tuple[str, ...]
    place: tuple[IntArray, ...]
    budget: FloatArray
    cap: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, episode: Episode, loss: MinMax | Asymmetric) -> Coupling:
        """Gather an episode."""
        if not isinstance(episode, Episode):
            raise InputError("episode", episode, "an Episode", remedy="read_episode(path)")
        if episode.pooled:
            raise InputError(
                "episode",
                episode.name,
                "an episode with accounts",
                remedy="only totals are known here, not which winners its rounds share",
            )
        if not isinstance(loss, (MinMax, Asymmetric)):
            raise InputError("loss", loss, "MinMax, Asymmetric or surrogate(...)")
        index: defaultdict[str, int] = defaultdict(count().__next__)
        place = tuple(
            np.fromiter(map(index.__getitem__, round_.start.account), dtype=np.int64)
            for round_ in episode
        )
        cap = np.full((len(episode), len(index)), np.inf)
        weight = np.zeros_like(cap)
        for t, (round_, where) in enumerate(zip(episode, place, strict=True)):
            cap[t, where] = round_.start.capacity
            weight[t, where] = loss.weights(round_.start)
        cap = np.minimum.accumulate(cap[::-1], axis=0)[::-1]
        return cls(
            account=tuple(index),
            place=place,
            budget=episode.needed,
            cap=np.ascontiguousarray(cap),
            weight=weight,
        )

    def listed(self, table: AnyArray) -> AnyArray:
        """Values of a table, (T, N), in the order of what rounds list."""
        return np.concatenate([row[where] for row, where in zip(table, self.place, strict=True)])

    @property
    def payer(self) -> BoolArray:
        """Shape (T, N). Who may pay in which round."""
        mask: BoolArray = self.weight > 0
        return mask

    @property
    def whole_weight(self) -> FloatArray:
        """USD, shape (N,). What an account's payments in all are measured against: its largest."""
        largest: FloatArray = self.weight.max(axis=0)
        return largest
