"""Theorems: a claim, the verdict on it, and the evidence, checked whenever one is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.formula import Formula, denial, own_formula, substitute
from adlopt.proof.kernel import Axiom, Fact, sequent
from adlopt.proof.notation import point, replacements
from adlopt.proof.refutation import Refutation, copied, evidence, refute, satisfy


class Verdict(Enum):
    """What became of a claim."""

    PROVED = "PROVED"
    PROVED_UNDER = "PROVED UNDER"
    REFUTED = "REFUTED"
    OPEN = "OPEN"


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
    """

    instance: Mapping[Any, Any]
    meets: tuple[Fact, ...]
    violates: Fact
    when: tuple[Formula, ...]

    def refutes(self, claim: Claim) -> bool:
        """Say whether the family is a counterexample to this very claim."""
        return not self.gaps(claim)

    def gaps(self, claim: Claim) -> list[str]:
        """Say what is missing for a counterexample to `claim`; nothing, if it is one."""
        changes = replacements(self.instance)
        met = {sequent(fact).conclusion for fact in self.meets}
        needed = {substitute(formula, changes) for formula in claim.given}
        gaps = [f"not met: {formula}" for formula in needed - met]
        failing = denial(substitute(claim.concludes, changes))
        if sequent(self.violates).conclusion != failing:
            gaps.append(f"not violated: {failing}")
        used = frozenset[Formula]().union(
            *(sequent(fact).hypotheses for fact in (*self.meets, self.violates))
        )
        return gaps + [f"an extra condition: {formula}" for formula in used - set(self.when)]


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

    def check(self) -> None:
        """Check that the variant is refuted, and that only the true statement is derived."""
        self.check_derivation()
        self.check_variant()

    def check_derivation(self) -> None:
        """Check that the derivation closes on the true statement."""
        if not _conclusions(self.derivation(**self.holds)):
            raise ProofError(f"what {self.name!r} changes derives nothing to begin with")

    def check_variant(self) -> None:
        """Check that the variant is refuted, and not derived."""
        found = self.counterexample
        if not (
            found.refutes(self.claim) if isinstance(found, Family) else self.claim.fails_at(found)
        ):
            raise ProofError(f"the counterexample to {self.name!r} is to another claim")
        try:
            self.attempt()
        except ProofError:
            return
        raise ProofError(f"the false variant {self.name!r} was not rejected")

    def attempt(self) -> object:
        """Run the derivation on the false statement; it has to raise ProofError."""
        return self.derivation(**{**self.holds, **self.changed})


@dataclass(frozen=True, slots=True, kw_only=True)
class Theorem:
    """A claim of the literature (or a new one), its verdict and the evidence for it.

    Attributes
    ----------
    item, title, citation, tightness : str
        Name of the claim, one line about it, its source, and how sharp it is.
    statement : str
        The claim in words, as its source has it.
    verdict : Verdict
        The declared verdict; making the theorem checks that the evidence reaches it.
    claims : mapping from str to Claim
        What is claimed, part by part.
    added : mapping from str to Formula
        Hypotheses that the source does not state, with the words for them.
    cited : mapping from Axiom to tuple of Formula
        Theorems of the literature about objects that the kernel has no words for (exponential
        weights, maximal flows). They stand as hypotheses of the facts that use them: an axiom of
        the kernel would hold for every value of its symbols, not for these objects alone.
    remarks : tuple of str
        What a reader has to know besides (parameters tuned in hindsight, say).
    facts : mapping from str to Fact
        A proof of each part, unless refuted.
    refutation : Refutation, Family or tuple of these, optional
        A counterexample to one of the claims, a family of them, or several, of which each has to
        refute a claim.
    corrected : mapping from str to tuple of Claim and Fact
        What holds instead.
    instead : tuple of Theorem
        Theorems of their own that hold instead.
    steps : mapping from str to Fact
        The steps worth naming in a report.
    witness : mapping or tuple of mappings
        Numbers at which all hypotheses of a claim hold together: no claim is empty.
    false_variants : tuple of FalseVariant
        At least two.
    """

    item: str
    title: str
    citation: str
    statement: str
    verdict: Verdict
    tightness: str = "not studied"
    claims: Mapping[str, Claim]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    added: Mapping[str, Formula] = field(default_factory=dict)
    cited: Mapping[Axiom, tuple[Formula, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    refutation: Refutation | Family | tuple[Refutation | Family, ...] | None = None
    corrected: Mapping[str, tuple[Claim, Fact]] = field(default_factory=dict)
    instead: tuple[Theorem, ...] = ()
    steps: Mapping[str, Fact] = field(default_factory=dict)
    witness: Mapping[Any, Any] | tuple[Mapping[Any, Any], ...] = ()
    false_variants: tuple[FalseVariant, ...] = ()

    def __post_init__(self) -> None:
        for name in ("claims", "facts", "added", "cited", "corrected", "steps"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for name in ("remarks", "instead", "false_variants"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        self.check_evidence()

    def check_evidence(self) -> None:
        """Check that the evidence reaches the declared verdict, and that the witness is one.

        Raises
        ------
        ProofError
            Saying what is missing.
        """
        reached = self._reached()
        if reached is not self.verdict:
            families = [found for found in self.refutations if isinstance(found, Family)]
            gaps = [g for found in families for c in self.claims.values() for g in found.gaps(c)]
            said = f"declared {self.verdict.value}, but the evidence gives {reached.value}"
            raise ProofError("\n".join([f"{self.item}: {said}", *gaps]))
        for name, fact in self.facts.items():
            if self.refutations and not self.claims[name].follows_from(fact):
                raise ProofError(f"{self.item}: {name!r} is not what was proved")
        for name, (claim, fact) in self.corrected.items():
            if not claim.follows_from(fact):
                raise ProofError(
                    f"{self.item}: the corrected claim {name!r} is not what was proved"
                )
        self._check_witness()

    def _reached(self) -> Verdict:
        if self.refutations:
            refuted = all(self._refuted(found) for found in self.refutations)
            return Verdict.REFUTED if refuted else Verdict.OPEN
        if not self.claims.keys() <= self.facts.keys():
            return Verdict.OPEN
        if self._follow(self.theorems):
            return Verdict.PROVED
        return Verdict.PROVED_UNDER if self._follow(self.besides) else Verdict.OPEN

    @property
    def refutations(self) -> tuple[Refutation | Family, ...]:
        """Return every counterexample."""
        found = self.refutation
        return found if isinstance(found, tuple) else () if found is None else (found,)

    def _follow(self, besides: tuple[Formula, ...]) -> bool:
        """Say whether each claim is proved under its own hypotheses and these."""
        wider = {
            name: Claim(given=(*claim.given, *besides), concludes=claim.concludes)
            for name, claim in self.claims.items()
        }
        return all(claim.follows_from(self.facts[name]) for name, claim in wider.items())

    @property
    def theorems(self) -> tuple[Formula, ...]:
        """Return what is cited."""
        return tuple(formula for said in self.cited.values() for formula in said)

    @property
    def besides(self) -> tuple[Formula, ...]:
        """Return the hypotheses that facts may have besides those of their claims."""
        return (*self.theorems, *self.added.values())

    def _refuted(self, refutation: Refutation | Family) -> bool:
        claims = self.claims.values()
        if isinstance(refutation, Refutation):
            return any(claim.fails_at(refutation) for claim in claims)
        return any(refutation.refutes(claim) for claim in claims)

    def _check_witness(self) -> None:
        """Check that the hypotheses of each claim hold together at one of the points."""
        claims = [*self.claims.values(), *(claim for claim, _ in self.corrected.values())]
        groups = [(*claim.given, *self.besides) for claim in claims]
        groups += [found.when for found in self.refutations if isinstance(found, Family)]
        points = self.witness if isinstance(self.witness, tuple) else (self.witness,)
        for group in filter(None, groups):
            _satisfy_at_one(self.item, group, points)

    @property
    def axioms(self) -> frozenset[Axiom]:
        """Return what the evidence takes from the literature."""
        used: Iterable[Fact] = [
            *self.facts.values(),
            *self.steps.values(),
            *(fact for _, fact in self.corrected.values()),
        ]
        families = [found for found in self.refutations if isinstance(found, Family)]
        family = [fact for found in families for fact in (*found.meets, found.violates)]
        below = (theorem.axioms for theorem in self.instead)
        taken = (fact.axioms for fact in [*used, *family])
        return frozenset(self.cited).union(*taken, *below)

    def check_variants(self) -> None:
        """Check that every false variant is rejected; there have to be at least two."""
        if len(self.false_variants) < 2:
            raise ProofError(f"{self.item}: name at least two false variants")
        closed: list[tuple[object, Mapping[str, Any]]] = []
        for variant in self.false_variants:
            if (variant.derivation, variant.holds) not in closed:
                variant.check_derivation()
                closed.append((variant.derivation, variant.holds))
            variant.check_variant()


def _conclusions(derived: object) -> list[Formula]:
    """Collect what was derived: a Fact, or Facts in collections."""
    if isinstance(derived, Fact):
        return [sequent(derived).conclusion]
    parts = derived.values() if isinstance(derived, Mapping) else derived
    if isinstance(parts, str) or not isinstance(parts, Iterable):
        raise ProofError("a derivation returns the Fact that it derives, or several")
    return [formula for part in parts for formula in _conclusions(part)]


def _satisfy_at_one(
    item: str, formulas: Iterable[Formula], points: tuple[Mapping[Any, Any], ...]
) -> None:
    wrong = "there is none"
    for values in points:
        try:
            return satisfy(formulas, point(values))
        except ProofError as error:
            wrong = str(error)
    raise ProofError(f"{item}: give a witness that its hypotheses can hold together; {wrong}")
