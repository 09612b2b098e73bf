"""Theorems: claims, the verdict on them, and the evidence, checked whenever one is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.claim import Claim, FalseVariant, Family, genuine
from adlopt.proof.formula import Formula
from adlopt.proof.kernel import Axiom, Fact, Sequent, sequent
from adlopt.proof.legend import check_used, fitting, joined, owned_letters, owned_words
from adlopt.proof.refutation import Refutation
from adlopt.proof.shown import in_notebook
from adlopt.proof.step import Step
from adlopt.proof.witness import check_witness
from adlopt.show.schema.proofs import LetterData

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Verdict(Enum):
    """What became of a claim."""

    PROVED = "PROVED"
    """Under its own hypotheses."""
    PROVED_FROM = "PROVED FROM"
    """From theorems of the literature, which are named, and its own hypotheses."""
    PROVED_UNDER = "PROVED UNDER"
    """With hypotheses that its source does not state; and from the literature, if any is named."""
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
    proves : mapping from str to Step
        What is claimed, part by part, with its derivation and false variants: these become
        `claims`, `facts` and `false_variants`.
    claims : mapping from str to Claim
        What is claimed; at least one.
    facts : mapping from str to Fact
        A proof of each claim, unless refuted.
    added : mapping from str to Formula
        Hypotheses that the source does not state, with the words for them.
    cited : mapping from Axiom to tuple of Formula
        Theorems of the literature, about objects that the kernel has no words for (exponential
        weights). They stand as hypotheses of claims and facts: an axiom
        of the kernel would hold for every value of its symbols, not for these objects alone.
    remarks : tuple of str
        What a reader has to know besides (parameters tuned in hindsight, say).
    refutation : Refutation, Family or tuple of these, optional
        A counterexample to one of the claims, a family of them, or several, of which each has to
        refute a claim.
    corrected : mapping from str to Step
        What holds instead; its false variants join the others.
    instead : tuple of Theorem
        Theorems of their own that hold instead.
    steps : mapping from str to Fact or Step
        The steps worth naming in a report; a Step has false variants of its own.
    witness : mapping or tuple of mappings
        Numbers at which all hypotheses of a claim hold together: no claim is empty. See
        `adlopt.proof.witness`.
    false_variants : tuple of FalseVariant
        At least two, each of something that the evidence rests on.
    letters : mapping
        What symbols mean: a text, or a tuple of meaning, unit and source, by symbol, or by sequence
        at its indices, as D(t).
    words : mapping from str to Formula
        The hypotheses in words, each for one formula or for several.
    """

    item: str
    title: str
    citation: str
    statement: str
    verdict: Verdict
    tightness: str = "not studied"
    proves: InitVar[Mapping[str, Step]] = NOTHING
    claims: Mapping[str, Claim] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    added: Mapping[str, Formula] = field(default_factory=dict)
    cited: Mapping[Axiom, tuple[Formula, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    refutation: Refutation | Family | tuple[Refutation | Family, ...] | None = None
    corrected: Mapping[str, Step] = field(default_factory=dict)
    instead: tuple[Theorem, ...] = ()
    steps: Mapping[str, Any] = field(default_factory=dict)
    witness: Mapping[Any, Any] | tuple[Mapping[Any, Any], ...] = ()
    false_variants: tuple[FalseVariant, ...] = ()
    letters: Mapping[Any, Any] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self, proves: Mapping[str, Step]) -> None:
        steps = [each for each in self.steps.values() if isinstance(each, Step)]
        steps += [*proves.values(), *self.corrected.values()]
        if not all(type(step) is Step for step in steps):
            raise ProofError(f"{self.item}: what proves or corrects is a Step")
        claims = {**self.claims, **{name: step.stated for name, step in proves.items()}}
        known = {variant.name for variant in self.false_variants}
        made = [v for step in steps for v in step.variants() if v.name not in known]
        owned: dict[str, dict[Any, Any]] = {
            name: dict(getattr(self, name)) for name in ("added", "cited", "corrected")
        }
        owned["claims"] = {name: genuine(claim) for name, claim in claims.items()}
        owned["facts"] = {**self.facts, **{name: step.fact for name, step in proves.items()}}
        owned["steps"] = {n: s.fact if isinstance(s, Step) else s for n, s in self.steps.items()}
        owned["letters"], owned["words"] = owned_letters(self.letters), owned_words(self.words)
        for name, entries in owned.items():
            object.__setattr__(self, name, MappingProxyType(entries))
        object.__setattr__(self, "false_variants", (*self.false_variants, *made))
        for name in ("remarks", "instead"):
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
        if not self.claims:
            raise ProofError(f"{self.item}: a theorem claims something: give it claims")
        reached = self._reached()
        if reached is not self.verdict:
            claims = self.claims.values()
            gaps = [gap for found in self._families() for c in claims for gap in found.gaps(c)]
            said = f"declared {self.verdict.value}, but the evidence gives {reached.value}"
            raise ProofError("\n".join([f"{self.item}: {said}", *gaps, *self._gaps()]))
        for name, fact in self.facts.items():
            if self.refutations and not self.claims[name].follows_from(fact):
                raise ProofError(f"{self.item}: {name!r} is not what was proved")
        for name, step in self.corrected.items():
            if not genuine(step.stated).follows_from(step.fact):
                said = f"the corrected claim {name!r} is not what was proved"
                raise ProofError(f"{self.item}: {said}")
        self._check_cited()
        self._check_witness()
        check_used(self.letters, self.words, self.said, self.hypotheses)

    def rejections(self) -> dict[str, str]:
        """Check that every false variant is rejected, and is about what the evidence rests on.

        Returns
        -------
        dict
            Why the derivation does not close, by the name of the variant.

        Raises
        ------
        ProofError
            If one is not rejected, is about something else, or there are fewer than two.
        """
        if len(self.false_variants) < 2:
            raise ProofError(f"{self.item}: name at least two false variants")
        told, below = {}, {(said.hypotheses, said.conclusion) for said in self.statements()}
        for variant in self.false_variants:
            if type(variant) is not FalseVariant:
                raise ProofError(f"{self.item}: a false variant is a FalseVariant")
            derived = [sequent(fact) for fact in variant.derived()]
            if not any((said.hypotheses, said.conclusion) in below for said in derived):
                said = "no fact of the theorem rests on what it changes"
                raise ProofError(f"{self.item}: the false variant {variant.name!r}: {said}")
            told[variant.name] = variant.rejection()
        return told

    def statements(self) -> list[Sequent]:
        """Return what the evidence derives, premises first, each statement once."""
        return statements(self.evidence().values())

    def evidence(self) -> dict[str, Fact]:
        """Return every fact of the evidence, by its name."""
        found = {**self.steps, **self.facts}
        found |= {name: step.fact for name, step in self.corrected.items()}
        for k, family in enumerate(self._families(), 1):
            found |= {f"met by ({k}), {i}": fact for i, fact in enumerate(family.meets, 1)}
            found |= {f"the claim fails for ({k})": family.violates}
        return found

    def _repr_markdown_(self) -> str | None:
        return in_notebook(self)

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
    def stated(self) -> dict[str, Claim]:
        """Return every claim, and what holds instead, by its name."""
        return {**self.claims, **{name: step.stated for name, step in self.corrected.items()}}

    @property
    def hypotheses(self) -> tuple[Formula, ...]:
        """Return what some claim rests on, and when some counterexample is one; each once."""
        said = [formula for claim in self.stated.values() for formula in claim.given]
        when = [formula for family in self._families() for formula in family.when]
        return tuple(dict.fromkeys([*said, *self.besides, *when]))

    @property
    def said(self) -> tuple[Formula, ...]:
        """Return the hypotheses, and what is concluded from them."""
        return (*self.hypotheses, *(claim.concludes for claim in self.stated.values()))

    @property
    def legend(self) -> list[LetterData]:
        """Return what the symbols of claims and hypotheses mean."""
        made = (LetterData(symbol, *said) for symbol, said in self.letters.items())
        return sorted(made, key=lambda letter: (letter.symbol.lower(), letter.symbol))

    @property
    def worded(self) -> dict[Formula, str]:
        """Return the hypotheses and the words for them, empty where nobody gave any."""
        cited = {f"from the literature: {axiom.name}": of for axiom, of in self.cited.items()}
        every = joined(owned_words({**self.added, **cited}), self.words, self.hypotheses)
        words = {formula: said for said, formulas in every.items() for formula in formulas}
        return {formula: words.get(str(formula), "") for formula in self.hypotheses}

    def explained_by(self, letters: Mapping[str, Any], words: Mapping[str, Any]) -> Theorem:
        """Return the theorem with what proofs of its folder share, where it says nothing else."""
        return replace(
            self,
            letters=fitting(letters, self.letters, self.said),
            words=joined(words, self.words, self.hypotheses),
        )

    @property
    def besides(self) -> tuple[Formula, ...]:
        """Return the hypotheses that facts may have besides those of their claims."""
        return (*self.theorems, *self.added.values())

    @property
    def axioms(self) -> frozenset[Axiom]:
        """Return what the evidence takes from the literature."""
        below = (theorem.axioms for theorem in self.instead)
        used = (fact.axioms for fact in self.evidence().values())
        return frozenset(self.cited).union(*used, *below)

    def _reached(self) -> Verdict:
        if self.refutations:
            refuted = all(self._refuted(found) for found in self.refutations)
            return Verdict.REFUTED if refuted else Verdict.OPEN
        if not self.claims.keys() <= self.facts.keys():
            return Verdict.OPEN
        extra = frozenset[Formula]().union(*(self._extra(name) for name in self.claims))
        if extra - set(self.besides) or self._other_conclusions():
            return Verdict.OPEN
        if extra - set(self.theorems):
            return Verdict.PROVED_UNDER
        taken = extra or any(self.facts[name].axioms for name in self.claims)
        return Verdict.PROVED_FROM if taken else Verdict.PROVED

    def _extra(self, name: str) -> frozenset[Formula]:
        """Return what the proof of a claim assumes besides its own hypotheses."""
        own = set(self.claims[name].given) - set(self.theorems)
        return sequent(self.facts[name]).hypotheses - own

    def _other_conclusions(self) -> list[str]:
        """Say which claims are not what was proved, and what was."""
        pairs = [(name, claim, self.facts.get(name)) for name, claim in self.claims.items()]
        return [
            f"{name}: claimed {claim.concludes}, proved {fact.conclusion}"
            for name, claim, fact in pairs
            if fact is not None and fact.conclusion != claim.concludes
        ]

    def _gaps(self) -> list[str]:
        """Say what keeps the evidence from the declared verdict."""
        extra = {
            f"{name}: proved only under {formula}"
            for name in self.claims.keys() & self.facts.keys()
            for formula in self._extra(name) - set(self.besides)
        }
        return [*self._other_conclusions(), *sorted(extra)]

    def _refuted(self, refutation: Refutation | Family) -> bool:
        claims = self.claims.values()
        if isinstance(refutation, Refutation):
            return any(claim.fails_at(refutation) for claim in claims)
        return any(refutation.refutes(claim) for claim in claims)

    def _check_cited(self) -> None:
        """Check that whatever is cited is used."""
        used = frozenset[Formula]().union(*(fact.hypotheses for fact in self.evidence().values()))
        for axiom, said in self.cited.items():
            idle = next((formula for formula in said if formula not in used), None)
            if idle is not None or not said:
                raise ProofError(f"{self.item}: no fact rests on what is cited as {axiom.name!r}")

    def _check_witness(self) -> None:
        """Check that the hypotheses of each claim hold together at one of the points."""
        points = self.witness if isinstance(self.witness, tuple) else (self.witness,)
        facts = {**self.facts, **{name: step.fact for name, step in self.corrected.items()}}
        for name, claim in self.stated.items():
            used = facts[name].hypotheses if name in facts else frozenset[Formula]()
            cited = [formula for formula in self.theorems if formula in used]
            given, of = (*claim.given, *cited, *self.added.values()), f"{self.item}, {name}"
            check_witness(given, points, of, claim.concludes)

    def _families(self) -> list[Family]:
        return [found for found in self.refutations if isinstance(found, Family)]


def statements(facts: Iterable[Fact]) -> list[Sequent]:
    """Return the steps to some facts, premises first, each statement once."""
    found: dict[tuple[object, ...], Sequent] = {}
    seen: set[int] = set()

    def visit(fact: Fact) -> None:
        said = sequent(fact)
        if id(fact) in seen or is_assumed(said) or key_of(said) in found:
            return
        seen.add(id(fact))
        for premise in said.premises:
            visit(premise)
        found.setdefault(key_of(said), said)

    for fact in facts:
        visit(fact)
    return list(found.values())


def key_of(said: Sequent) -> tuple[frozenset[Formula], Formula, frozenset[Axiom]]:
    """Return what makes two facts the same statement, however each was derived."""
    return said.hypotheses, said.conclusion, said.axioms


def is_assumed(said: Sequent) -> bool:
    """Say whether a fact only repeats its hypothesis."""
    return said.hypotheses == {said.conclusion}
