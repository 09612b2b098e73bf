"""Rules by which venues deleverage: parts, compositions, and what they do to a market.

A rule is eligible set × order or weights × limits × lots × closing price × trigger × residual
× tie-break.
"""

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.rules.book import Match, Tie
    from adlopt.rules.deleveraging import Deleveraging
    from adlopt.rules.market_rounds import contract_round, wealth_round
    from adlopt.rules.row_formula import RowFormula, column
    from adlopt.rules.rows import Rows, account_rows, position_rows, round_rows
    from adlopt.rules.rule import Close, Gauge, Haircut, Rule, Tier
    from adlopt.rules.split import Chosen, PerUnit, ProRata, Queue, RandomStart, Split
    from adlopt.rules.venue_queue import Ranking, ranking
    from adlopt.rules.venues import VENUES, rule_named

__getattr__, __dir__, __all__ = attach(__name__)
