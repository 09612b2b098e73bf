"""What a severity's own certificate says after each round: what it came to, and could at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adlopt.foundation.arrays import FloatArray, Record, freeze
from adlopt.model.episode import Episode
from adlopt.model.filled import filled
from adlopt.model.run import Information
from adlopt.show.answer import Answer, Columns
from adlopt.show.decision import certified
from adlopt.show.schema.decisions import RunningCertificateData


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RunningCertificate(Answer, Record):
    """A figure that a severity keeps below a limit, whatever is needed, USD; arrays of shape (T,).

    `reached` is the value of what it `certifies` after each round, `limit` the most it could be.
    """

    _view = certified
    policy: str
    certifies: str
    information: Information
    reached: FloatArray
    limit: FloatArray

    def __post_init__(self) -> None:
        for name in ("reached", "limit"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    def _columns(self) -> Columns:
        rounds = list(range(1, self.reached.size + 1))
        return {"round": rounds, "reached_usd": self.reached, "limit_usd": self.limit}

    def _heading(self) -> str:
        return f"{self.policy} ({self.information.value}): {self.certifies}, and its limit"

    def data(self) -> RunningCertificateData:
        """Return it as machines get it."""
        return filled(RunningCertificateData, self)


def running_certificate(episode: Episode, policy: Any) -> RunningCertificate | None:
    """Play a policy's severity, and ask for its certificate after each round; None without one.

    >>> from adlopt.data.episodes import october_10
    >>> from adlopt.policies.grammar import named
    >>> proof = running_certificate(october_10(), named("coverage:0.1"))
    >>> bool((proof.reached <= proof.limit).all())
    True
    """
    rule: Any = getattr(policy, "severity", policy)
    if not hasattr(rule, "certificate"):
        return None
    state, said = rule.begin(), []
    for round_ in episode:
        theta = rule.decide(state, round_.start)
        state = rule.learn(state, round_.start, theta, round_.outcome)
        said.append(rule.certificate(state))
    reached, limit = zip(*said, strict=True)
    return RunningCertificate(
        policy=rule.name,
        certifies=rule.certifies,
        information=rule.information,
        reached=reached,  # type: ignore[arg-type]
        limit=limit,  # type: ignore[arg-type]
    )
