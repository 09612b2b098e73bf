"""Data of decisions before it is known what a round needs."""

from __future__ import annotations

from typing import Literal

from adlopt.show.schema.data import FROZEN, CertificateData, Data, Part


class DecisionData(Data, kw_only=True):
    """What to take at a round's start; one entry an account.

    `most_usd` is b_max, above which nothing is needed, `radius_usd` how far from the belief the
    truth may be; losses are prices times USD, burdens at `fair` included. `certificate` is of
    `worst_loss`, `allocation` of the haircuts. `worst_needed_usd` and `worst_mass` are a
    distribution against which no budget loses less. `guarantee` is null without draws that could
    be exchangeable, `delivered` where capacities do not move, `lots` but for positions.
    """

    information: Literal["round start"] = "round start"
    summary: str
    round: int
    deficit_usd: float
    belief: str
    sampled: bool
    under: float
    over: float
    fair: float
    chance: float | None
    raised_usd: float
    severity: float
    worst_burden: float
    touched: int
    most_usd: float
    radius_usd: float
    expected_loss: float
    worst_loss: float
    price_of_ambiguity: float
    guarantee: float | None
    delivered: float | None
    stopped: bool
    certificate: CertificateData
    allocation: CertificateData
    worst_needed_usd: list[float]
    worst_mass: list[float]
    account: list[str]
    capacity_usd: list[float]
    haircut_usd: list[float]
    lots: list[int] | None
    notes: list[str]


class RunningCertificateData(Data):
    """A figure of a severity, and the most that it could be; one entry a round."""

    policy: str
    certifies: str
    information: str
    reached_usd: list[float]
    limit_usd: list[float | None]


class AuditData(Data, kw_only=True, **FROZEN):
    """Decisions of a log that hold; `head` is the hash of the last line."""

    decisions: int
    stopped: int
    head: str
    torn_bytes: int


class BacktestedData(Part):
    """Who decides, in priced dollars missed; shares of rounds, and of deficits, raised too little.

    `regret` is over the best constant, in hindsight. `decider_loses_more` is by how much the
    decider loses more, in the same rounds, with the ends of its 95 % interval; null for itself.
    """

    who: str
    loss: float
    regret: float
    overshoot_usd: float
    undershoot_usd: float
    short_rounds: float
    short_dollars: float
    decider_loses_more: tuple[float, float, float] | None


class BacktestData(Data):
    """A decider, and those that it must beat, on rounds it had not seen."""

    episode: str
    rounds: int
    first: int
    under: float
    over: float
    promised: float | None
    by: list[BacktestedData]
