"""A chunk of a sweep: a few episodes or crashes, each played by every policy."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import msgspec
import numpy as np

from adlopt.bounds.bound import Comparator
from adlopt.data.episodes.shock import shock
from adlopt.errors import AdloptError, SweepStopped
from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, Burden, Empirical
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.policies import grammar
from adlopt.scoring.hindsight import per_round_optimum
from adlopt.scoring.one_run import run_policy
from adlopt.scoring.score import Score
from adlopt.scoring.scoreboard import Scoreboard

if TYPE_CHECKING:
    from adlopt.studies.sweep.crash import Crash

Columns: TypeAlias = dict[str, type[str] | type[int] | type[float]]
KINDS: Columns = {"text": str, "number": float}
"""Kinds of parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One episode of a sweep: a generated one by its arguments, any other as it was read."""

    name: str
    rounds: int
    winners: int | None = None
    seed: int | None = None
    given: Episode | None = None

    NOUNS: ClassVar = ("episode", "episodes")
    KEY: ClassVar[Columns] = {
        "episode": str,
        "rounds": int,
        "winners": int,
        "seed": int,
        "policy": str,
        "loss": str,
    }
    """Columns that no two rows share; beside them stand the parameters of the policies."""
    FIGURES: ClassVar[Columns] = {
        "information": str,
        "tracking_usd": float,
        "overshoot_usd": float,
        "undershoot_usd": float,
        "short_rounds": int,
        "fairness_excess_usd": float,
        "worst_burden": float,
        "touched": float,
        "severity_loss_usd": float,
        "outside_domain_usd": float,
        "hindsight_regret_fixed_severity_usd": float,
        "insured_usd": float,
        "loss_value": float,
        "hindsight_loss_optimum": float,
        "hindsight_loss_optimum_lower": float,
    }
    """Columns of figures, as in `adlopt.scoring.score.Score`."""

    def __str__(self) -> str:
        if self.given is not None:
            return self.name
        return f"{self.name}(rounds={self.rounds}, winners={self.winners}, seed={self.seed})"

    def episode(self) -> Episode:
        """Return the episode, generated where it is not given."""
        if self.given is not None:
            return self.given
        assert self.winners is not None
        assert self.seed is not None
        return shock(rounds=self.rounds, winners=self.winners, seed=self.seed)

    def rows(self, chunk: Chunk) -> Iterator[dict[str, Any]]:
        """Play every policy under every loss, and yield a row for each.

        Raises
        ------
        SweepStopped
            Naming the episode on which a policy or a loss failed.
        """
        episode = self.episode()
        key = {name: getattr(self, name) for name in ("rounds", "winners", "seed")}
        for priced in chunk.losses:
            try:
                board, optima = _played(episode, chunk.contenders, priced.loss)
                scores = board.scores
            except AdloptError as error:
                raise SweepStopped(f"{self}: {error}") from None
            for contender, score in zip(chunk.contenders, scores, strict=True):
                yield (
                    {"episode": self.name, "policy": score.policy, "loss": priced.name}
                    | key
                    | contender.parameters
                    | _figures(score, optima)
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A policy by name, the parameters that were put into it, and a digest of its own file."""

    policy: str
    parameters: dict[str, float | str]
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A loss by name; no loss has no name."""

    name: str | None = None
    loss: Asymmetric | Empirical | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What one worker is handed at a time, and everything its figures depend on.

    Parameters
    ----------
    instances : tuple of Instance or of Crash
    contenders : tuple of Contender
    losses : tuple of Priced
    parameters : dict
        Columns of parameters, and their kind.
    code : str
        `code_digest()` of whoever planned it.
    """

    instances: tuple[Instance, ...] | tuple[Crash, ...]
    contenders: tuple[Contender, ...]
    losses: tuple[Priced, ...]
    parameters: dict[str, str]
    code: str

    def __len__(self) -> int:
        """Rows."""
        return len(self.instances) * len(self.contenders) * len(self.losses)

    @property
    def digest(self) -> str:
        """Name of the chunk: equal for chunks that must have equal figures."""
        return digest_of(msgspec.msgpack.encode(self, enc_hook=_plain))


def digest_of(data: bytes) -> str:
    """SHA-256, 128 bits of it, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()[:32]


@cache
def code_digest() -> str:
    """Digest of the program: this package's source, and the versions figures depend on."""
    import polars as pl

    source = Path(__file__).parents[2]
    files = sorted(source.rglob("*.py"), key=lambda path: path.relative_to(source).as_posix())
    parts = [digest_of(path.read_bytes()) for path in files]
    return digest_of("\n".join([*parts, np.__version__, pl.__version__]).encode())


def own_code(policy: str) -> str:
    """Digest of the files of one's own that a policy names: changed, it is another policy."""
    return digest_of(grammar.sources(policy))


def play_chunk(chunk: Chunk) -> bytes:
    """Play a chunk and return its rows as Parquet.

    Raises
    ------
    SweepStopped
        Naming what failed, or that the worker has another version of the program or of a policy.
    """
    import polars as pl

    if chunk.code != code_digest():
        raise SweepStopped(
            "a worker runs another version of adlopt, numpy or polars; install one on all"
        )
    for contender in chunk.contenders:
        if contender.code != own_code(contender.policy):
            raise SweepStopped(f"{contender.policy}: its file is not the one that was planned with")
    rows = [row for instance in chunk.instances for row in instance.rows(chunk)]
    parameters = {name: KINDS[kind] for name, kind in chunk.parameters.items()}
    kinds = chunk.instances[0].KEY | parameters | chunk.instances[0].FIGURES
    data = io.BytesIO()
    pl.DataFrame(rows, schema=kinds).write_parquet(data)
    return data.getvalue()


def _played(
    episode: Episode, contenders: tuple[Contender, ...], loss: Asymmetric | Empirical | None
) -> tuple[Scoreboard, tuple[Solution, ...] | None]:
    burden = Burden.CAPACITY if loss is None else loss.burden
    policies = [grammar.policy(contender.policy, episode) for contender in contenders]
    runs = [run_policy(episode, policy, burden=burden, loss=loss) for policy in policies]
    optima = None if loss is None else per_round_optimum(episode, loss)
    return Scoreboard.of(episode, runs, burden=burden), optima


def _figures(score: Score, optima: tuple[Solution, ...] | None) -> dict[str, Any]:
    return {
        "information": score.information.value,
        "tracking_usd": score.tracking,
        "overshoot_usd": score.overshoot,
        "undershoot_usd": score.undershoot,
        "short_rounds": score.short_rounds,
        "fairness_excess_usd": score.fairness_excess,
        "worst_burden": score.worst_burden,
        "touched": score.touched,
        "severity_loss_usd": score.severity_loss,
        "outside_domain_usd": score.outside_domain,
        "hindsight_regret_fixed_severity_usd": score.regret[Comparator.BEST_FIXED_SEVERITY],
        "insured_usd": score.insured,
        "loss_value": score.loss,
        "hindsight_loss_optimum": None if optima is None else math.fsum(s.value for s in optima),
        "hindsight_loss_optimum_lower": None
        if optima is None
        else math.fsum(s.certificate.lower for s in optima),
    }


def _plain(value: Any) -> Any:
    """State what msgspec does not know: arrays as their bytes, read-only maps as maps."""
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.tobytes()]
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot digest a {type(value).__name__}")
