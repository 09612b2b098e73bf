"""Certificates in files: written once they have been checked, by the code that others use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from importlib.metadata import version
from math import inf, nextafter
from pathlib import Path
from typing import Any

import msgspec

from adlopt.errors import CertificateError, InputError
from adlopt.optimum.evidence import adlcheck
from adlopt.optimum.evidence.question import Question
from adlopt.show.answer import plain
from adlopt.show.schema.proofs import CertificateFileData, CriterionData, InstanceData


def evidence_of(
    question: Question,
    answer: Mapping[str, Any],
    claimed: Iterable[float],
    witnesses: Iterable[Mapping[str, Any]] = (),
    *,
    infeasible: bool = False,
    farkas: Mapping[str, Any] | None = None,
) -> CertificateFileData:
    """State what is proved of an answer, or that there is none.

    `claimed` is what the solver holds for a lower bound of each criterion: stated as reported where
    it says more than what is proved here; `witnesses` have what the proof of each needs.
    `CertificateError` if the answer does not survive, `InputError` if the checker knows no such
    instance or objective.
    """
    content = question.content()
    data = CertificateFileData(
        adlopt=version("adlopt"),
        instance=InstanceData(kind=content["kind"], sha256=adlcheck.fingerprint(content)),
        objective=question.goal(),
        extra_usd=None if question.budget.extra == inf else question.budget.extra,
        limits=[key for key in adlcheck.LIMITS if key in content],
        answer=dict(answer),
        criteria=[
            CriterionData(
                criterion="", upper=0.0, lower=0.0, trust="reported", witness=_plain(given)
            )
            for given in witnesses
        ],
        infeasible=infeasible,
        witness=_plain(farkas or {}),
    )
    try:
        claim = adlcheck.Testimony(msgspec.to_builtins(data))
        if infeasible:
            adlcheck.why_infeasible(content, claim)
            return data
        proved = adlcheck.prove(content, claim)
    except adlcheck.Invalid as reason:
        raise CertificateError(f"the answer does not survive its check: {reason}") from None
    told = [each.witness for each in data.criteria] + [{}] * len(proved)
    rows = zip(proved, claimed, told[: len(proved)], strict=True)
    data.criteria = [_stated(*each) for each in rows]
    return data


def _plain(witness: Mapping[str, Any]) -> dict[str, Any]:
    """Prices as lists, in trees, too; words and numbers as they are."""
    trees = {name: _plain(each) for name, each in witness.items() if isinstance(each, Mapping)}
    single = {name: each for name, each in witness.items() if isinstance(each, (str, int))}
    lists = {k: v for k, v in witness.items() if k not in trees and k not in single}
    return plain(lists) | trees | single


def _stated(proved: adlcheck.Criterion, claimed: float, witness: dict[str, Any]) -> CriterionData:
    """A criterion with its ends rounded outwards."""
    upper = 0.0 - _down(-proved.upper)
    lower = None if proved.lower is None else _down(proved.lower)
    held = 0.0 if lower is None else lower
    more = claimed > held and not proved.within(proved.upper, Fraction(held))
    return CriterionData(
        criterion=proved.name,
        upper=upper,
        lower=min(claimed, upper) if lower is None else lower,
        trust="reported" if lower is None else "exact",
        reported=min(claimed, upper) if more else None,
        witness=witness,
    )


def _down(exact: Fraction) -> float:
    nearest = float(exact)
    return nearest if Fraction(nearest) <= exact else nextafter(nearest, -inf)


def refusal_file(question: Question, farkas: Mapping[str, Any], path: str | Path) -> Path:
    """Write why nothing meets a budget; raises as `evidence_of` and `write_evidence`."""
    return write_evidence(evidence_of(question, {}, (), infeasible=True, farkas=farkas), path)


def write_evidence(data: CertificateFileData, path: str | Path) -> Path:
    """Write a certificate as JSON, whole or not at all; `InputError` if that cannot be."""
    path = Path(path)
    if path.suffix != ".json" or not path.parent.is_dir():
        raise InputError("certificate", str(path), "a .json file in a folder that exists")
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(msgspec.json.encode(data) + b"\n")
        partial.replace(path)
    except OSError as error:
        expected = f"a file that can be written ({error.strerror})"
        raise InputError("certificate", str(path), expected) from None
    return path
