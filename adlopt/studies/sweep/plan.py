"""What a sweep is to play, in the order in which its rows will stand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adlopt.show.answer import Columns, Tabular
from adlopt.studies.sweep.chunk import Chunk, Contender, Priced, Task, code_digest


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
