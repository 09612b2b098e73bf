"""The four cards at the head of a report: made of the figures, none of them written by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from adlopt.model.run import Information
from adlopt.proof.library import Verdicts
from adlopt.report.evidence import Evidence
from adlopt.report.plots.style import compact
from adlopt.show.words import counted, percent, usd

IDLE = "do-nothing+pro-rata"
"""It is on every board."""


@dataclass(frozen=True, slots=True)
class Card:
    """A question, the figure that answers it, and what that is of, in sentences."""

    question: str
    figure: str
    sentences: tuple[str, ...]


def cards(evidence: Evidence, proofs: Verdicts | None = None) -> list[Card]:
    """What a reader should know before any chart."""
    return [
        Card("What happened?", _short(evidence.board.scores[0].tracking) + " missed",
             tuple(_happened(evidence))),
        Card("What should have?", _short(evidence.figures.episode.needed_usd) + " raised",
             tuple(_should(evidence))),
        Card("What can be guaranteed?", _short(_blind(evidence)[1]) + " at most",
             tuple(_guaranteed(evidence))),
        Card("How sure are we?", _verdict(proofs), tuple(_sure(evidence, proofs))),
    ]  # fmt: skip


def _short(amount: float) -> str:
    return f"${compact(amount)}"


def _happened(evidence: Evidence) -> Iterator[str]:
    """What was needed, and what the first policy did: production, where it is on record."""
    data, first = evidence.figures.episode, evidence.board.scores[0]
    yield (
        f"{counted(data.rounds, 'round')} with deficits of ${usd(data.deficit_usd)} in all "
        f"needed ${usd(data.needed_usd)}."
    )
    over, under = usd(first.overshoot), usd(first.undershoot)
    yield f"{first.policy} took ${over} too much and ${under} too little."


def _should(evidence: Evidence) -> Iterator[str]:
    """The best there was in hindsight, and live."""
    live = [s for s in evidence.board.scores if s.information is Information.ROUND_START]
    least, best = evidence.board.measured_from.least, evidence.figures.best_fixed_severity
    if least is not None:
        where = f"as {evidence.figures.least_burden}"
        yield f"In hindsight, that takes no winner more than {percent(float(max(least)))}, {where}."
    yield f"The best constant, θ = {best.theta:.4f} (hindsight), loses ${usd(best.loss)}."
    idle = evidence.board[IDLE].tracking
    best_live = min((s for s in live if s.policy != IDLE), key=lambda score: score.tracking)
    yield (
        f"Doing nothing missed ${usd(idle)}; of the other policies here that could run live, "
        f"{best_live.policy} missed least: ${usd(best_live.tracking)}."
    )


def _blind(evidence: Evidence) -> tuple[str, float]:
    """What is guaranteed without looking: by θ = 1/2, or by all, whatever comes."""
    found = {bound.label: bound.usd for bound in evidence.figures.bounds[1:3]}
    return min(((name, each) for name, each in found.items() if each is not None),
               key=lambda bound: bound[1], default=("nothing", 0.0))  # fmt: skip


def _guaranteed(evidence: Evidence) -> Iterator[str]:
    data, first, trivial = evidence.bounds.figures, *evidence.figures.bounds[:2]
    name, blind = _blind(evidence)
    yield f"Without looking, {name} loses no more than ${usd(blind)} in Σ D|θ−θ*|."
    if data.minimax:
        game = data.minimax[-1]
        moved, least = f"{game.path_variation:.4g}", usd(game.value_usd.lower)
        yield f"Against θ* that moves by {moved} in all, no policy can promise less than ${least}."
    known = [
        (bound.usd, bound.label, bound.covers)
        for bound in data.bounds
        if bound.usd is not None and (bound.side, bound.loss) == ("upper", data.loss)
        if bound.information == Information.ROUND_START.value and not bound.conjectured
    ]
    if known and min(known)[0] < blind:
        least_usd, label, covers = min(known)
        yield f"Where rounds are like these, {label} promises ${usd(least_usd)}: {covers}."
    if first.fails:
        yield f"{first.label} does not apply: {'; '.join(first.fails)}."
    elif first.vacuous or first.usd is None or trivial.usd is None:
        yield (
            f"{first.label} of ${usd(first.usd)} says nothing here: no policy that it covers "
            f"can lose more than ${usd(trivial.usd)}."
        )
    else:
        share = percent(first.usd / trivial.usd)
        yield f"{first.label} is ${usd(first.usd)}, {share} of what no policy can exceed."


def _verdict(proofs: Verdicts | None) -> str:
    if proofs is None:
        return "not checked"
    data = proofs.data()
    return f"{len(data.proofs) - len(data.failed)} of {counted(len(data.proofs), 'proof')}"


def _sure(evidence: Evidence, proofs: Verdicts | None) -> Iterator[str]:
    if proofs is None:
        yield "The proofs were not checked for this report; adlopt prove checks them."
    else:
        count = Counter(row.verdict for row in proofs.proofs)
        said = ", ".join(f"{verdict} {number:,}" for verdict, number in count.items())
        yield f"Verdicts on the theory: {said}."
    found = len(evidence.figures.quality)
    if found:
        yield f"{counted(found, 'finding')} on the quality of these data: read them first."
    yield "What is marked hindsight looked at outcomes that nobody could know at the time."
