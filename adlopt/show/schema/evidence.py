"""Data of certificates in files, which others check: see `adlcheck.py`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from adlopt.show.schema.data import VERSION, Data


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
    empty where there is none, `infeasible`.
    """

    adlopt: str
    instance: InstanceData
    objective: dict[str, Any]
    extra_usd: float | None
    limits: list[str]
    answer: dict[str, Any]
    criteria: list[CriterionData]
    infeasible: bool = False
