"""Match winners with what losers shed, coin by coin: who closes what, and at what cost."""

import adlopt as adl

round_ = adl.ContractRound.of(
    account=["alice", "alice", "bob", "carol"],
    coin=["ETH", "stETH", "ETH", "BTC"],
    side=["short", "long", "short", "short"],
    size=[10, 10, 5, 2],
    mark=[3600, 3600, 3600, 80_000],
    value=[150, 0, 150, 5000],
    capacity=[4000, 1000, 6000],  # positive PNL of alice, bob and carol
    equity=[9000, 3000, 8000],
    deficit=900,
    needed=900,
)
short = adl.Shed.at_mark(loser=["yves"], coin=["BTC"], side=["long"], size=[3], mark=[80_000])
print("BTC without a winner:", adl.match(round_, short).unmatched.tolist())

shed = adl.Shed(loser=["xavier"], coin=["ETH"], side=["long"], size=[6], price=[3750], mark=[3600])
for goal in (adl.Goal.LEAST_BURDEN, adl.Goal.KEEP_HEDGES, adl.Goal.LEAST_LEVERAGE):
    ether = {"ETH": "ether", "stETH": "ether"} if goal is adl.Goal.KEEP_HEDGES else None
    best = adl.match(round_, shed, goal, lots=adl.Lots.ROUNDED, underlying=ether)
    closed = dict(zip(("alice", "bob"), best.closed[[0, 2]].tolist(), strict=True))
    print(f"{goal.value}: {closed}\n  {best}")
