"""What was asked of an optimum, kept beside its answer: a certificate states both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import Record
from adlopt.model.budget import Budget
from adlopt.model.constraint import Constraint
from adlopt.model.episode import Episode
from adlopt.model.limits import NO_LIMITS, Limits
from adlopt.model.loss import Asymmetric, Burden, Empirical, MinMax
from adlopt.model.objective import CVaR, FewestAccounts, Leximin, TrackingFirst
from adlopt.model.positions import ContractRound
from adlopt.model.round import OUTCOMES, Round
from adlopt.model.two_sided import TwoSidedRound


@dataclass(frozen=True, slots=True)
class Variation:
    """The least severity loss of a path that varies by no more: its objective in certificates."""

    variation: float
    burden: Burden = Burden.CAPACITY
    epsilon: float = 0.0


KINDS: Mapping[type, str] = {
    Variation: "path",
    MinMax: "min-max",
    Leximin: "leximin",
    TrackingFirst: "tracking",
    FewestAccounts: "fewest",
    Asymmetric: "asymmetric",
    Empirical: "empirical",
    CVaR: "cvar",
}
"""What certificates call the objectives that they can prove."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question(Record):
    """A thing, the objective it was solved under, and within what."""

    thing: Any
    objective: Any
    budget: Budget = field(default_factory=Budget)
    limits: Limits = NO_LIMITS
    constraints: tuple[Constraint, ...] = ()
    whole_lots: bool = False

    def content(self) -> dict[str, Any]:
        """The instance in its canonical form (`adlcheck.py`); `InputError` if it has none."""
        of = CONTENTS.get(type(self.thing))
        if of is None or self.constraints:
            expected = "a round or an episode, without constraints of one's own"
            raise InputError("certificate", type(self.thing).__name__, expected)
        if isinstance(self.objective, Variation):
            needed, deficits = self.thing.needed.tolist(), self.thing.deficit.tolist()
            return {"kind": "path", "needs": needed, "deficits": deficits}
        content: dict[str, Any] = of(self.thing)
        if self.limits is NO_LIMITS:
            return content
        two_sided = isinstance(self.thing, TwoSidedRound)
        if two_sided and self.limits.tier is not None:
            raise InputError("certificate", "tiers", "a matching without tiers")
        if self.limits.lots is not None:
            content["held" if two_sided else "positions"]["closable"] = self.limits.lots.tolist()
        start = self.thing.winners.start if two_sided else self.thing.start
        return content | _limits(self.limits, start)

    def goal(self) -> dict[str, Any]:
        """The objective, as certificates state it."""
        kind = KINDS.get(type(self.objective))
        if kind is None:
            expected = ", ".join(each.__name__ for each in KINDS)
            raise InputError("certificate", type(self.objective).__name__, expected)
        goal: dict[str, Any] = {"kind": kind}
        for each in fields(self.objective):
            value = getattr(self.objective, each.name)
            value = value.value if isinstance(value, Enum) else value
            goal[each.name] = value.tolist() if isinstance(value, np.ndarray) else value
        goal.pop("excess_only", None)
        return goal | ({"lots": True} if self.whole_lots else {})


def _round(round_: Round | ContractRound) -> dict[str, Any]:
    start = round_.start
    columns = {name: getattr(start, name) for name in ("capacity", "equity", "lot")}
    columns |= {name: getattr(round_.outcome, name) for name in OUTCOMES}
    return {
        "kind": "round",
        "deficit": start.deficit,
        "needed": round_.needed,
        "estimate": start.estimate,
        "signals": dict(start.signals),
        "account": start.account,
        **{name: values.tolist() for name, values in columns.items() if values is not None},
        "features": {name: values.tolist() for name, values in start.features.items()},
        "tags": {kind: list(values) for kind, values in start.tags.items()},
    }


def _limits(limits: Limits, start: Any) -> dict[str, Any]:
    """One entry an account."""
    n, found = len(start.account), dict[str, Any]()
    if limits.ineligible:
        barred = zip(start.account, limits.barred(start).tolist(), strict=True)
        found["ineligible"] = [name for name, yes in barred if yes]
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
    accounts = {k: v for k, v in _round(read).items() if k not in ("estimate", "signals", "lot")}
    return accounts | {"kind": "contracts", "positions": positions}


def _matching(both: TwoSidedRound) -> dict[str, Any]:
    content, held, shed = _contracts(both.winners), both.winners.positions, both.losers
    sides = zip(held.side, held.coin, strict=True)
    names = ("account", "size", "lot")
    rows = {name: content["positions"][name] for name in names}
    rows["what"] = [f"{side.value} {coin}" for side, coin in sides]
    sides = zip(shed.side, shed.coin, strict=True)
    sold = {"what": [f"{side.opposite.value} {coin}" for side, coin in sides]}
    sold |= {"value": shed.value.tolist(), "size": shed.size.tolist()}
    kept = {k: content[k] for k in ("account", "capacity", "equity") if k in content}
    return kept | {"kind": "matching", "held": rows, "shed": sold}


def _episode(episode: Episode) -> dict[str, Any]:
    rounds = [_round(each) for each in episode]
    return {
        "kind": "episode",
        "round": [{k: v for k, v in r.items() if k != "kind"} for r in rounds],
    }


CONTENTS: Mapping[type, Any] = {
    Round: _round,
    ContractRound: _contracts,
    Episode: _episode,
    TwoSidedRound: _matching,
}
"""Who states the content of which instances."""
