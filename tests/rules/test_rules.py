"""Rules on markets: conservation, an independent account of the money, order, ties, bad input."""

import itertools
import pickle
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, note, strategies as st
from tiers import examples

from adlopt.errors import CertificateError, InputError
from adlopt.model.market import Market
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.model.shed import Shed
from adlopt.rules import (
    VENUES,
    Chosen,
    Close,
    Gauge,
    Haircut,
    PerUnit,
    ProRata,
    Queue,
    RandomStart,
    RowFormula,
    Rule,
    Tier,
    column,
    rule_named,
)
from adlopt.rules.book import FUND, Book
from adlopt.rules.deleverage import deleverage
from adlopt.rules.rule import NO_FUND
from adlopt.rules.split import share_out, shared_in_turn

MICRO = 1_000_000
SIGNALS = {
    "fund_peak": 900.0,
    "deleveraging": 0.0,
    "pool_usd": 50.0,
    "pool_liquidity": 10.0,
    "initial_premium": 0.01,
    "max_pnl_factor": 0.5,
    "min_pnl_factor": 0.2,
}
FEATURES = ("unsettled_profit", "session_profit", "withdrawal", "vm_gain")


@st.composite
def markets(draw):
    """Balanced open interest in up to three coins, some accounts bankrupt."""
    m = draw(st.integers(1, 3))
    n = draw(st.integers(2, 7))
    coins = [f"C{c}" for c in range(m)]
    price = st.integers(50, 5_000).map(lambda cents: cents / 100)
    rates = st.sampled_from([0.005, 0.01, 0.05])
    lot = [draw(st.sampled_from([1.0, 0.1, 0.001, 10.0])) for _ in coins]
    rows = []
    for c, coin in enumerate(coins):
        net = 0
        for i in range(n):
            lots = draw(st.integers(-9, 9)) if i < n - 1 else -net
            net += lots
            if lots:
                side = "long" if lots > 0 else "short"
                rows.append((f"a{i}", coin, side, abs(lots) * lot[c], draw(price)))
    if not rows:
        rows = [("a0", coins[0], "long", lot[0], 10.0), ("a1", coins[0], "short", lot[0], 20.0)]
    usd = st.integers(0, 30_000).map(lambda cents: cents / 100)
    return Market(
        accounts=Accounts(
            account=[f"a{i}" for i in range(n)],
            balance=[draw(usd) for _ in range(n)],
            opened=draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)),
            features={name: [draw(usd) for _ in range(n)] for name in FEATURES}
            | {"pool": [1.0] + [0.0] * (n - 1)},
        ),
        coins=Coins(
            coin=coins,
            mark=[draw(price) for _ in coins],
            lot=lot,
            previous_mark=[draw(price) for _ in coins],
            index=[draw(price) for _ in coins],
            maintenance=[draw(rates) for _ in coins],
            initial=[2 * draw(rates) for _ in coins],
        ),
        positions=OpenPositions(
            account=[r[0] for r in rows],
            coin=[r[1] for r in rows],
            side=[r[2] for r in rows],
            size=[r[3] for r in rows],
            entry=[r[4] for r in rows],
        ),
        fund=draw(st.sampled_from([0.0, 12.34, 700.0])),
        signals=SIGNALS,
    )


def shuffled(market, order, places):
    """The same market with accounts and positions in another order."""
    a, p = market.accounts, market.positions
    return replace(
        market,
        accounts=Accounts(
            account=[a.account[i] for i in order],
            balance=a.balance[order],
            opened=a.opened[order],
            features={name: values[order] for name, values in a.features.items()},
        ),
        positions=OpenPositions(
            account=[p.account[r] for r in places],
            coin=[p.coin[r] for r in places],
            side=[p.side[r] for r in places],
            size=p.size[places],
            entry=p.entry[places],
        ),
    )


def value_by_hand(done):
    """Account values after, in exact fractions: cash realised by each match, the rest at mark."""
    market = done.market
    held, owner = market.positions, market.owner
    value = [Fraction(b) for b in market.accounts.balance.tolist()]
    left = [Fraction(s) for s in held.size.tolist()]
    rows = {key: r for r, key in enumerate(zip(held.account, held.coin, held.side, strict=True))}

    def realise(row, contracts, price):
        gain = Fraction(price) - Fraction(held.entry[row])
        value[owner[row]] += held.side[row].sign * contracts * gain
        left[row] -= contracts

    for match in done.matches:
        loser = rows[done.shed.loser[match.shed], done.shed.coin[match.shed],
                     done.shed.side[match.shed]]  # fmt: skip
        contracts = match.lots * Fraction(market.lot[loser])
        realise(loser, contracts, match.price)
        if match.position is not None:
            realise(match.position, contracts, match.price)
    for row, contracts in enumerate(left):
        gain = Fraction(market.mark[row]) - Fraction(held.entry[row])
        value[owner[row]] += held.side[row].sign * contracts * gain
    return [v - Fraction(int(h), MICRO) for v, h in zip(value, done.haircut, strict=True)]


@examples(40)
@given(market=markets())
def test_money_and_lots_are_conserved(market):
    market.check_open_interest()
    for rule in VENUES.values():
        note(rule.name)
        conserves(deleverage(market, rule))


def conserves(done):
    """Check that no dollar and no lot is made or lost."""
    market = done.market
    assert sum(done.transfer.tolist()) + done.fund_change == 0
    micro = [round(x * MICRO) for x in (
        done.required, done.raised, done.fund_paid, done.deficit_left, done.new_debt, done.surplus,
    )]  # fmt: skip
    required, raised, fund, left, new, surplus = micro
    assert required == raised + fund + (left - new) - surplus
    signed = done.closed * market.sign.astype(int)
    by_fund = {}
    for match in done.matches:
        if match.position is None:
            coin, sign = done.shed.coin[match.shed], done.shed.side[match.shed].sign
            by_fund[coin] = by_fund.get(coin, 0) + sign * match.lots
    for coin in market.coins.coin:
        here = [c == coin for c in market.positions.coin]
        assert signed[here].sum() == by_fund.get(coin, 0)
    assert (done.closed <= market.lots).all()
    assert (done.haircut >= 0).all()
    assert done.fund_after >= 0


@examples(40)
@given(market=markets())
def test_values_agree_with_books_kept_by_hand(market):
    for rule in VENUES.values():
        note(rule.name)
        done = deleverage(market, rule)
        by_hand = value_by_hand(done)
        tolerance = Fraction(2 + len(done.matches), MICRO)
        for i, value in enumerate(by_hand):
            after = Fraction(int(done.value_after[i]), MICRO)
            assert value - tolerance <= after <= max(value, 0) + tolerance


@examples(40)
@given(data=st.data(), market=markets())
def test_the_order_of_the_input_does_not_matter(data, market):
    order = data.draw(st.permutations(range(len(market.accounts.account))))
    places = data.draw(st.permutations(range(len(market.positions))))
    other = shuffled(market, list(order), list(places))
    for rule in VENUES.values():
        note(rule.name)
        first, again = deleverage(market, rule), deleverage(other, rule)
        assert again.transfer.tolist() == first.transfer[list(order)].tolist()
        assert again.closed.tolist() == first.closed[list(places)].tolist()
        assert again.fund_change == first.fund_change


@examples(60)
@given(market=markets(), scale=st.sampled_from([2.0, 1 / 4, 16.0]))
def test_queues_do_not_depend_on_the_unit_of_money(market, scale):
    """Prices, balances and the fund in another unit: the same lots are closed."""
    rule = replace(rule_named("bitmex"), fund=rule_named("hyperliquid").fund)
    coins, held = market.coins, market.positions
    other = replace(
        market,
        accounts=replace(market.accounts, balance=market.accounts.balance * scale),
        coins=replace(
            coins,
            mark=coins.mark * scale,
            previous_mark=coins.previous_mark * scale,
            index=coins.index * scale,
        ),
        positions=replace(held, entry=held.entry * scale),
        fund=market.fund * scale,
    )
    assert deleverage(other, rule).closed.tolist() == deleverage(market, rule).closed.tolist()


def two_sided(**changes):
    given = {
        "accounts": Accounts(account=["L", "B", "A"], balance=[2000, 9000, 9000]),
        "coins": Coins(coin=["ETH"], mark=[3600.0], lot=[1.0], maintenance=[0.01]),
        "positions": OpenPositions(
            account=["L", "B", "A"],
            coin=["ETH"] * 3,
            side=["long", "short", "short"],
            size=[10, 6, 4],
            entry=[4000, 4000, 4000],
        ),
    }
    return Market(**(given | changes))


def test_a_tie_is_reported_with_those_it_decides_between():
    held = OpenPositions(
        account=["L", "B", "A"],
        coin=["ETH"] * 3,
        side=["long", "short", "short"],
        size=[8, 5, 5],
        entry=[4000, 4000, 4000],
    )
    market = two_sided(positions=held, accounts=Accounts(account=["L", "B", "A"],
                                                         balance=[1600, 9000, 9000]))  # fmt: skip
    done = deleverage(market, rule_named("binance"))
    assert [tie.accounts for tie in done.ties] == [("A", "B")]
    assert done.closed.tolist() == [8, 3, 5]
    apart = replace(market, accounts=replace(market.accounts, balance=[1600, 9001, 9000]))
    assert deleverage(apart, rule_named("binance")).ties == ()


def test_the_last_tie_break_is_the_id_and_a_published_one_comes_first():
    newest = replace(rule_named("binance"), tie_break=(column("opened"),))
    held = replace(two_sided().positions, size=[4, 4, 4])
    accounts = Accounts(account=["L", "B", "A"], balance=[800, 9000, 9000], opened=[1, 2, 1])
    market = two_sided(positions=held, accounts=accounts)
    assert deleverage(market, rule_named("binance")).closed.tolist() == [4, 0, 4]
    assert deleverage(market, newest).closed.tolist() == [4, 4, 0]


def test_nothing_to_do_is_nothing_done():
    done = deleverage(two_sided(coins=Coins(coin=["ETH"], mark=[4000.0], lot=[1.0])),
                      rule_named("gte"))  # fmt: skip
    assert not done.triggered
    assert not done.transfer.any()
    assert done.matches == ()
    assert done.touched == ()
    assert done.required == done.raised == done.deficit_left == 0.0


def test_a_fund_that_can_pay_spares_the_users():
    done = deleverage(two_sided(fund=2000.0), rule_named("binance"))
    assert not done.triggered
    assert (done.raised, done.fund_paid, done.fund_after) == (0.0, 2000.0, 0.0)
    assert [match.position for match in done.matches] == [None]


@pytest.mark.parametrize(("most", "paid"), [(0.0, 0.0), (40.0, 40.0), (1e9, 100.0)])
def test_what_users_leave_the_fund_pays_as_far_as_the_rule_lets_it(most, paid):
    nobody = Tier(split=Queue(()), eligible=RowFormula("nobody", lambda r: 0.0))
    rule = Rule(
        name="own",
        fund=NO_FUND,
        haircut=Haircut(tiers=(nobody,)),
        residual=Gauge("some", lambda market: most),
    )
    done = deleverage(two_sided(fund=100.0), rule)
    assert (done.raised, done.fund_paid) == (0.0, paid)


def test_the_fund_takes_whole_lots_first_and_users_the_rest():
    done = deleverage(two_sided(fund=500.0), rule_named("binance"))
    assert [m.lots for m in done.matches if m.position is None] == [2]
    assert (done.fund_paid, done.raised, done.deficit_left) == (400.0, 1600.0, 0.0)


def test_what_nobody_takes_is_reported():
    held = OpenPositions(
        account=["L", "A"], coin=["ETH"] * 2, side=["long", "short"], size=[10, 4],
        entry=[4000, 4000],
    )  # fmt: skip
    market = two_sided(positions=held)
    with pytest.raises(InputError, match=r"\+6 lots of ETH"):
        market.check_open_interest()
    done = deleverage(market, rule_named("binance"))
    assert done.unmatched.tolist() == [6]
    assert (done.raised, done.deficit_left) == (800.0, 1200.0)


def test_closing_at_a_bankruptcy_price_may_bankrupt_a_winner():
    accounts = Accounts(account=["L", "B", "A"], balance=[2000, -3000, 9000])
    done = deleverage(two_sided(accounts=accounts), rule_named("reya"))
    assert done.required > 2000.0
    market = two_sided(accounts=Accounts(account=["L", "B", "A"], balance=[2000, -2300, 9000]))
    done = deleverage(market, rule_named("reya"))
    assert done.new_debt == 1100.0
    assert done.deficit_left == 1100.0


@pytest.mark.parametrize("name", VENUES)
def test_a_missing_feature_or_signal_is_named(name):
    bare = two_sided(coins=Coins(coin=["ETH"], mark=[3600.0], lot=[1.0]))
    needs = {
        "hyperliquid": "previous_mark", "binance": "margin_ratio", "aster": "margin_ratio",
        "aevo": "margin_ratio", "bybit": "fund_peak", "okx": "fund_peak", "bitget": "deleveraging",
        "bluefin": "index", "ethereal": "opened", "bullish": "account_initial", "tradoor": "pool",
        "paradex": "withdrawal", "gmx-v2": "pool", "deribit": "session_profit", "vmgh": "vm_gain",
    }  # fmt: skip
    if name in needs:
        with pytest.raises(InputError, match=needs[name]):
            deleverage(bare, VENUES[name])
    else:
        assert deleverage(bare, VENUES[name]).deficit_left == 0.0


def test_every_rule_says_where_it_comes_from():
    for name, rule in VENUES.items():
        assert rule.name == name
        assert rule.venue
        assert rule.source


BAD_MARKETS = {
    "no account": (lambda: Accounts(account=[], balance=[]), r"account is \[\]"),
    "same account": (lambda: Accounts(account=["a", "a"], balance=[1, 1]), r"account\[1\] is 'a'"),
    "NaN": (lambda: Accounts(account=["a"], balance=[np.nan]), r"balance\[0\] is nan"),
    "infinite": (lambda: Accounts(account=["a"], balance=[np.inf]), r"balance\[0\] is inf"),
    "short": (lambda: Accounts(account=["a"], balance=[1, 2]), "balance is '2 values'"),
    "one text": (lambda: Accounts(account="ab", balance=[1, 2]), "account is 'ab'"),
    "no mark": (lambda: Coins(coin=["E"], mark=[0.0], lot=[1]), r"mark\[0\] is 0.0"),
    "no lot": (lambda: Coins(coin=["E"], mark=[1.0], lot=[-1]), r"lot\[0\] is -1.0"),
    "same coin": (lambda: Coins(coin=["E", "E"], mark=[1, 1], lot=[1, 1]), r"coin\[1\] is 'E'"),
    "side": (
        lambda: OpenPositions(account=["a"], coin=["E"], side=["up"], size=[1], entry=[1]),
        r"side\[0\] is 'up'",
    ),
    "same position": (
        lambda: OpenPositions(account=["a"] * 2, coin=["E"] * 2, side=["long"] * 2, size=[1, 1],
                              entry=[1, 1]),
        r"positions\[1\] is \"a second long E of 'a'\"",
    ),
    "whose": (
        lambda: two_sided(positions=OpenPositions(account=["x"], coin=["ETH"], side=["long"],
                                                  size=[1], entry=[1])),
        r"positions.account\[0\] is 'x'",
    ),
    "which coin": (
        lambda: two_sided(positions=OpenPositions(account=["A"], coin=["BTC"], side=["long"],
                                                  size=[1], entry=[1])),
        r"positions.coin\[0\] is 'BTC'",
    ),
    "part of a lot": (
        lambda: two_sided(positions=OpenPositions(account=["A"], coin=["ETH"], side=["long"],
                                                  size=[1.5], entry=[1])),
        r"size\[0\] is 1.5: expected a whole number of lots of 1",
    ),
    "negative fund": (lambda: two_sided(fund=-1.0), "fund is -1.0"),
    "absurd": (
        lambda: two_sided(accounts=Accounts(account=["L", "B", "A"], balance=[9e14, 1, 1])),
        "market is .*at most 4.61e",
    ),
    "signal": (lambda: two_sided(signals={"fund_peak": np.nan}), "signals.fund_peak is nan"),
    "table": (lambda: two_sided(coins=None), "coins is None"),
    "loser": (lambda: two_sided().shed(["x"]), r"shed\[0\] is 'x'"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BAD_MARKETS.values(), ids=BAD_MARKETS)
def test_bad_markets_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("rule", ["binance", None, lambda start: start.capacity])
def test_what_is_no_rule_is_named(rule):
    with pytest.raises(InputError, match=r"^rule is .*a Rule; adlopt.deleverage takes names"):
        deleverage(two_sided(), rule)


def test_bad_sheds_are_refused():
    market = two_sided()
    one = {"loser": ["L"], "coin": ["ETH"], "side": ["long"], "size": [1], "price": [3800]}
    more = Shed(**(one | {"size": [11]}), mark=[3600])
    with pytest.raises(InputError, match=r"shed.size\[0\] is 11.0: expected at most the 10"):
        deleverage(market, rule_named("gte"), more)
    other = Shed(**(one | {"side": ["short"]}), mark=[3600])
    with pytest.raises(InputError, match=r"shed\[0\] is \"short ETH of 'L'\""):
        deleverage(market, rule_named("gte"), other)
    old = Shed(**one, mark=[3599])
    with pytest.raises(InputError, match=r"shed.mark\[0\] is 3599.0: expected 3600.0, the market"):
        deleverage(market, rule_named("gte"), old)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda: Rule(name="x"), "something to close or to take"),
        (lambda: Rule(name="a+b", haircut=Haircut(tiers=())), "rule.name is 'a\\+b'"),
        (lambda: Rule(name="", haircut=Haircut(tiers=())), "rule.name is ''"),
    ],
)
def test_bad_rules_are_refused(rule, message):
    with pytest.raises(InputError, match=message):
        rule()


def rule_of(split, **changes):
    close = Close(tiers=(Tier(split=split),), price=column("loser_bankruptcy_price"))
    return Rule(name="own", close=close, **changes)


@pytest.mark.parametrize("weight", [-1.0, np.inf, np.nan])
def test_bad_weights_are_refused(weight):
    with pytest.raises(InputError, match="weight"):
        deleverage(two_sided(), rule_of(ProRata(RowFormula("weight", lambda rows: weight))))


def test_bad_scores_are_refused():
    with pytest.raises(InputError, match=r"score\[A\] is 'not a number'"):
        deleverage(two_sided(), rule_of(Queue((RowFormula("score", lambda rows: np.nan),))))


def test_a_choice_must_be_possible():
    for units, message in (({"A": 5}, "between 0 and 4"), ({"x": 1}, "'x'"), ({"A": -1}, "-1")):
        with pytest.raises(InputError, match=message):
            deleverage(two_sided(), rule_of(Chosen(units)))
    done = deleverage(two_sided(), rule_of(Chosen({"A": 3, "B": 1})))
    assert done.closed.tolist() == [4, 1, 3]


def test_a_split_that_invents_lots_is_caught():
    class Greedy(Queue):
        def take(self, rows, amount, turn):
            return rows.most + 1

    with pytest.raises(CertificateError, match="more lots than are open"):
        deleverage(two_sided(), rule_of(Greedy(())))


@given(
    gap=st.integers(-(2**61), 2**61),
    total=st.integers(1, 2**40),
    cuts=st.lists(st.integers(0, 2**40), max_size=5),
)
def test_a_gap_of_any_size_is_paid_to_the_last_micro_dollar(gap, total, cuts):
    market = two_sided()
    book = Book.of(market, market.shed())
    book.gap, book.lots = np.array([gap]), np.array([total])
    ends = [0, *sorted(cut % (total + 1) for cut in cuts), total]
    lots = np.diff(np.array(ends))
    for closed in (lots[None], lots[:, None]):  # of one loser, and of it again and again
        paid = book._of_gap(np.zeros((len(closed), 1), dtype=np.int64), closed).ravel().tolist()
        assert paid == [gap * b // total - gap * a // total for a, b in itertools.pairwise(ends)]
        assert sum(paid) == gap


def test_limits_and_tiers():
    first = Tier(split=Queue((column("size"),)), limit=RowFormula("2", lambda rows: 2.0))
    rest = Tier(split=ProRata(column("size")))
    close = Close(tiers=(first, rest), price=column("mark"))
    held = replace(two_sided().positions, size=[8, 6, 4])
    market = two_sided(
        positions=held, accounts=Accounts(account=["L", "B", "A"], balance=[1000, 9000, 9000])
    )
    done = deleverage(market, Rule(name="own", close=close))
    assert done.closed.tolist() == [8, 2 + 2, 2 + 2]
    assert not done.given.any()
    assert done.deficit_left == 2200.0


def test_a_deleveraging_survives_pickling_and_is_checked_again():
    done = deleverage(two_sided(), rule_of(Queue((column("size"),))))
    with pytest.raises(CertificateError, match="out of nothing"):
        replace(done, fund_change=1)
    with pytest.raises(CertificateError, match="nothing accounts for"):
        replace(done, transfer=done.transfer + np.array([0, 1, -1]))
    market = pickle.loads(pickle.dumps(done.market))
    assert market.equity.tolist() == done.market.equity.tolist()


@pytest.mark.parametrize("name", ["owner", "sign", "mark", "lot"])
def test_what_a_market_looks_up_for_positions_is_looked_up_once(name):
    market = two_sided()
    assert getattr(market, name) is getattr(market, name)
    doubled = replace(market, coins=replace(market.coins, mark=2 * market.coins.mark))
    assert doubled.mark.tolist() == (2 * market.mark).tolist()


@examples(300)
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.integers(0, 2**40).map(float), st.floats(1e-9, 1e9)), st.integers(0, 10**9)
        ),
        min_size=1,
        max_size=8,
    ),
    amount=st.integers(0, 10**10),
)
def test_shares_are_exact(rows, amount):
    weight, most = np.array([w for w, _ in rows]), np.array([k for _, k in rows])
    taken = share_out(weight, most, amount)
    reach = sum(k for w, k in rows if w)
    assert sum(taken.tolist()) == min(amount, reach)
    assert ((taken >= 0) & (taken <= most)).all()
    assert not taken[weight == 0].any()
    free = [i for i, (w, k) in enumerate(rows) if w and taken[i] < k]
    for i in free:
        for j, (w, _) in enumerate(rows):
            if w and taken[j] > 1:
                level = Fraction(int(taken[j]) - 1) / Fraction(w)
                assert level <= Fraction(int(taken[i]) + 1) / Fraction(rows[i][0])


def test_a_charge_on_nobody_raises_nothing():
    rule = Rule(name="own", haircut=Haircut(tiers=(Tier(split=PerUnit(column("size"))),)))
    lonely = Market(
        accounts=Accounts(account=["L"], balance=[0.0]),
        coins=Coins(coin=["ETH"], mark=[3600.0], lot=[1.0]),
        positions=OpenPositions(account=["L"], coin=["ETH"], side=["long"], size=[1], entry=[4000]),
    )
    assert deleverage(lonely, rule).deficit_left == 400.0
    assert deleverage(lonely, rule_of(RandomStart())).deficit_left == 400.0


@pytest.mark.parametrize("name", ["vertex", "percolator", "binance"])
def test_a_debt_without_a_position_stays_in_sight(name):
    """Nothing can be closed for it; holders may be charged, and profits cut."""
    accounts = Accounts(account=["L", "B", "A"], balance=[-50.0, 9000, 9000])
    held = OpenPositions(
        account=["B", "A"],
        coin=["ETH"] * 2,
        side=["long", "short"],
        size=[1, 1],
        entry=[3500, 3500],
    )
    done = deleverage(two_sided(accounts=accounts, positions=held), rule_named(name))
    assert done.deficit_left == (50.0 if name == "binance" else 0.0)


@pytest.mark.parametrize("name", ["bitmex", "hyperliquid", "gte", "bitget", "okx", "xcoin"])
def test_an_account_worth_exactly_nothing_is_served_first(name):
    coins = Coins(
        coin=["ETH"], mark=[3600.0], lot=[1.0], maintenance=[0.01], previous_mark=[3600.0]
    )
    accounts = Accounts(account=["L", "B", "A"], balance=[2000, 9000, 0.0])
    held = OpenPositions(
        account=["L", "B", "A"], coin=["ETH"] * 3, side=["long", "short", "short"],
        size=[10, 6, 4], entry=[4000, 3600, 3600],
    )  # fmt: skip
    market = two_sided(
        coins=coins, accounts=accounts, positions=held,
        signals={"fund_peak": 0.0, "deleveraging": 0.0},
    )  # fmt: skip
    done = deleverage(market, rule_named(name))
    assert done.closed.sum() in (0, 20)


def crossed(rule_, **changes):
    """A bankrupt account with a leg in each of two coins, three takers, one of them in both."""
    coins = Coins(coin=["BTC", "ETH"], mark=[300.0, 7.0], lot=[1.0, 1.0], maintenance=[0.01, 0.03])
    held = OpenPositions(
        account=["L", "L", "p", "p", "q"],
        coin=["BTC", "ETH", "BTC", "ETH", "ETH"],
        side=["long", "long", "short", "short", "short"],
        size=[1, 30, 1, 7, 23],
        entry=[320.0, 10.0, 320.0, 10.0, 10.0],
    )
    accounts = Accounts(account=["L", "p", "q"], balance=[10.0, 500.0, 500.0])
    given_ = {"accounts": accounts, "coins": coins, "positions": held} | changes
    return deleverage(Market(**given_), rule_)


def test_a_debt_is_divided_among_legs_by_maintenance_margin():
    """100 USD over margins of 3.00 and 6.30: the whole sums to the debt, to the micro-dollar."""
    done = crossed(rule_named("binance"))
    assert done.required == 100.0
    price = done.market.bankruptcy_price[:2]
    gaps = (price - [300.0, 7.0]) * [1, 30]
    assert gaps == pytest.approx([100 * 3 / 9.3, 100 * 6.3 / 9.3])
    assert (done.raised, done.deficit_left, done.surplus) == (100.0, 0.0, 0.0)
    flat = crossed(rule_named("gte"), coins=Coins(coin=["BTC", "ETH"], mark=[300.0, 7.0],
                                                  lot=[1.0, 1.0]))  # fmt: skip
    gaps = (flat.market.bankruptcy_price[:2] - [300.0, 7.0]) * [1, 30]
    assert gaps == pytest.approx([100 * 300 / 510, 100 * 210 / 510])


def test_old_debt_is_paid_before_new():
    """Pro-rata by contracts bankrupts B; the fund pays L first, though B's id comes first."""
    accounts = Accounts(account=["L", "B", "A"], balance=[2000, -2300, 9000])
    haircut = Haircut(tiers=(Tier(split=ProRata(column("session_profit"))),))
    market = two_sided(
        accounts=replace(accounts, features={"session_profit": [0.0, 1.0, 0.0]}), fund=0.0
    )
    taken = deleverage(market, Rule(name="own", haircut=haircut))
    assert (taken.value_after / MICRO).tolist() == [0.0, -1900.0, 10_600.0]
    close = rule_named("reya").close
    half = replace(close, price=RowFormula("half way", lambda rows: 3700.0))
    done = deleverage(replace(market, fund=700.0), replace(rule_named("reya"), close=half))
    assert done.new_debt == 500.0
    assert (done.value_after / MICRO).tolist() == [-300.0, -500.0, 10_200.0]


def test_what_closing_cost_is_not_taken_again():
    """Profits of 2,400 and 1,600: closing takes half of them, haircuts at most the rest."""
    half = Close(tiers=(Tier(split=Queue((column("size"),))),),
                 price=RowFormula("half way", lambda rows: 3700.0))  # fmt: skip
    every = Haircut(tiers=(Tier(split=ProRata(column("capacity"))),) * 2)
    accounts = Accounts(account=["L", "B", "A"], balance=[-1000, 9000, 9000])
    done = deleverage(two_sided(accounts=accounts), Rule(name="own", close=half, haircut=every))
    assert done.required == 5000.0
    assert done.given.tolist() == [0.0, 2400.0, 1600.0]
    assert done.deficit_left == 1000.0


def test_the_fund_is_divided_among_losers_by_their_debt():
    """Reya: two losers owe 300 and 100; a fund of 200 covers 150 and 50 of them."""
    accounts = Accounts(account=["x", "y", "W"], balance=[100.0, 300.0, 9000.0])
    held = OpenPositions(
        account=["x", "y", "W"], coin=["ETH"] * 3, side=["long", "long", "short"], size=[1, 1, 2],
        entry=[4000, 4000, 4000],
    )  # fmt: skip
    market = two_sided(accounts=accounts, positions=held, fund=200.0)
    done = deleverage(market, rule_named("reya"))
    assert [match.paid for match in done.matches] == [150 * MICRO, 50 * MICRO]
    assert (done.raised, done.fund_paid, done.deficit_left) == (200.0, 200.0, 0.0)


def taken_over_one_by_one(book, order, allowance):
    """As `Book.take_over`, in a loop."""
    start = book.fund
    for s in order.tolist():
        gap, lots = int(book.gap[s]), int(book.lots[s])
        left = allowance - (start - book.fund)
        if gap <= 0 or not lots:
            continue
        taken = lots if gap <= left else left * lots // gap
        one = (np.array([[number]]) for number in (s, FUND, taken))
        book.match(*one, book.shed.price[[[s]]], up=False)
        if taken < lots:
            break
    return start - book.fund


def bits(done):
    """All that a rule did, but for closings of nothing."""
    closings = [match for match in done.matches if match.lots]
    return closings, done.haircut.tobytes(), done.transfer.tobytes(), done.fund_change, done.ties


@examples(40)
@given(market=markets())
def test_losers_served_at_once_get_the_bits_of_one_after_the_other(market):
    for rule in VENUES.values():
        note(rule.name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Book, "take_over", taken_over_one_by_one)
            patch.setattr(sys.modules["adlopt.rules.deleverage"], "PLANNED", ())
            straightforward = deleverage(market, rule)
        assert bits(deleverage(market, rule)) == bits(straightforward)


@examples(150)
@given(market=markets())
def test_whole_accounts_closed_at_bankruptcy_owe_exactly_nothing(market):
    done = deleverage(replace(market, fund=0.0), rule_named("gte"))
    assume(len(done.shed) and not done.unmatched.any())
    held = set(done.shed.loser)
    flat = [v for a, v in zip(market.accounts.account, done.value_before, strict=True)
            if v < 0 and a not in held]  # fmt: skip
    assert round((done.deficit_left - done.new_debt) * MICRO) == -sum(flat)
    assert done.surplus == 0.0


def test_legs_of_a_third_each_sum_to_the_debt():
    coins = Coins(coin=["A", "B", "C"], mark=[10.0] * 3, lot=[1.0] * 3)
    market = two_sided(
        coins=coins,
        accounts=Accounts(account=["L", "W"], balance=[0.0, 500.0]),
        positions=OpenPositions(
            account=["L"] * 3 + ["W"] * 3,
            coin=["A", "B", "C"] * 2,
            side=["long"] * 3 + ["short"] * 3,
            size=[1] * 6,
            entry=[20.0, 30.0, 80.0] * 2,
        ),
    )
    done = deleverage(market, rule_named("gte"))
    assert done.required == 100.0
    assert (done.deficit_left, done.surplus) == (0.0, 0.0)
    assert sorted(match.paid for match in done.matches) == [33_333_333, 33_333_333, 33_333_334]


def test_a_margin_of_nothing_ranks_first_and_divides_by_nothing():
    """Zoe has a profit and, to the dollar, no account value left."""
    market = two_sided(
        accounts=Accounts(
            account=["L", "W", "zoe"], balance=[2000, 8000, -400],
            features={"unsettled_profit": [0, 0, 0]},
        ),
        coins=Coins(coin=["ETH"], mark=[3600], lot=[1.0], initial=[0.05], maintenance=[0.02]),
        positions=OpenPositions(
            account=["L", "W", "zoe"], coin=["ETH"] * 3, side=["long", "short", "short"],
            size=[10, 10, 1], entry=[4000, 4000, 4000],
        ),
    )  # fmt: skip
    assert market.equity.tolist() == [-2000, 12_000, 0]
    assert deleverage(market, rule_named("bullish")).closed.tolist() == [10, 9, 1]


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 1, 2, 3, 10**6, 10**12]), st.sampled_from([0, 1, 3, 10**8])),
        min_size=1,
        max_size=9,
    ),
    st.lists(st.sampled_from([0, 1, 2, 5, 30, 10**8, 10**9]), min_size=1, max_size=6),
)
def test_amounts_shared_out_in_turn_are_what_fractions_say(rows, amounts):
    """The largest remainder, in fractions, the earlier row first among equals."""
    units, most = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    parts = list(shared_in_turn(units, most, np.array(amounts)))
    tied = {turn: rows for *_, tied in parts for turn, rows in tied.items()}
    given = np.zeros((len(amounts), most.size), dtype=np.int64)
    for who, row, lots, _ in parts:
        assert not given[who, row].any()
        given[who, row] = lots
    for turn, amount in enumerate(amounts):
        rest, left = min(amount, int(most.sum())), {i for i, m in enumerate(most.tolist()) if m}
        share = dict.fromkeys(range(len(rows)), Fraction(0))
        while left:
            level = Fraction(rest, sum(int(units[i]) for i in left))
            full = {i for i in left if int(most[i]) <= level * int(units[i])}
            if not full:
                share |= {i: level * int(units[i]) for i in left}
                break
            share |= {i: Fraction(int(most[i])) for i in full}
            rest, left = rest - sum(int(most[i]) for i in full), left - full
        whole = {i: int(x) for i, x in share.items()}
        extra = min(amount, int(most.sum())) - sum(whole.values())
        by_rest = sorted(share, key=lambda i: (whole[i] - share[i], i))
        got = given[turn]
        assert got.tolist() == [whole[i] + (i in by_rest[:extra]) for i in share]
        last = [share[i] - whole[i] for i in by_rest[:extra]][-1:]
        apart = any(share[i] - whole[i] == r for r in last for i in by_rest[extra:])
        assert (turn in tied) == apart
        most -= got
