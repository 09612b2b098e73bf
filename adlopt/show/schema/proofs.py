"""What machines are given of proofs that were checked."""

from __future__ import annotations

import msgspec

from adlopt.show.schema.data import Data


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
    seconds: float = 0.0
    """Time the check took."""
    error: str = ""
    """Why it failed; empty if it did not."""


class ProofsData(Data, kw_only=True):
    """The verdicts on proofs, and the files that failed."""

    proofs: list[ProofData]
    failed: list[str]
    seconds: float
