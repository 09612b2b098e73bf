"""Load a venue's own table of deleveraging fills, see what is odd in it, and play on it."""

import tempfile
from pathlib import Path

import adlopt as adl

FILLS = """\
ts,trader,market,exec_price,qty,mark_price,upnl,bankrupt,bankrupt_equity
2026-02-01T09:00:00.100Z,ann,ETH-PERP,2005,10,2000,900,zed,-400
2026-02-01T09:00:00.100Z,bob,ETH-PERP,2006,5,2000,300,zed,-400
2026-02-01T09:00:03.000Z,cy,BTC-PERP,70100,0.2,70000,150,yan,-90
2026-02-01T09:01:00.000Z,ann,BTC-PERP,70200,0.1,70000,350,zed,-450
2026-02-01T09:01:00.000Z,bob,BTC-PERP,oops,0.1,70000,350,zed,-450
"""
MAP = """\
kind = "fills"
name = "my venue"
time_unit = "iso"
[columns]
time = "ts"
account = "trader"
coin = "market"
price = "exec_price"
size = "qty"
mark = "mark_price"
position_pnl = "upnl"
loser = "bankrupt"
loser_equity = "bankrupt_equity"
"""
with tempfile.TemporaryDirectory() as folder:
    (table := Path(folder, "fills.csv")).write_text(FILLS)
    (mapping := Path(folder, "map.toml")).write_text(MAP)
    loaded = adl.loaders.load_table(table, mapping, tolerance=0.3)
print(*(f"line {bad.line}: {bad.found!r}" for bad in loaded.reports[0].shown))
left_out = f"debt left out: {dict(loaded.reconciled[0].left_out)}"
print(*(finding.text for finding in loaded.findings), left_out, sep="\n")
print(loaded.rounds.select("wave", "deficit", "needed", "capacity").rows())
print(adl.solve(loaded.episode().rounds[0]))
