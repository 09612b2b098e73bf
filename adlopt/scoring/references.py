"""What burdens are measured from: the published reference, and the least at the full budget."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.model.episode import Episode
from adlopt.model.loss import Burden
from adlopt.scoring.hindsight import least_burden
from adlopt.scoring.score import FULL_BUDGET


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Burdens that fairness is measured from, shape (T,), or None.

    `published` is m_t^ref; `least`, which `least_name` says what it is, m_t^min at the full budget.
    It is `beaten_by` Σ B_t (m_t^min − m_t)_+ USD for the least burden on record at the full budget:
    above 0, some record raises as much at a lower burden.
    """

    published: FloatArray | None
    least: FloatArray | None
    least_name: str
    beaten_by: float

    @classmethod
    def of(cls, episode: Episode, burden: Burden) -> References:
        """Take them from the record, or solve for the least where accounts are known."""
        known = episode.reference
        published = None if known is None else episode.recorded_run(known).burden
        on_record = _least_on_record(episode)
        if not episode.pooled:
            least: FloatArray | None = least_burden(episode, burden)
            name = f"least burden over {burden.value} (hindsight)"
            published = least if published is None else published
        elif episode.fairest is not None:
            least, name = episode.recorded_run(episode.fairest).burden, episode.fairest
        else:
            least, name = on_record, "the least burden on record at the full budget"
        beaten_by = 0.0
        if on_record is not None and least is not None:
            beaten_by = math.fsum(episode.needed * np.maximum(least - on_record, 0.0))
        return cls(published, least, name, beaten_by)


def _least_on_record(episode: Episode) -> FloatArray | None:
    levels = np.full(len(episode), np.inf)
    for run in episode.recorded:
        if run.burden is not None:
            full = np.abs(run.haircut - episode.needed) <= FULL_BUDGET * episode.needed
            levels = np.where(full, np.minimum(levels, run.burden), levels)
    return levels if np.isfinite(levels).all() else None
