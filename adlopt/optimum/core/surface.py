"""What every answer of optimisation says of itself, in the same words."""

# Annotations are no strings here: classes that inherit these fields could not resolve them.
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from adlopt.errors import InputError, SolverStopped
from adlopt.foundation.arrays import AnyArray, Record
from adlopt.foundation.deadline import ctrl_c_as_limit, limited
from adlopt.model.filled import filled as filled_with
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.certificate import Certificate, Stage, Trust, tied
from adlopt.optimum.evidence.certificate_file import evidence_of, write_evidence
from adlopt.optimum.evidence.question import Question
from adlopt.show.answer import Answer
from adlopt.show.schema.optima import OptimumData
from adlopt.show.table import filled
from adlopt.show.words import counted, dollars, percent

T = TypeVar("T", bound=OptimumData)
SEARCHING = 0.8
"""Share of a limit that is for searches: the rest, and what is granted beyond, is for answers."""
SAID = 3
"""Further criteria that a summary names; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Optimum(Answer, Record):
    """Base of what was made least, and what is proved about it, of the first criterion.

    `method` says what found it, `stopped` why the search ended, and `stages` have further criteria
    in order of rank, each given those above it. `worst_burden` is max x_i / w_i, None where the
    answer burdens nobody; `question` is what was asked, and `witness` what proofs of the criteria
    need beside the answer, or makes it, for certificates in files.
    """

    certificate: Certificate
    method: Method
    stopped: Stopped = Stopped.OPTIMAL
    stages: tuple[Stage, ...] = ()
    worst_burden: float | None = None
    question: Question | None = None
    witness: tuple[Any, ...] = ()

    @property
    def value(self) -> float:
        """The first criterion, recomputed."""
        return self.certificate.upper

    @property
    def optimal(self) -> bool:
        """Whether every criterion is proved optimal; a search's own word is no proof."""
        return all(proof.proven for proof in self._proofs())

    @property
    def price(self) -> float | None:
        """Rise of the value per unit more to raise (dual y); None if it was not used."""
        given = self.certificate.multipliers
        return None if given is None else given.budget

    def _answer(self) -> tuple[AnyArray, ...]:
        """What the certificate is of."""
        raise NotImplementedError

    def certificate_file(self, path: str | Path) -> Path:
        """Write what is proved as JSON that others check, `python -I -S adlcheck.py INSTANCE FILE`.

        The file is bound to the instance, and has been checked by the same code. What a search
        found and nobody can recompute is called reported there. `InputError` if it cannot be
        written, or the checker does not know such an instance or objective; `CertificateError` if
        the answer does not survive.
        """
        if self.question is None:
            expected = "an answer without objectives of one's own, its constraints rows of a file"
            raise InputError("certificate", None, expected)
        proofs = [proof.lower for proof in self._proofs()]
        data = evidence_of(self.question, self._numbers(), proofs, self._witnesses())
        return write_evidence(data, path)

    def _numbers(self) -> dict[str, Any]:
        """The answer, as a certificate in a file has it."""
        return {}

    def _witnesses(self) -> tuple[Mapping[str, Any], ...]:
        """What proofs of the criteria need beside the answer."""
        return tuple(each() if callable(each) else each for each in self.witness)

    def _check(self) -> None:
        """Refuse what was altered since it was certified."""
        self.certificate.check_is_of(*self._answer())

    def _done(self) -> str:
        """What is to be done, up to its proof."""
        raise NotImplementedError

    def _summary(self) -> str:
        """The answer in a line."""
        parts = [self._done(), str(self.certificate)]
        parts += [f"{stage.criterion}: {stage.certificate}" for stage in self.stages[:SAID]]
        if len(self.stages) > SAID:
            proven = sum(stage.certificate.proven for stage in self.stages[SAID:])
            further = counted(len(self.stages) - SAID, "further stage")
            parts.append(f"{further}, {proven:,} of them proven optimal")
        if self.stopped is Stopped.LIMIT:
            parts.append("stopped at a limit")
        return "; ".join(parts)

    def __str__(self) -> str:
        return filled(self._summary())

    def _heading(self) -> str:
        return f"hindsight: {self._summary()}"

    def _proofs(self) -> tuple[Certificate, ...]:
        return (self.certificate, *(stage.certificate for stage in self.stages))

    def _filled(self, kind: type[T], **given: Any) -> T:
        """Data of all that optima share, of what has its field's name, and of what is given."""
        stages = [stage.data() for stage in self.stages]
        shared = {"summary": self._summary(), "certificate": self.certificate.data()}
        return filled_with(kind, self, **shared, stages=stages, **given)


Made = TypeVar("Made", bound=Optimum)


def made(kind: type[Made], *, certificate: Certificate, **fields: Any) -> Made:
    """An answer whose certificate holds for it, and for no other: for checks alone."""
    claimed = Certificate(upper=certificate.upper, lower=certificate.lower, trust=Trust.CLAIMED)
    answer = kind(certificate=claimed, **fields)
    object.__setattr__(answer, "certificate", tied(certificate, *answer._answer()))
    return answer


def remade(answer: Made, **changes: Any) -> Made:
    """The same with changes, checked anew: for checks alone."""
    fields = {each.name: getattr(answer, each.name) for each in dataclasses.fields(answer)}
    return made(type(answer), **fields | changes)


def asked(answer: Made, question: Question) -> Made:
    """The answer to a question: it keeps that."""
    object.__setattr__(answer, "question", question)
    return answer


def until_stopped(find: Callable[[], Made], time_limit: float | None) -> Made:
    """What is found until a limit, or Ctrl-C, which interrupts what knows of no limit."""
    try:
        with ctrl_c_as_limit() as told, limited(time_limit, SEARCHING):
            best = find()
    except SolverStopped:
        if told.is_set():
            raise KeyboardInterrupt from None
        raise
    if told.is_set() and best.stopped is not Stopped.LIMIT:
        raise KeyboardInterrupt
    return best


def burdened(worst: float) -> str:
    """Say how large the worst burden is."""
    return f"worst burden {percent(worst)}"


def gives(winners: int, usd: float) -> str:
    """Say how many give how much."""
    return f"{counted(winners, 'winner')} {'gives' if winners == 1 else 'give'} {dollars(usd)}"
