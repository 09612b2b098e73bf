"""Data of what was made least: a round, its matching, rounds coupled, paths, and leverage."""

from __future__ import annotations

from typing import Literal

import msgspec

from adlopt.show.schema.data import CertificateData, Data, StageData


class OptimumData(Data, kw_only=True):
    """What all optima have in common.

    `summary` is a line in words, `value` the first criterion, recomputed, and `stages` are further
    criteria, each given those above it. `price` is the rise of the value per unit more, where the
    method tells.
    """

    information: Literal["hindsight"] = "hindsight"
    summary: str
    value: float
    worst_burden: float | None
    method: str
    stopped: str
    optimal: bool
    certificate: CertificateData
    stages: list[StageData]


class SolutionData(OptimumData, kw_only=True):
    """A round of dollars; one entry an account. `price` is a dollar's more of the budget."""

    price: float | None
    raised_usd: float
    needed_usd: float | None
    touched: int
    account: list[str]
    capacity_usd: list[float] | None
    haircut_usd: list[float]
    at_capacity: list[bool]
    at_burden: list[bool]
    reason: list[str]
    notes: list[str]


class PricesData(Data, kw_only=True):
    """Shadow prices; one entry a limit, null where not finite or not stated.

    `below` and `above` are the rise of the value by the last USD and by the next; `below` holds
    from `from_usd`, `above` up to `to_usd`.
    """

    information: Literal["hindsight"] = "hindsight"
    name: list[str]
    below: list[float | None]
    above: list[float | None]
    from_usd: list[float | None]
    to_usd: list[float | None]


class FrontierData(Data, kw_only=True):
    """The least worst burden by the budget, and losses by objective, linear between the entries.

    A worst burden is null beyond what can be raised.
    """

    information: Literal["hindsight"] = "hindsight"
    budget_usd: list[float]
    worst_burden: list[float | None]
    objectives: list[str]
    losses: list[list[float]]


class ClosedData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Positions, and the whole lots and contracts closed of each."""

    account: list[str]
    coin: list[str]
    side: list[str]
    size_contracts: list[float]
    lots: list[int]
    closed_contracts: list[float]
    taken_usd: list[float]


class ContractSolutionData(OptimumData, kw_only=True):
    """A round in whole lots of positions.

    `rounding_usd` is by how much lots were rounded to micro-dollars, at most, USD an account.
    """

    price: float | None
    raised_usd: float
    needed_usd: float
    touched: int
    rounding_usd: float
    account: list[str]
    capacity_usd: list[float]
    haircut_usd: list[float]
    reason: list[str]
    positions: ClosedData


class OrdersData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What losers shed, in contracts, and how much of it winners close."""

    loser: list[str]
    coin: list[str]
    side: list[str]
    shed: list[float]
    matched: list[float]
    unmatched: list[float]
    price_usd: list[float]
    mark_usd: list[float]


class TradesData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who closes against whom: a winner's account and side, a loser, and what it takes."""

    account: list[str]
    loser: list[str]
    coin: list[str]
    side: list[str]
    contracts: list[float]
    price_usd: list[float]
    haircut_usd: list[float]


class MatchingData(OptimumData, kw_only=True):
    """Winners matched with what losers shed.

    `price` is the rise of the value per contract more of each order, null where nothing of it is
    matched, or where it is not known.
    """

    objective: str
    criterion: str
    price: list[float | None] | None
    raised_usd: float
    needed_usd: float
    touched: int
    account: list[str]
    capacity_usd: list[float]
    haircut_usd: list[float]
    positions_closed: list[int]
    reason: list[str]
    orders: OrdersData
    trades: TradesData


class OneByOneData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Rounds solved one by one; `price_of_not_coupling` is null where budgets were missed."""

    value: float
    price_of_not_coupling: tuple[float, float] | None
    short_usd: dict[str, float]
    overdrawn_rounds: list[int]


class CoupledData(OptimumData, kw_only=True):
    """Rounds that share their winners; lists have one entry a round.

    `worst_burden` is that over all rounds. Rounds count from 1.
    """

    price: float | None
    name: str
    criterion: str
    needed_usd: list[float]
    raised_usd: list[float]
    touched: list[int]
    binding_rounds: list[int]
    account: list[list[str]]
    haircut_usd: list[list[float]]
    one_by_one: OneByOneData | None = None


class SeverityPathData(OptimumData, kw_only=True):
    """The best path of severities of a variation; `price` is USD a unit of variation."""

    price: float
    variation: float
    severity: list[float]


class CurveData(Data, kw_only=True):
    """Least loss of a path by its variation, linear between the entries; every one is exact."""

    information: Literal["hindsight"] = "hindsight"
    summary: str
    variation: list[float]
    loss_usd: list[float]


class DrainData(OptimumData, kw_only=True):
    """Contracts closed so that the largest leverage is least; one entry a position."""

    price: float | None
    account: list[str]
    closed_contracts: list[float]
    leverage: list[float]


class AssetDrainData(OptimumData, kw_only=True):
    """Contracts closed across coins at least risk; one entry a position, and a price a coin.

    `price` is the rise of the value per contract more of each coin.
    """

    criterion: str
    coins: list[str]
    price: list[float]
    account: list[str]
    coin: list[str]
    side: list[str]
    size_contracts: list[float]
    closed_contracts: list[float]
