"""What one policy did over an episode, round by round: played here, or recorded elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from adlopt.foundation.arrays import FloatArray, Record, freeze, own, own_number
from adlopt.model.filled import filled
from adlopt.show.answer import Answer, Columns
from adlopt.show.episode import run
from adlopt.show.schema.boards import RunData
from adlopt.show.schema.data import finite
from adlopt.show.words import counted


class Information(Enum):
    """What a policy knew when it decided."""

    ROUND_START = "round start"
    """Only the starts of rounds, and the outcomes of finished ones: it could run live."""
    HINDSIGHT = "hindsight"
    """It, or its tuning, looked at outcomes it could not have known."""
    RECORDED = "recorded"
    """Taken from a record; what it knew cannot be checked."""
    RECORDED_HINDSIGHT = "recorded, hindsight"
    """Taken from a record in which its budget was what the round turned out to need."""


ON_RECORD = (Information.RECORDED, Information.RECORDED_HINDSIGHT)
"""Of what was not played here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Run(Answer, Record):
    """Totals of one policy, one entry a round.

    Parameters
    ----------
    policy : str
        Name.
    information : Information
        What the policy knew.
    haircut : array_like, shape (T,)
        USD. H_t, the budget raised.
    burden : array_like, shape (T,), optional
        m_t, the worst burden of an account, infinite where a protected one was touched; None
        where accounts are not known.
    touched : array_like, shape (T,), optional
        Accounts with a haircut; None where accounts are not known.
    loss : array_like, shape (T,), optional
        The loss the episode was played under; infinite where the burden is.
    insured : array_like, shape (T,), optional
        USD. What a fund paid before winners did; None without one.
    burden_in_all : float, optional
        max_i Σ_t x_it / w_i, w_i being the largest weight that a round gives the account: the worst
        burden of the whole episode. Infinite where one of a round is; None unless rounds were
        coupled.
    """

    policy: str
    information: Information
    haircut: FloatArray
    burden: FloatArray | None = None
    touched: FloatArray | None = None
    loss: FloatArray | None = None
    insured: FloatArray | None = None
    burden_in_all: float | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "haircut", own(self.haircut, f"{self.policy}: haircut", lowest=0.0))
        rounds = self.haircut.size
        for name in ("burden", "touched", "loss", "insured"):
            values = getattr(self, name)
            if values is not None:
                given = np.asarray(values)
                may = name in ("burden", "loss")
                infinite = np.isposinf(given) if may else np.zeros(given.shape, bool)
                finite = np.where(infinite, 0.0, given) if infinite.any() else values
                checked = own(finite, f"{self.policy}: {name}", length=rounds, lowest=0.0)
                put(self, name, freeze(np.where(infinite, np.inf, checked)))

        if self.burden_in_all not in (None, np.inf):
            field = f"{self.policy}: burden_in_all"
            put(self, "burden_in_all", own_number(self.burden_in_all, field, lowest=0.0))

    def _columns(self) -> Columns:
        known = {
            "haircut_usd": self.haircut,
            "burden": self.burden,
            "touched": self.touched,
            "loss": self.loss,
            "insured_usd": self.insured,
        }
        rounds = {"round": list(range(1, self.haircut.size + 1))}
        return rounds | {name: values for name, values in known.items() if values is not None}

    def _heading(self) -> str:
        rounds = counted(self.haircut.size, "round")
        return f"{self.policy} ({self.information.value}): {rounds}"

    def __str__(self) -> str:
        return run(self.data())

    def data(self) -> RunData:
        """Return totals and rounds at full precision; an infinite burden is null."""
        burden, touched, insured = self.burden, self.touched, self.insured
        worst = None if burden is None else float(burden.max(initial=0.0))
        return filled(
            RunData,
            self,
            rounds=self.haircut.size,
            taken_usd=math.fsum(self.haircut),
            worst_burden=finite(worst),
            touched_in_all=None if touched is None else float(touched.sum()),
            touches_protected=worst == math.inf,
            insured_in_all_usd=None if insured is None else math.fsum(insured),
        )
