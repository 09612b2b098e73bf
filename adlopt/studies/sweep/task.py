"""What every task of a sweep is: a policy's parameters, a loss, and one world to play them in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

from adlopt.model.loss import Asymmetric, Empirical

Columns: TypeAlias = dict[str, type[str] | type[int] | type[float]]


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
    KEY: ClassVar[Columns]
    """Columns that no two rows share; beside them stand the parameters of the policies."""
    FIGURES: ClassVar[Columns]

    def rows(
        self, contenders: Sequence[Contender], losses: Sequence[Priced]
    ) -> Iterator[dict[str, Any]]:
        """Play every policy under every loss, and yield a row for each."""
