"""What machines are given of proofs that were checked, and of certificates in files."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from adlopt.show.schema.data import VERSION, Data, Part


class LetterData(msgspec.Struct, forbid_unknown_fields=True):
    """What a symbol means, or a sequence at its indices: its unit, 1 for none, and its source."""

    symbol: str
    meaning: str
    unit: str = "1"
    source: str = "here"


class HypothesisData(msgspec.Struct, forbid_unknown_fields=True):
    """A hypothesis as a formula and in words, which are empty where nobody gave any."""

    says: str
    words: str


class ProofData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What became of one proof file."""

    file: str
    """Name without its suffix."""
    item: str = ""
    """What it is about; empty if it could not be read."""
    verdict: str = "FAILED"
    """The declared verdict, if the evidence reaches it, else FAILED."""
    added: list[str] = []
    """Hypotheses that the source does not state."""
    axioms: list[str] = []
    """What is taken from the literature instead of being derived, with its source."""
    instead: list[str] = []
    """What holds in place of a claim that is refuted, or beyond it."""
    rejected: dict[str, str] = {}
    """Why the derivation does not close on the false variants, by their names."""
    tightness: str = ""
    citation: str = ""
    letters: list[LetterData] = []
    """What the symbols of its claims and hypotheses mean."""
    hypotheses: list[HypothesisData] = []
    """All that some claim rests on."""
    seconds: float = 0.0
    """Time the check took."""
    error: str = ""
    """Why it failed; empty if it did not."""


class ProofsData(Data, kw_only=True):
    """The verdicts on proofs, and the files that failed."""

    proofs: list[ProofData]
    failed: list[str]
    seconds: float


class StatementData(Part):
    """A term compared with 0, perhaps for every index of ranges.

    A term is a list of monomials: a coefficient p/q, and pairs of an atom and its power. An atom is
    its kind, its name, and the terms it is applied to. `says` is the same in plain text, and
    `words` what a hypothesis means.
    """

    says: str
    relation: str
    term: list[Any]
    ranges: list[list[Any]]
    words: str = ""


class CombinationData(Part):
    """Why a term is a sum of products of nonnegative parts, and of multiples of zeros.

    A product is its coefficient, the places of its premises, and a term that is squared, or null; a
    multiple is the place of a premise and a term.
    """

    products: list[tuple[str, list[int], list[Any] | None]]
    multiples: list[tuple[int, list[Any]]]


class StepData(Part):
    """A step: what it says under which hypotheses, by which rule, and from what.

    Premises are numbers of steps, or of hypotheses as -1, -2, ...; `arguments` are what else the
    rule was called with.
    """

    number: int
    name: str
    conclusion: StatementData
    given: list[int]
    rule: str
    premises: list[int]
    certificate: CombinationData | None
    arguments: list[Any]


class DerivationData(Data):
    """A theorem with every step of its derivation; claims are the numbers of steps."""

    item: str
    title: str
    citation: str
    statement: str
    verdict: str
    axioms: list[str]
    added: list[str]
    letters: list[LetterData]
    hypotheses: list[StatementData]
    steps: list[StepData]
    claims: dict[str, int]


class InstanceData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a certificate is of: the SHA-256 of the canonical form of an instance's content."""

    kind: str
    sha256: str


class CriterionData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A criterion: what the answer costs, what none costs less than, and what proves it.

    `trust` is exact where `lower` is proved, else reported; `reported` is what a search claims
    where that is more than what is proved.
    """

    criterion: str
    upper: float
    lower: float
    trust: Literal["exact", "reported"]
    reported: float | None = None
    witness: dict[str, Any] = {}


class CertificateFileData(Data, kw_only=True, tag=f"adlopt/certificate/{VERSION}"):
    """An answer as evidence: bound to its instance, with a witness of both ends.

    `extra_usd` is null where any more may be raised; `answer` has a haircut an account, USD, and is
    empty where there is none, `infeasible`, of which `witness` has the multipliers.
    """

    adlopt: str
    instance: InstanceData
    objective: dict[str, Any]
    extra_usd: float | None
    limits: list[str]
    answer: dict[str, Any]
    criteria: list[CriterionData]
    infeasible: bool = False
    witness: dict[str, Any] = msgspec.field(default_factory=dict)
