"""What several rules and policies would do to one market, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from adlopt.model.market import Market
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.policies import grammar
from adlopt.policies.grammar import Playable
from adlopt.rules.deleveraging import Deleveraging
from adlopt.show.answer import Answer, Columns
from adlopt.show.rules import summary
from adlopt.show.schema.studies import DeleveragingData, OutcomeData
from adlopt.show.words import counted
from adlopt.studies.players import attempt, deleverage, least_burden


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RuleComparison(Answer):
    """What rules and policies did to one market, beside the least burden in *hindsight*.

    `least` is as `least_burden` finds it for each; of the `unplayed`, why they could not act.
    """

    _view = summary
    market: Market
    done: tuple[Deleveraging, ...]
    least: tuple[Solution | None, ...]
    unplayed: dict[str, str]

    def _columns(self) -> Columns:
        return {
            "rule": [each.called for each in self.done],
            "fund_paid_usd": [each.fund_paid for each in self.done],
            "raised_usd": [each.raised for each in self.done],
            "deficit_left_usd": [each.deficit_left for each in self.done],
            "touched": [len(each.touched) for each in self.done],
        }

    def _heading(self) -> str:
        return f"{counted(len(self.done), 'rule')} on {self.market._heading()}"

    def told(self) -> DeleveragingData:
        """Return the same without the closings, which no text prints."""
        return self._with(matched=False)

    def data(self) -> DeleveragingData:
        """Return what each did, beside the least burden that raises the same."""
        return self._with(matched=True)

    def _with(self, *, matched: bool) -> DeleveragingData:
        return DeleveragingData(
            accounts=len(self.market.accounts.account),
            required_usd=self.done[0].required,
            fund_usd=self.market.fund,
            rules=[_beside(*each, matched) for each in zip(self.done, self.least, strict=True)],
            unplayed=self.unplayed,
        )


def compare_rules(market: Market, players: Sequence[Playable]) -> RuleComparison:
    """Let each rule or policy deal with the bankrupt of a market, each on its own.

    Who cannot, for want of a column or because it would take more than there is, is named with the
    reason; the others go on.
    """
    grammar.require_list(players)
    chosen = [grammar.player(each) for each in players]
    grammar.require_distinct([each.name for each in chosen])
    done, unplayed = attempt(chosen, lambda each: deleverage(market, each))
    least = tuple(map(least_burden, done))
    return RuleComparison(market=market, done=tuple(done), least=least, unplayed=unplayed)


def _beside(done: Deleveraging, best: Solution | None, matched: bool) -> OutcomeData:
    return msgspec.structs.replace(
        done.outcome(matched=matched),
        least_burden=None if best is None else best.worst_burden,
        least_burden_proof=None if best is None else str(best.certificate),
    )
