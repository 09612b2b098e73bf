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
print("BTC without a winner:", adl.solve(adl.TwoSidedRound(round_, short)).unmatched.tolist())

shed = adl.Shed(loser=["xavier"], coin=["ETH"], side=["long"], size=[6], price=[3750], mark=[3600])
ether = adl.KeepHedges(underlying={"ETH": "ether", "stETH": "ether"})
for objective in (adl.MinMax(), ether, adl.LeastLeverage()):
    best = adl.solve(adl.TwoSidedRound(round_, shed), objective, whole_lots=True)
    closed = dict(zip(("alice", "bob"), best.closed[[0, 2]].tolist(), strict=True))
    print(f"{type(objective).__name__}: {closed}\n  {best}")
