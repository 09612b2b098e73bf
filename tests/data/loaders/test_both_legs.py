"""A made-up venue that writes both legs of each trade, against what its own books say."""

import random

import pytest
from hypothesis import given, strategies as st
from tiers import examples
from venue_files import T0, block, fill, funding, write_blocks, write_snapshot

from adlopt.data.loaders import every_trade, load, read_node_fills
from adlopt.data.loaders.node_fills import market_trades

START = T0 - 60_000
MARKET = {"BTC": 94.0, "ETH": 47.0}
ENTRY = {"BTC": 100.0, "ETH": 50.0}


class Venue:
    """Two makers trade at the market; losers who are long close against winners, far from it."""

    def __init__(self, coins, winners, gap, *, ids, dice):
        self.sizes = {c: [dice.randint(1, 9) for _ in range(winners)] for c in coins}
        self.gap, self.ids, self.dice, self.events = gap, ids, dice, []
        self.trades = 0

    def trade(self, time, coin, price, size, buyer, seller, loser=None):
        """Write both legs, in any order; only the winner's says that it is a deleveraging."""
        self.trades += 1
        common = {"coin": coin, "px": str(price), "sz": str(size), "time": time}
        common |= {"tid": self.trades} if self.ids else {"tid": None, "hash": f"0x{self.trades:x}"}
        plain = {"dir": "Open Long", "liquidation": None, "closedPnl": "0", "startPosition": "0"}
        legs = []
        for user, side in ((buyer, "B"), (seller, "A")):
            own = common | {"user": user, "side": side, "fee": "0.25"}
            if loser is None or user == loser:
                legs.append(fill(**plain | own))
                continue
            mark = {"liquidatedUser": loser, "markPx": str(MARKET[coin]), "method": "backstop"}
            gained = size * (ENTRY[coin] - price)
            own |= {"startPosition": str(-size), "closedPnl": str(gained), "liquidation": mark}
            legs.append(fill(**own))
        self.dice.shuffle(legs)
        self.events += [block(leg, number=2 * self.trades) for leg in legs]

    def run(self, folder):
        """Write the folder; return what each winner lost by being deleveraged."""
        held = {
            c: [(f"0xw{i}", -s) for i, s in enumerate(sizes)] for c, sizes in self.sizes.items()
        }
        markets = {
            c: [(u, s, ENTRY[c], ENTRY[c]) for u, s in each]
            + [("0xz", -sum(s for _, s in each), ENTRY[c], ENTRY[c])]
            for c, each in held.items()
        }
        owed = sum(sum(sizes) * (ENTRY[c] - MARKET[c]) for c, sizes in self.sizes.items())
        users = {u for each in held.values() for u, _ in each}
        # The loser is worth 10 USD less than it loses: that is the deficit.
        values = dict.fromkeys(sorted(users), 1e6) | {"0xz": owed - 10, "0xm": 1e6, "0xn": 1e6}
        write_snapshot(folder, START, values, markets)
        for k, coin in enumerate(self.sizes):
            self.trade(T0 - 2_000 + k, coin, MARKET[coin], 1, "0xm", "0xn")
        lost = {}
        for coin, each in held.items():
            price = MARKET[coin] + self.gap
            for user, size in each:
                self.trade(T0, coin, price, -size, user, "0xz", loser="0xz")
                cost = -size * (price - MARKET[coin]) + 0.25
                lost[user] = lost.get(user, 0.0) + cost
        write_blocks(folder / "20_fills.json", self.events)
        write_blocks(folder / "20_misc.json", [block(funding("0xm", 1.0))])
        return sum(max(usd, 0.0) for usd in lost.values())


@examples(25)
@given(
    coins=st.sampled_from([["BTC"], ["BTC", "ETH"]]),
    winners=st.integers(1, 4),
    gap=st.integers(-30, 30).filter(bool),
    ids=st.booleans(),
    seed=st.integers(0, 999),
)
def test_what_production_took_is_measured_against_the_market_and_not_against_itself(
    tmp_path_factory, coins, winners, gap, ids, seed
):
    folder = tmp_path_factory.mktemp("venue")
    venue = Venue(coins, winners, gap, ids=ids, dice=random.Random(seed))
    taken = venue.run(folder)
    loaded = load("node", [folder])
    (row,) = loaded.rounds.rows(named=True)
    assert row["deficit"] == pytest.approx(10.0)
    assert row["needed"] == pytest.approx(sum(map(sum, venue.sizes.values())) * abs(gap))
    assert loaded.episode().recorded[0].haircut.tolist() == pytest.approx([taken])
    assert loaded.unavailable == {}
    assert [f.name for f in loaded.findings] == []
    assert loaded.reconciled


def test_every_leg_of_a_deleveraging_is_left_out_of_prices_and_no_other_trade(tmp_path):
    same = {"px": "90", "sz": "2", "time": T0}
    legs = [
        fill(tid=1, **same),
        fill(tid=1, user="0xz", side="A", dir="Close Long", liquidation=None, **same),
        # Without a trade id the leg is known by hash, coin, price, size and time together.
        fill(tid=None, user="0xb", hash="0x7", **same),
        fill(tid=None, user="0xz", hash="0x7", side="A", dir="x", liquidation=None, **same),
        *(
            fill(tid=None, user="0xq", dir="Open Long", liquidation=None, **same | other)
            for other in (
                {"hash": "0x8"},
                {"hash": "0x7", "px": "91"},
                {"hash": "0x7", "sz": "3"},
                {"hash": "0x7", "time": T0 + 1},
                {"hash": "0x7", "coin": "ETH"},
            )
        ),
        fill(tid=2, user="0xq", hash="0x9", dir="Open Long", liquidation=None, **same),
    ]
    path = write_blocks(tmp_path / "f.json", [block(*legs[:5]), block(*legs[5:])])
    with every_trade() as trades, read_node_fills([path], trades=trades) as fills:
        assert trades.scan().collect().height == len(legs)
        market = market_trades(trades).collect()
        assert market["account"].to_list() == ["0xq"] * 6
        assert fills.rows == 2
