"""Commented templates to start one's own instance from."""

from __future__ import annotations

from pathlib import Path

from adlopt.errors import InputError
from adlopt.files.write import replace_all

ROUND = """\
# One round of autodeleveraging. Money in USD.
# Solve it with: adlopt solve {name}

deficit = 90.0      # D: bad debt that liquidation and insurance left
needed = 60.0       # B: what had to be raised, known ex post
# estimate = 55.0   # ex ante estimate of `needed`, for online policies
# lot = 0.5         # what closing one contract takes; haircuts become whole lots

# Winners, inline ...
[[account]]
id = "alice"
capacity = 120.0    # u: positive PNL; no more may be taken
equity = 300.0      # optional: account value, for burden = "equity"

[[account]]
id = "bob"
capacity = 80.0
equity = 90.0

[[account]]
id = "carol"
capacity = 40.0
equity = 45.0

# ... or from a table with the columns account, capacity [, equity, lot, features ...]:
# put   accounts = "accounts.parquet"   (or .csv) above, and remove the [[account]] entries.

[loss]
kind = "min-max"    # budget exact, least worst burden
burden = "capacity" # or "equity"
# kind = "surrogate"    # track * |H - B| + fair * worst burden
# track = 1.0           # price of a dollar missed
# fair = 100.0          # price of a unit of burden
# kind = "asymmetric"   # under, over and fair instead of track and fair
# kind = "empirical"    # |H - B| + weight * B * (burden - reference)+, with excess_only = true
"""

EPISODE = """\
# An episode of autodeleveraging: rounds in order. Money in USD.
# Play it with: adlopt play {name} -p persistence+pro-rata -p queue

name = "two rounds"
source = "made up"
# accounts = "accounts.parquet"   # one table for all rounds, with a column `round` from 1

[[round]]
deficit = 90.0
needed = 60.0       # known ex post; no policy sees it before the round is over
estimate = 55.0     # optional: what the venue expected

[[round.account]]
id = "alice"
capacity = 120.0
equity = 300.0
features = {{ leverage = 4.0 }}   # optional: what queues rank by, as in queue:leverage

[[round.account]]
id = "bob"
capacity = 80.0
equity = 90.0
features = {{ leverage = 12.0 }}

[[round]]
deficit = 50.0
needed = 10.0
estimate = 30.0

[[round.account]]
id = "alice"
capacity = 90.0
equity = 270.0
features = {{ leverage = 4.0 }}

[[round.account]]
id = "bob"
capacity = 60.0
equity = 70.0
features = {{ leverage = 10.0 }}

# What a policy is on record to have done, one number a round:
[[recorded]]
policy = "live queue"
haircut = [70.0, 30.0]
"""

MARKET = """\
# What a venue sees when it deleverages. Money in USD, sizes in contracts.
# See what venues would do: adlopt deleverage {name} --rule hyperliquid --rule ethereal

fund = 500.0            # insurance fund
# [signals]
# fund_peak = 5000.0    # for rules that start when the fund has fallen from its peak
# deleveraging = 0.0    # 1 while deleveraging is under way

[[coin]]
name = "ETH"
mark = 3600.0
lot = 0.1               # size step; positions and what is closed are whole multiples
previous_mark = 3700.0  # optional, as are index, maintenance and initial (margin rates)
index = 3600.0
maintenance = 0.02
initial = 0.05

# Accounts inline, or accounts = "accounts.csv" (or .parquet) above with the columns
# account, balance [, opened, and whatever else rules rank by]
[[account]]
id = "lena"             # bankrupt at this mark
balance = 2000.0        # collateral, without unrealised profit
opened = 1              # optional: when the account was opened

[[account]]
id = "sam"
balance = 9000.0
opened = 2

[[account]]
id = "sue"
balance = 3000.0
opened = 3

# Positions inline, or positions = "positions.csv" (or .parquet) above
[[position]]
account = "lena"
coin = "ETH"
side = "long"
size = 10.0
entry = 4000.0

[[position]]
account = "sam"
coin = "ETH"
side = "short"
size = 6.0
entry = 4000.0

[[position]]
account = "sue"
coin = "ETH"
side = "short"
size = 4.0
entry = 3900.0
"""


def write_template(path: str | Path) -> Path:
    """Write the template of a round to round*.toml, of a market to market*.toml.

    Any other .toml gets that of an episode.

    Raises
    ------
    InputError
        If the path does not end in .toml, or cannot be written.
    """
    path = Path(path)
    if path.suffix != ".toml":
        raise InputError("file", str(path), "a name that ends in .toml")
    if not path.parent.is_dir():
        raise InputError("file", str(path), "a folder that exists")
    starts = {"round": ROUND, "market": MARKET}
    text = next((t for start, t in starts.items() if path.name.startswith(start)), EPISODE)
    encoded = text.format(name=path).encode("utf-8", errors="replace")
    replace_all({path: lambda target: target.write_bytes(encoded)})
    return path
