"""Theorems: claims, the verdict on them, and the evidence, checked whenever one is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.claim import Claim, FalseVariant, Family, genuine
from adlopt.proof.formula import Formula
from adlopt.proof.kernel import Axiom, Fact, sequent
from adlopt.proof.notation import point
from adlopt.proof.refutation import Refutation, satisfy


class Verdict(Enum):
    """What became of a claim."""

    PROVED = "PROVED"
    PROVED_UNDER = "PROVED UNDER"
    REFUTED = "REFUTED"
    OPEN = "OPEN"


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
        owned: dict[str, dict[Any, Any]] = {
            name: dict(getattr(self, name)) for name in ("facts", "added", "cited", "steps")
        }
        owned["claims"] = {name: genuine(claim) for name, claim in self.claims.items()}
        owned["corrected"] = {n: (genuine(c), fact) for n, (c, fact) in self.corrected.items()}
        for name, entries in owned.items():
            object.__setattr__(self, name, MappingProxyType(entries))
        for name in ("remarks", "instead", "false_variants"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not all(type(found) in (Refutation, Family) for found in self.refutations):
            raise ProofError(f"{self.item}: a refutation is a Refutation or a Family")
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
            claims = self.claims.values()
            gaps = [gap for found in self._families() for c in claims for gap in found.gaps(c)]
            said = f"declared {self.verdict.value}, but the evidence gives {reached.value}"
            raise ProofError("\n".join([f"{self.item}: {said}", *gaps, *self._gaps()]))
        for name, fact in self.facts.items():
            if self.refutations and not self.claims[name].follows_from(fact):
                raise ProofError(f"{self.item}: {name!r} is not what was proved")
        for name, (claim, fact) in self.corrected.items():
            if not claim.follows_from(fact):
                raise ProofError(
                    f"{self.item}: the corrected claim {name!r} is not what was proved"
                )
        self._check_witness()

    def check_variants(self) -> None:
        """Check that every false variant is rejected; there have to be at least two."""
        if len(self.false_variants) < 2:
            raise ProofError(f"{self.item}: name at least two false variants")
        closed: list[tuple[object, Mapping[str, Any]]] = []
        for variant in self.false_variants:
            if type(variant) is not FalseVariant:
                raise ProofError(f"{self.item}: a false variant is a FalseVariant")
            if (variant.derivation, variant.holds) not in closed:
                variant.check_derivation()
                closed.append((variant.derivation, variant.holds))
            variant.check_variant()

    @property
    def refutations(self) -> tuple[Refutation | Family, ...]:
        """Return every counterexample."""
        found = self.refutation
        return found if isinstance(found, tuple) else () if found is None else (found,)

    @property
    def theorems(self) -> tuple[Formula, ...]:
        """Return what is cited."""
        return tuple(formula for said in self.cited.values() for formula in said)

    @property
    def besides(self) -> tuple[Formula, ...]:
        """Return the hypotheses that facts may have besides those of their claims."""
        return (*self.theorems, *self.added.values())

    @property
    def axioms(self) -> frozenset[Axiom]:
        """Return what the evidence takes from the literature."""
        used: Iterable[Fact] = [
            *self.facts.values(),
            *self.steps.values(),
            *(fact for _, fact in self.corrected.values()),
            *(fact for found in self._families() for fact in (*found.meets, found.violates)),
        ]
        below = (theorem.axioms for theorem in self.instead)
        return frozenset(self.cited).union(*(fact.axioms for fact in used), *below)

    def _reached(self) -> Verdict:
        if self.refutations:
            refuted = all(self._refuted(found) for found in self.refutations)
            return Verdict.REFUTED if refuted else Verdict.OPEN
        if not self.claims.keys() <= self.facts.keys():
            return Verdict.OPEN
        if self._follow(self.theorems):
            return Verdict.PROVED
        return Verdict.PROVED_UNDER if self._follow(self.besides) else Verdict.OPEN

    def _gaps(self) -> list[str]:
        """Say which claims are not what was proved, and what was."""
        besides = set(self.besides)
        gaps = []
        for name, claim in self.claims.items():
            fact = self.facts.get(name)
            extra = sequent(fact).hypotheses - besides - set(claim.given) if fact else ()
            if fact and fact.conclusion != claim.concludes:
                gaps.append(f"{name}: claimed {claim.concludes}, proved {fact.conclusion}")
            gaps += [f"{name}: proved only under {formula}" for formula in extra]
        return gaps

    def _follow(self, besides: tuple[Formula, ...]) -> bool:
        """Say whether each claim is proved under its own hypotheses and these."""
        wider = {
            name: Claim(given=(*claim.given, *besides), concludes=claim.concludes)
            for name, claim in self.claims.items()
        }
        return all(claim.follows_from(self.facts[name]) for name, claim in wider.items())

    def _refuted(self, refutation: Refutation | Family) -> bool:
        claims = self.claims.values()
        if isinstance(refutation, Refutation):
            return any(claim.fails_at(refutation) for claim in claims)
        return any(refutation.refutes(claim) for claim in claims)

    def _check_witness(self) -> None:
        """Check that the hypotheses of each claim hold together at one of the points."""
        claims = [*self.claims.values(), *(claim for claim, _ in self.corrected.values())]
        groups = [(*claim.given, *self.besides) for claim in claims]
        groups += [found.when for found in self._families()]
        points = self.witness if isinstance(self.witness, tuple) else (self.witness,)
        for group in filter(None, groups):
            _satisfy_at_one(self.item, group, points)

    def _families(self) -> list[Family]:
        return [found for found in self.refutations if isinstance(found, Family)]


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
