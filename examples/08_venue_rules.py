"""Let three venues and a rule of one's own deleverage the same market, and compare them."""

import adlopt as adl
from adlopt.rules import Close, ProRata, Tier, column, rule_named

market = adl.Market(
    accounts=adl.Accounts(account=["lena", "sam", "sue"], balance=[2000, 9000, 3000]),
    coins=adl.Coins(coin=["ETH"], mark=[3600], lot=[0.1], previous_mark=[3700], maintenance=[0.02]),
    positions=adl.OpenPositions(
        account=["lena", "sam", "sue"],
        coin=["ETH", "ETH", "ETH"],
        side=["long", "short", "short"],
        size=[10, 6, 4],
        entry=[4000, 4000, 3900],
    ),
    fund=500,
)
own = adl.Rule(
    name="by-profit",
    close=Close(
        tiers=(Tier(split=ProRata(column("upnl"))),),  # in proportion to profit, in whole lots
        price=column("loser_bankruptcy_price"),
    ),
)
print(f"{market.required:,.0f} USD are missing, the fund has {market.fund:,.0f}")
for rule in (rule_named("hyperliquid"), rule_named("binance"), rule_named("reya"), own):
    done = adl.deleverage(market, rule)
    gave = zip(market.accounts.account, done.given, strict=True)
    who = ", ".join(f"{name} {usd:,.0f}" for name, usd in gave if usd)
    print(f"{rule.name:12} users give {who or 'nothing'}; left unpaid {done.deficit_left:,.0f}")
    if rule.unpublished:
        print(f"{'':12} unpublished: {', '.join(rule.unpublished)}")
