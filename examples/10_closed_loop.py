"""Play two rules and two policies in the same simulated crashes, where each choice has effects."""

import adlopt as adl
from adlopt.studies.simulation import compare

scenario = adl.Scenario(accounts=150, shock=0.3, fund=0.001)
players = ["hyperliquid", "reya", "constant:1+pro-rata", "do-nothing"]
data = compare(players, scenario, seeds=10).to_dict()
for row in data["policies"]:
    median = {name: values["median"] for name, values in row["quantiles"].items()}
    print(
        f"{row['policy']:20} users give {median['given_usd']:>9,.0f} USD, "
        f"unpaid {median['deficit_left_usd']:>9,.0f} USD, {median['touched']:.0f} accounts touched"
    )
less = data["policies"][1]["less_first"]["touched"]
print(f"reya touches {less['median']:+.0f} accounts beside hyperliquid, seed by seed")

pair = ("constant:1+pro-rata", "constant:1+queue")
run = adl.simulate(pair[0], scenario, seed=3)
lots, cash = run.ledger.lots.sum(), sum(run.ledger.cash.tolist()) - run.ledger.total
print(f"{run.outcome.rounds} rounds; out of nothing came {lots} lots and {cash} micro-dollars")
offline = adl.play(run.episode(), pair)
for name in pair:
    closed = adl.simulate(name, scenario, seed=3).outcome.loss
    print(f"{name:20} misses {offline[name].tracking:,.0f} USD offline, {closed:,.0f} in the loop")
