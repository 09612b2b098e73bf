"""What a sweep is to play, in the order in which its rows will stand, and a chunk of it."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias

import msgspec
import numpy as np

from adlopt.errors import SweepStopped
from adlopt.model.loss import Asymmetric, Empirical
from adlopt.policies import grammar
from adlopt.show.answer import Columns, Tabular

Kinds: TypeAlias = dict[str, type[str] | type[int] | type[float]]
KINDS: Kinds = {"text": str, "number": float}
"""Kinds of parameters."""


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


class Task(Protocol):
    """One episode or crash, which every policy plays."""

    NOUNS: ClassVar[tuple[str, str]]
    KEY: ClassVar[Kinds]
    """Columns that no two rows share; beside them stand the parameters of the policies."""
    FIGURES: ClassVar[Kinds]

    def rows(
        self, contenders: Sequence[Contender], losses: Sequence[Priced]
    ) -> Iterator[dict[str, Any]]:
        """Play every policy under every loss, and yield a row for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What one worker is handed at a time, and everything its figures depend on.

    `parameters` has their columns and kinds, `code` the `code_digest()` of whoever planned it.
    """

    instances: tuple[Task, ...]
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
    """Play a chunk and return its rows as Parquet."""
    import polars as pl

    if chunk.code != code_digest():
        raise SweepStopped(
            "a worker runs another version of adlopt, numpy or polars; install one on all"
        )
    for contender in chunk.contenders:
        if contender.code != own_code(contender.policy):
            raise SweepStopped(f"{contender.policy}: its file is not the one that was planned with")
    asked = chunk.contenders, chunk.losses
    rows = [row for instance in chunk.instances for row in instance.rows(*asked)]
    parameters = {name: KINDS[kind] for name, kind in chunk.parameters.items()}
    kinds = chunk.instances[0].KEY | parameters | chunk.instances[0].FIGURES
    data = io.BytesIO()
    pl.DataFrame(rows, schema=kinds).write_parquet(data)
    return data.getvalue()


def _plain(value: Any) -> Any:
    """State what msgspec does not know: arrays as their bytes, read-only maps as maps."""
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.tobytes()]
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot digest a {type(value).__name__}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Episodes or crashes of one kind: one for each seed, or the given one where there are none."""

    first: Task
    seeds: Sequence[int] | None

    def instances(self) -> Iterator[Any]:
        """Yield each, in the order of the seeds."""
        if self.seeds is None:
            yield self.first
            return
        for seed in self.seeds:
            yield replace(self.first, seed=seed)  # type: ignore[type-var]

    def __len__(self) -> int:
        """Episodes or crashes."""
        return 1 if self.seeds is None else len(self.seeds)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sweep(Tabular):
    """Episodes, policies and losses, every one of which meets every other; or crashes, policies.

    `parameters` has their columns, text or number; `chunk` is how many episodes or crashes a chunk
    has.
    """

    sources: tuple[Source, ...]
    contenders: tuple[Contender, ...]
    losses: tuple[Priced, ...]
    parameters: dict[str, str]
    chunk: int

    def _columns(self) -> Columns:
        return {
            "policy": [contender.policy for contender in self.contenders],
            **{n: [c.parameters.get(n) for c in self.contenders] for n in self.parameters},
        }

    @property
    def episodes(self) -> int:
        """How many episodes or crashes are played."""
        return sum(len(source) for source in self.sources)

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that no two rows share."""
        return (*self.sources[0].first.KEY, *self.parameters)

    def __len__(self) -> int:
        """Rows: one for each policy on each episode under each loss, or in each crash."""
        return self.episodes * len(self.contenders) * len(self.losses)

    @property
    def parts(self) -> int:
        """How many chunks there are."""
        return sum(-(-len(source) // self.chunk) for source in self.sources)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks in order; none is of two sources."""
        for source in self.sources:
            instances = source.instances()
            while batch := tuple(itertools.islice(instances, self.chunk)):
                yield Chunk(
                    instances=batch,
                    contenders=self.contenders,
                    losses=self.losses,
                    parameters=self.parameters,
                    code=code_digest(),
                )

    def __str__(self) -> str:
        factors = {
            self.sources[0].first.NOUNS: self.episodes,
            ("policy", "policies"): len(self.contenders),
        }
        if self.losses[0].loss is not None:
            factors["loss", "losses"] = len(self.losses)
        counts = [f"{count:,} {words[count != 1]}" for words, count in factors.items()]
        return f"{len(self):,} rows: {' × '.join(counts)}"
