"""What was asked of an optimum, kept beside its answer: a certificate states both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, Record
from adlopt.model.budget import Budget
from adlopt.model.episode import Episode
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, Burden, Empirical, MinMax
from adlopt.model.market import Market
from adlopt.model.objective import (
    CVaR,
    FewestAccounts,
    KeepHedges,
    LeastLeverage,
    Leximin,
    TrackingFirst,
)
from adlopt.model.positions import ContractRound
from adlopt.model.round import OUTCOMES, Round, RoundStart
from adlopt.model.two_sided import TwoSidedRound


@dataclass(frozen=True, slots=True)
class Variation:
    """The least severity loss of a path that varies by no more: its objective in certificates."""

    variation: float
    burden: Burden = Burden.CAPACITY
    epsilon: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearCost(Record):
    """A cost of one's own: of a USD from each account, and from all, and of the worst burden."""

    haircut: FloatArray
    raised: float
    fair: float
    burden: Burden
    epsilon: float

    @property
    def worst(self) -> MinMax:
        """The worst burden alone."""
        return MinMax(burden=self.burden, epsilon=self.epsilon)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgainstBelief(Record):
    """What a decision loses at worst within a radius of a belief, (N,), at least a floor raised."""

    under: float
    over: float
    fair: float
    belief: FloatArray
    mass: FloatArray
    most: float
    radius: float
    floor: float
    burden: Burden
    epsilon: float


KINDS: Mapping[type, str] = {
    AgainstBelief: "decision",
    LinearCost: "linear",
    Variation: "path",
    MinMax: "min-max",
    Leximin: "leximin",
    TrackingFirst: "tracking",
    FewestAccounts: "fewest",
    Asymmetric: "asymmetric",
    Empirical: "empirical",
    CVaR: "cvar",
    KeepHedges: "keep-hedges",
    LeastLeverage: "least-leverage",
}
"""What certificates call the objectives that they can prove."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question(Record):
    """A thing, the objective it was solved under, and within what."""

    thing: Any
    objective: Any
    budget: Budget = field(default_factory=Budget)
    limits: Limits = NO_LIMITS
    whole_lots: bool = False
    own: Mapping[str, Any] | None = None

    @property
    def shares(self) -> FloatArray:
        """Of what all give, as rows of one's own have them."""
        return np.array([row["share"] for row in (self.own or {}).get("row", ())], dtype=float)

    def content(self) -> dict[str, Any]:
        """The instance in its canonical form; `InputError` if it has none."""
        content: dict[str, Any] = CONTENTS[type(self.thing)](self.thing)
        if self.own is not None:
            content["own"] = self.own
        if self.limits is not NO_LIMITS:
            if self.limits.lots is not None:
                positions = content.get("held") or content["positions"]
                positions["closable"] = self.limits.lots.tolist()
            content |= _limits(self.limits, content["account"])
        return content

    def goal(self) -> dict[str, Any]:
        """The objective, as certificates state it."""
        goal: dict[str, Any] = {"kind": self._kind()}
        for each in fields(self.objective):
            value = getattr(self.objective, each.name)
            value = value.value if isinstance(value, Enum) else value
            value = dict(value) if isinstance(value, Mapping) else value
            goal[each.name] = value.tolist() if isinstance(value, np.ndarray) else value
        goal.pop("excess_only", None)
        return goal | ({"lots": True} if self.whole_lots else {})

    def _kind(self) -> str:
        kind = KINDS.get(type(self.objective))
        if kind is None:
            expected = ", ".join(each.__name__ for each in KINDS)
            raise InputError("certificate", type(self.objective).__name__, expected)
        return kind


def _start(start: RoundStart) -> dict[str, Any]:
    columns = {name: getattr(start, name) for name in ("capacity", "equity", "lot")}
    return {
        "kind": "start",
        "deficit": start.deficit,
        "estimate": start.estimate,
        "signals": dict(start.signals),
        "account": start.account,
        **{name: values.tolist() for name, values in columns.items() if values is not None},
        "features": {name: values.tolist() for name, values in start.features.items()},
        "tags": {kind: list(values) for kind, values in start.tags.items()},
    }


def _round(round_: Round | ContractRound) -> dict[str, Any]:
    known = {name: getattr(round_.outcome, name) for name in OUTCOMES}
    columns = {name: values.tolist() for name, values in known.items() if values is not None}
    return _start(round_.start) | {"kind": "round", "needed": round_.needed, **columns}


def _limits(limits: Limits, account: Sequence[str]) -> dict[str, Any]:
    """One entry an account."""
    n, found = len(account), dict[str, Any]()
    if limits.ineligible:
        found["ineligible"] = [name for name in account if name in limits.ineligible]
    for name in ("cap", "floor", "tier", "weight"):
        given = getattr(limits, name)
        if given is not None:
            found[name] = [given] * n if np.isscalar(given) else given.tolist()
    return found


def _contracts(round_: ContractRound) -> dict[str, Any]:
    """As it was before lots were rounded: who checks rounds them, too."""
    read = round_ if round_.unrounded is None else round_.unrounded
    held = read.positions
    names = ("size", "lot", "value", "mark")
    numbers = {name: getattr(held, name) for name in names if getattr(held, name) is not None}
    positions = {
        "account": list(held.account),
        "coin": list(held.coin),
        "side": [side.value for side in held.side],
        **{name: values.tolist() for name, values in numbers.items()},
    }
    accounts = {k: v for k, v in _round(read).items() if k not in ("deficit", "lot")}
    return accounts | {"kind": "contracts", "positions": positions}


def _matching(both: TwoSidedRound) -> dict[str, Any]:
    content, held, shed = _contracts(both.winners), both.winners.positions, both.losers
    sides = zip(held.side, held.coin, strict=True)
    rows = {name: values for name, values in content["positions"].items() if name != "value"}
    rows["what"] = [f"{side.value} {coin}" for side, coin in sides]
    sides = zip(shed.side, shed.coin, strict=True)
    sold = {"what": [f"{side.opposite.value} {coin}" for side, coin in sides]}
    sold |= {name: getattr(shed, name).tolist() for name in ("value", "size", "mark")}
    kept = {k: content[k] for k in ("account", "capacity", "equity") if k in content}
    return kept | {"kind": "matching", "held": rows, "shed": sold}


def _episode(episode: Episode) -> dict[str, Any]:
    rounds = [_round(each) for each in episode]
    return {
        "kind": "episode",
        "round": [{k: v for k, v in r.items() if k != "kind"} for r in rounds],
    }


CONTENTS: Mapping[type, Any] = {
    RoundStart: _start,
    Round: _round,
    ContractRound: _contracts,
    Episode: _episode,
    TwoSidedRound: _matching,
    Market: lambda market: _matching(TwoSidedRound.of_market(market)),
}
"""Who states the content of which instances."""
