"""What a sweep is to play, in the order in which its rows will stand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adlopt.sweep.chunk import Chunk, Contender, Instance, Priced, code_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Episodes of one kind: one that is given, or as many generated ones as there are seeds."""

    first: Instance
    seeds: Sequence[int]

    def instances(self) -> Iterator[Instance]:
        """Yield each episode, in the order of the seeds."""
        if self.first.given is not None:
            yield self.first
            return
        for seed in self.seeds:
            yield Instance(
                name=self.first.name,
                rounds=self.first.rounds,
                winners=self.first.winners,
                seed=seed,
            )

    def __len__(self) -> int:
        """Episodes."""
        return 1 if self.first.given is not None else len(self.seeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Episodes, policies and losses, every one of which meets every other.

    Parameters
    ----------
    sources : tuple of Source
    contenders : tuple of Contender
    losses : tuple of Priced
    parameters : dict
        Columns of parameters: text or number.
    chunk : int
        Episodes a chunk.
    """

    sources: tuple[Source, ...]
    contenders: tuple[Contender, ...]
    losses: tuple[Priced, ...]
    parameters: dict[str, str]
    chunk: int

    @property
    def episodes(self) -> int:
        """How many episodes are played."""
        return sum(len(source) for source in self.sources)

    def __len__(self) -> int:
        """Rows: one for each policy on each episode under each loss."""
        return self.episodes * len(self.contenders) * len(self.losses)

    @property
    def parts(self) -> int:
        """How many chunks there are."""
        return sum(-(-len(source) // self.chunk) for source in self.sources)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks in order; none holds episodes of two sources."""
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
            ("episode", "episodes"): self.episodes,
            ("policy", "policies"): len(self.contenders),
        }
        if self.losses[0].loss is not None:
            factors["loss", "losses"] = len(self.losses)
        counts = [f"{count:,} {words[count != 1]}" for words, count in factors.items()]
        return f"{len(self):,} rows: {' × '.join(counts)}"
