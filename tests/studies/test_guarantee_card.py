"""The guarantee card: on a page, for venues' rules and for severities."""

import msgspec
import pytest

import adlopt as adl
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
