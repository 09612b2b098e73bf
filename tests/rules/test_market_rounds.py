"""What a venue's rule does to a market, beside the optimum on the same market."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from tiers import examples

import adlopt as adl
from adlopt.model.shed import open_contract_round
from adlopt.rules import VENUES, rule_named
from adlopt.rules.market_rounds import contract_round

from .test_rules import markets


def two_losers():
    """A bankrupt long, another that is solvent, two shorts that win: who gives is a choice."""
    return adl.Market(
        accounts=adl.Accounts(
            account=["lena", "tom", "sam", "sue"], balance=[800, 9000, 9000, 3000],
            opened=[1, 2, 3, 4],
        ),
        coins=adl.Coins(
            coin=["ETH"], mark=[3600], lot=[0.1], previous_mark=[3700], index=[3600],
            maintenance=[0.02], initial=[0.05],
        ),
        positions=adl.OpenPositions(
            account=["lena", "tom", "sam", "sue"], coin=["ETH"] * 4,
            side=["long", "long", "short", "short"], size=[4, 6, 6, 4],
            entry=[4000, 3700, 4000, 3900],
        ),
    )  # fmt: skip


def test_a_market_is_matched_with_what_it_sheds():
    market = two_losers()
    round_, shed = contract_round(market), market.shed()
    assert (shed.loser, shed.value.tolist()) == (("lena",), [200.0])
    assert round_.start.account == ("sam", "sue")
    assert round_.start.capacity.tolist() == [2400, 1200]
    assert round_.start.equity.tolist() == [11_400, 4200]
    assert round_.positions.value.tolist() == [200, 200]
    assert (round_.start.deficit, round_.needed) == (800, 800)
    best = adl.solve(market)
    assert best.price.tolist() == adl.solve(adl.TwoSidedRound(round_, shed)).price.tolist()
    assert best.worst_burden == pytest.approx(800 / 3600)
    assert best.haircut == pytest.approx([1600 / 3, 800 / 3])
    done = adl.deleverage(market, rule_named("ethereal"))
    assert done.given.tolist() in ([0, 0, 800, 0], [0, 0, 0, 800])
    assert max(done.given[2:] / round_.start.capacity) > 1.4 * best.worst_burden


def test_a_market_round_agrees_with_raw_accounts():
    market = two_losers()
    held = market.positions
    round_, shed = open_contract_round(
        account=held.account, coin=held.coin, size=held.size * market.sign, entry=held.entry,
        mark=market.mark, lot=0.1,
        collateral=dict(zip(market.accounts.account, market.accounts.balance, strict=True)),
    )  # fmt: skip
    own = contract_round(market)
    for name in ("account", "coin", "side"):
        assert getattr(own.positions, name) == getattr(round_.positions, name)
        assert getattr(market.shed(), name, shed.loser) == getattr(shed, name, shed.loser)
    for name in ("size", "lot", "value", "mark"):
        assert getattr(own.positions, name) == pytest.approx(getattr(round_.positions, name))
    assert (own.needed, own.start.deficit) == (round_.needed, round_.start.deficit)
    assert market.shed().price.tolist() == shed.price.tolist()


def test_nobody_bankrupt_sheds_nothing():
    market = two_losers()
    rich = replace(market.accounts, balance=[9000, 9000, 9000, 9000])
    market = replace(market, accounts=rich)
    assert contract_round(market).needed == 0
    with pytest.raises(adl.InputError, match="at least one order"):
        adl.solve(market)


def test_nobody_winning_is_named():
    market = two_losers()
    flat = replace(market.positions, entry=[4000, 3700, 3600, 3500])
    with pytest.raises(adl.InputError, match="no winner"):
        contract_round(replace(market, positions=flat))


def matched_like_the_optimum(done, round_):
    """The rule closed all of it against winners at the loser's price, and took nothing else."""
    shed = done.shed
    return (
        shed.loser == done.market.shed().loser
        and shed.size.tolist() == done.market.shed().size.tolist()
        and not done.unmatched.any()
        and not done.haircut.any()
        and all(m.position is not None and m.price == shed.price[m.shed] for m in done.matches)
        and set(done.touched) <= set(round_.start.account)
    )


COMPARED = Counter()


@examples(37)
@given(market=markets())
def compare(market):
    market = replace(market, fund=0.0)
    try:
        round_, best = contract_round(market), adl.solve(market)
    except (adl.InputError, adl.InfeasibleRound):
        return
    where = [market.accounts.account.index(name) for name in round_.start.account]
    for rule in VENUES.values():
        try:
            done = adl.deleverage(market, rule)
        except (adl.InputError, adl.PolicyError):
            continue
        if not matched_like_the_optimum(done, round_):
            continue
        COMPARED[rule.name] += 1
        given_up = done.given[where]
        assert not best.unmatched.any()
        assert math.fsum(given_up) == pytest.approx(math.fsum(best.haircut), abs=1e-4, rel=1e-9)
        burden = np.max((given_up + 1e-5) / np.maximum(round_.start.capacity, 1e-9))
        assert burden >= best.certificate.lower * (1 - 1e-9)


def test_no_rule_beats_the_matching_optimum():
    COMPARED.clear()
    compare()
    assert len(COMPARED) >= 3, COMPARED
