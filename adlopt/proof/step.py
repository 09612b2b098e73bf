"""A claim, the derivation that proves it, and nearby claims on which the derivation must fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.claim import Claim, FalseVariant, Family, genuine
from adlopt.proof.kernel import Fact


@dataclass(frozen=True, slots=True)
class Alteration:
    """How a claim is made false, and where it then fails; see `fails_at`."""

    where: Mapping[Any, Any] | Family
    claim: Claim | None
    changed: Mapping[str, Any]


def fails_at(
    where: Mapping[Any, Any] | Family, claim: Claim | None = None, /, **changed: Any
) -> Alteration:
    """Say which arguments make a step false, and at which numbers it then fails.

    Parameters
    ----------
    where : mapping or Family
        Numbers as for `adlopt.proof.notation.point`, or a family of counterexamples.
    claim : Claim, optional
        The false statement; the claim of the step with the same arguments unless given.
    **changed
        The arguments with which the derivation has to fail.
    """
    return Alteration(where, claim, changed)


@dataclass(frozen=True, slots=True)
class Step:
    """A claim with the derivation that proves it; the derivation runs when the step is made.

    `stated` is then the claim, and `fact` what was derived.

    Parameters
    ----------
    claim : Claim or callable
        What is claimed, or what returns it: for the arguments that make it false, too.
    derivation : callable or Fact
        Derives it: returns a Fact, or several of which `takes` names the one.
    false : mapping from str to Alteration
        Nearby claims that are false, by what is changed; each made with `fails_at`.
    takes : str
        Which of several Facts proves the claim.
    holds : mapping
        Arguments of both for the true statement, beside their defaults.

    Examples
    --------
    >>> from adlopt.proof import ge, prove, reals
    >>> x = reals("x")
    >>> def at_least(least=0):
    ...     return Claim(given=(ge(x, 1),), concludes=ge(x, least))
    >>> def derive(least=0):
    ...     return prove(ge(x, least), ge(x, 1))
    >>> step = Step(at_least, derive, {"at least 2": fails_at({x: 1}, least=2)})
    >>> step.fact
    x ≥ 1 ⊢ x ≥ 0
    >>> [variant.rejection().partition(" ")[0] for variant in step.variants()]
    ['cannot']
    """

    claim: Claim | Callable[..., Claim]
    derivation: Callable[..., Any] | Fact
    false: Mapping[str, Alteration] = field(default_factory=dict)
    takes: str = ""
    holds: Mapping[str, Any] = field(default_factory=dict)
    stated: Claim = field(init=False)
    fact: Fact = field(init=False)

    def __post_init__(self) -> None:
        claim = self.claim if isinstance(self.claim, Claim) else self.claim(**self.holds)
        object.__setattr__(self, "stated", genuine(claim))
        made: Any = self.derivation
        if not isinstance(made, Fact):
            made = made(**self.holds)
        object.__setattr__(self, "fact", made[self.takes] if self.takes else made)

    def __call__(self, **changed: Any) -> Any:
        """Derive the claim, or try to with other arguments."""
        if not changed:
            return self.fact
        if isinstance(self.derivation, Fact):
            raise ProofError("a fact that is derived already has no arguments to change")
        return self.derivation(**{**self.holds, **changed})

    def variants(self) -> list[FalseVariant]:
        """Return the nearby claims that are false."""
        found = []
        for name, change in self.false.items():
            claim, where, changed = change.claim, change.where, change.changed
            if claim is None:
                if isinstance(self.claim, Claim):
                    raise ProofError(f"{name}: say which claim is false, as the second argument")
                claim = self.claim(**{**self.holds, **changed})
            wrong = where if isinstance(where, Family) else claim.counterexample(where)
            parts: dict[str, Any] = {"claim": claim, "counterexample": wrong}
            found.append(FalseVariant(name=name, derivation=self, changed=changed, **parts))
        return found
