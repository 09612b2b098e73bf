"""Claims, families of counterexamples to them, and false variants of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.formula import Formula, denial, free_symbols, own_formula, substitute
from adlopt.proof.kernel import Fact, sequent
from adlopt.proof.notation import point, replacements
from adlopt.proof.refutation import Refutation, copied, evidence, refute
from adlopt.proof.term import FAMILIES, Atom
from adlopt.proof.witness import check_witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement in the kernel's language.

    Attributes
    ----------
    given : tuple of Formula
        The hypotheses.
    concludes : Formula
        The conclusion.
    """

    given: tuple[Formula, ...]
    concludes: Formula

    def __post_init__(self) -> None:
        given = tuple(own_formula(formula) for formula in copied(self.given))
        object.__setattr__(self, "given", given)
        object.__setattr__(self, "concludes", own_formula(copied(self.concludes)))
        _check_names((*given, self.concludes))

    def follows_from(self, fact: Fact) -> bool:
        """Say whether `fact` states this claim, or the same with fewer hypotheses."""
        said = sequent(fact)
        return said.conclusion == self.concludes and said.hypotheses <= set(self.given)

    def fails_at(self, refutation: Refutation) -> bool:
        """Say whether `refutation` is a counterexample to this very claim."""
        said = evidence(refutation)
        return said.claim == self.concludes and said.hypotheses >= set(self.given)

    def counterexample(self, values: Mapping[Any, Any]) -> Refutation:
        """Refute this claim at a point given as for `adlopt.proof.notation.point`.

        Examples
        --------
        >>> from adlopt.proof.notation import ge, reals
        >>> x = reals("x")
        >>> claim = Claim(given=(ge(x, -1),), concludes=ge(x, 0))
        >>> claim.fails_at(claim.counterexample({x: -1}))
        True
        """
        return refute(self.given, self.concludes, point(values))


def _check_names(formulas: Iterable[Formula]) -> None:
    """Refuse one name for a real and an integer: they would read as the same."""
    found = frozenset[Atom]().union(*map(free_symbols, formulas))
    for atom in found:
        twin = next((a for a in found if a.name == atom.name and a != atom), None)
        if twin is not None and (atom.kind in FAMILIES) is (twin.kind in FAMILIES):
            raise ProofError(f"{atom.name} is both a real and an integer: rename one")


def genuine(claim: Claim) -> Claim:
    """Copy a claim: a subclass, or a claim that was altered, is read anew."""
    return Claim(given=claim.given, concludes=claim.concludes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Counterexamples for every value of some parameters, however large.

    Attributes
    ----------
    instance : mapping
        What is put for the symbols and sequences of the claim, as for `adlopt.proof.put`.
    meets : tuple of Fact
        One proof for each hypothesis of the claim, after that replacement.
    violates : Fact
        A proof that the claim's conclusion then fails.
    when : tuple of Formula
        The conditions on the parameters that these proofs may use.
    witness : mapping
        Numbers at which the conditions hold together, as for `adlopt.proof.notation.point`: there
        is such a counterexample.
    """

    instance: Mapping[Any, Any]
    meets: tuple[Fact, ...]
    violates: Fact
    when: tuple[Formula, ...]
    witness: Mapping[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_witness(self.when, [self.witness], "counterexamples")

    def refutes(self, claim: Claim) -> bool:
        """Say whether the family is a counterexample to this very claim."""
        return not self.gaps(claim)

    def gaps(self, claim: Claim) -> list[str]:
        """Say what is missing for a counterexample to `claim`; nothing, if it is one."""
        changes = replacements(self.instance)
        met = {sequent(fact).conclusion for fact in self.meets}
        needed = {substitute(formula, changes) for formula in claim.given}
        gaps = [f"not met: {formula}" for formula in sorted(needed - met, key=str)]
        failing = denial(substitute(claim.concludes, changes))
        if sequent(self.violates).conclusion != failing:
            gaps.append(f"not violated: {failing}")
        used = frozenset[Formula]().union(
            *(sequent(fact).hypotheses for fact in (*self.meets, self.violates))
        )
        extra = sorted(used - set(self.when), key=str)
        return gaps + [f"an extra condition: {formula}" for formula in extra]


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseVariant:
    """A nearby claim that is false: numbers refute it, and a derivation that closes fails on it.

    Attributes
    ----------
    name : str
        How it differs: a constant sharpened, a hypothesis dropped, a sign turned.
    derivation : callable
        Derives the true statement, and returns the Fact or a collection of Facts.
    changed : mapping from str to object
        The arguments with which the same derivation has to raise ProofError.
    holds : mapping from str to object
        Its arguments for the true statement; those it has of its own unless given.
    claim : Claim
        The false statement.
    counterexample : Refutation or Family
        Numbers that refute `claim`.
    """

    name: str
    derivation: Callable[..., object]
    changed: Mapping[str, Any]
    holds: Mapping[str, Any] = field(default_factory=dict)
    claim: Claim
    counterexample: Refutation | Family

    def __post_init__(self) -> None:
        object.__setattr__(self, "claim", genuine(self.claim))
        if type(self.counterexample) not in (Refutation, Family):
            raise ProofError(f"{self.name}: a counterexample is a Refutation or a Family")

    def check(self) -> str:
        """Check that the variant is refuted, and that only the true statement is derived.

        Returns
        -------
        str
            Why the derivation does not close on the variant.
        """
        self.derived()
        return self.rejection()

    def derived(self) -> list[Fact]:
        """Run the derivation on the true statement; it has to close."""
        found = facts_in(self.derivation(**self.holds))
        if not found:
            raise ProofError(f"what {self.name!r} changes derives nothing to begin with")
        return found

    def rejection(self) -> str:
        """Check that the variant is refuted and not derived; return why it is not derived."""
        found = self.counterexample
        if not (
            found.refutes(self.claim) if isinstance(found, Family) else self.claim.fails_at(found)
        ):
            raise ProofError(f"the counterexample to {self.name!r} is to another claim")
        try:
            self.derivation(**{**self.holds, **self.changed})
        except ProofError as error:
            return str(error)
        raise ProofError(f"the false variant {self.name!r} was not rejected")


def facts_in(derived: object) -> list[Fact]:
    """Collect what was derived: a Fact, or Facts in collections."""
    if isinstance(derived, Fact):
        sequent(derived)
        return [derived]
    parts = derived.values() if isinstance(derived, Mapping) else derived
    if isinstance(parts, str) or not isinstance(parts, Iterable):
        raise ProofError("a derivation returns the Fact that it derives, or several")
    return [fact for part in parts for fact in facts_in(part)]
