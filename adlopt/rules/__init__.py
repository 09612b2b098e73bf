"""Rules by which venues deleverage: parts, compositions, and what they do to a market.

A rule is eligible set × order or weights × limits × lots × closing price × trigger × residual
× tie-break.
"""

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.rules.book import Match as Match, Tie as Tie
    from adlopt.rules.deleveraging import Deleveraging as Deleveraging
    from adlopt.rules.market_rounds import (
        contract_round as contract_round,
        wealth_round as wealth_round,
    )
    from adlopt.rules.row_formula import RowFormula as RowFormula, column as column
    from adlopt.rules.rows import (
        Rows as Rows,
        account_rows as account_rows,
        position_rows as position_rows,
        round_rows as round_rows,
    )
    from adlopt.rules.rule import (
        Close as Close,
        Gauge as Gauge,
        Haircut as Haircut,
        Rule as Rule,
        Tier as Tier,
    )
    from adlopt.rules.split import (
        Chosen as Chosen,
        PerUnit as PerUnit,
        ProRata as ProRata,
        Queue as Queue,
        RandomStart as RandomStart,
        Split as Split,
    )
    from adlopt.rules.venue_queue import Ranking as Ranking, ranking as ranking
    from adlopt.rules.venues import VENUES as VENUES, rule_named as rule_named

__getattr__, __dir__, __all__ = attach(__name__)
