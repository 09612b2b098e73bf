"""The guarantee card: on a page, for venues' rules and for severities."""

import msgspec
import numpy as np
import pytest

import adlopt as adl
from adlopt.rules.row_formula import column
from adlopt.rules.rows import Rows
from adlopt.rules.split import Floored
from adlopt.show.schema.studies import GuaranteeCardData


@pytest.mark.parametrize("name", ["hyperliquid", "metaflux", "persistence"])
def test_a_card_is_a_page_and_says_what_is_not_known(name):
    card = adl.vouch(name, tries=5)
    assert len(str(card).splitlines()) <= 24
    figures = msgspec.convert(card.to_dict(), GuaranteeCardData)
    assert figures.unknown
    assert figures.loss_usd <= figures.worst.upper_usd
    assert all(each.loss_usd < figures.loss_usd for each in figures.beaten_by)
    assert "question" in card._repr_html_()


def test_a_venue_alone_raises_the_whole_deficit():
    assert adl.vouch("hyperliquid", tries=3).figures.severity == "constant:1"


def test_dust_beyond_a_limit_is_handed_round_at_once_and_as_unit_by_unit():
    weight = column("profit")

    def taken(most, amount, profit):
        features = {"profit": np.array(profit, float)}
        rows = Rows(names=("a", "b", "c"), features=features, most=np.array(most))
        return Floored(weight).take(rows, amount, 0).tolist()

    assert taken([1, 10, 9], 15, [9, 1, 1]) == [1, 7, 7]
    assert taken([1, 10, 2], 12, [9, 1, 1]) == [1, 9, 2]
    assert taken([1, 10**12, 10**12], 10**12 + 2, [9, 1, 1]) == [1, 5 * 10**11 + 1, 5 * 10**11]
