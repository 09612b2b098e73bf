"""Solve one round, in dollars and in whole contracts, and read its certificate."""

import adlopt as adl

round_ = adl.Round.of(
    account=["alice", "bob", "carol"],
    capacity=[120.0, 80.0, 40.0],  # positive PNL, USD
    equity=[300.0, 90.0, 45.0],  # account values, USD
    deficit=90.0,
    needed=60.0,
)

over_profit = adl.solve(round_)
print(over_profit)
print(dict(zip(round_.start.account, over_profit.haircut.tolist(), strict=True)))

over_equity = adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY))
print(over_equity)

priced = adl.solve(round_, adl.surrogate(track=1.0, fair=500.0))
print(f"if a point of burden costs 5 USD, raise {priced.raised:.2f} USD")
