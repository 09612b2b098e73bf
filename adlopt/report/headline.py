"""The sentences at the head of a report: made of the figures, none of them written by hand."""

from __future__ import annotations

from collections.abc import Iterator

from adlopt.model.run import Information
from adlopt.report.evidence import Evidence
from adlopt.show.words import counted, percent, usd

IDLE = "do-nothing+pro-rata"
"""It is on every board."""


def headline(evidence: Evidence) -> list[str]:
    """What a reader should know before any figure, one sentence each."""
    return [*_needed(evidence), *_taken(evidence), *_live(evidence), *_bound(evidence)]


def _needed(evidence: Evidence) -> Iterator[str]:
    data = evidence.figures.episode
    yield (
        f"{counted(data.rounds, 'round')} with deficits of ${usd(data.deficit_usd)} in all "
        f"needed ${usd(data.needed_usd)}."
    )
    found = len(evidence.figures.quality)
    if found:
        yield f"{counted(found, 'finding')} on the quality of these data: read them first."


def _taken(evidence: Evidence) -> Iterator[str]:
    """What the first recorded policy did, if it chose its budgets itself."""
    for score in evidence.board.scores:
        if score.information is Information.RECORDED:
            over, under = usd(score.overshoot), usd(score.undershoot)
            yield f"{score.policy} took ${over} too much and ${under} too little."
            return


def _live(evidence: Evidence) -> Iterator[str]:
    """What doing nothing missed, and the best other policy that could have run live."""
    live = [s for s in evidence.board.scores if s.information is Information.ROUND_START]
    idle = evidence.board[IDLE].tracking
    best = min((s for s in live if s.policy != IDLE), key=lambda score: score.tracking)
    yield (
        f"Doing nothing missed ${usd(idle)}; of the other policies here that could run live, "
        f"{best.policy} missed least: ${usd(best.tracking)}."
    )


def _bound(evidence: Evidence) -> Iterator[str]:
    first, trivial, *_ = evidence.figures.bounds
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
