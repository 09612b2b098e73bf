"""Commented templates to start one's own instance from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from adlopt.data.files.policy_templates import POLICY, SEVERITY
from adlopt.data.files.proof_template import PROOF
from adlopt.data.files.writing import replace_all
from adlopt.errors import InputError, unknown

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
# kind = "leximin"      # worst burden, then the second worst, ...
# kind = "tracking"     # least |H - B|, then worst burden: for a budget out of reach
# kind = "fewest"       # fewest accounts, then worst burden
# kind = "cvar"         # mean of the worst 1 - level of the burdens
# level = 0.9
# importance = "capacity"   # of dollars, not of accounts; or a list, one number an account

# [limits]              # optional: numbers for all accounts, or tables by account id
# ineligible = {{ carol = "market maker" }}
# cap = 0.5             # share of its capacity that an account may lose
# floor = {{ alice = 200.0 }}   # equity that an account keeps
# tier = {{ bob = 2 }}  # the others are in tier 1, and give all they can first
# weight = "size"       # a text names a column of the accounts: what burdens are measured against

# [[constraint]]        # optional, any number: of accounts with tags = {{ desk = "makers" }} above,
# group = "makers"      # or columns called tags.desk in a table; or account = [...],
# gives_at_most = {{ share = 0.2 }}  # where = {{ equity = [50, inf] }}, each = "owner"
# also gives_at_least, keeps_at_most = 30.0, keeps_at_least, shares_burden = true, or
# haircut = {{ alice = 1.0, bob = -2.0 }} with at_most = 0.0 or at_least
"""

DECISION = """\
# A round at its start: what it will need is not known. Money in USD.
# Decide it with: adlopt decide {name}

deficit = 90.0      # D: bad debt that liquidation and insurance left
# estimate = 55.0   # ex ante estimate of what is needed, for errors below; lot, signals

# Winners, inline or in a table: accounts = "accounts.csv" (or .parquet)
account = [
    {{ id = "alice", capacity = 120.0 }},
    {{ id = "bob", capacity = 80.0 }},
]

[belief]            # what may be needed; one of
samples = [20.0, 40.0, 45.0, 60.0, 75.0]  # what similar rounds needed
# errors = [-5.0, 10.0]           # needed - estimate, of past rounds
# shares = [0.4, 0.7]             # needed / deficit
# quantiles = {{ "0.5" = 40.0, "1" = 90.0 }}
# distribution = "uniform:0:90"   # or lognormal:MEDIAN:SIGMA, exponential:MEAN
# file = "past.csv"               # with column = "needed"; measured = "samples"

[decide]
under = 5.0         # price of a dollar missed
over = 1.0          # price of a dollar too much
fair = 0.0          # price of a unit of the worst burden
ambiguity = 3.0     # USD from the belief to the truth, or "cross-validated"
# chance = 0.8      # raise enough in this share of cases
# capacities = 0.1  # all may lose that share till execution, or a table of scenarios by account

# [loss] and [limits] as in a round: adlopt new round.toml
"""

CONTRACTS = """\
# One round of autodeleveraging in contracts. Money in USD.
# Solve it with: adlopt solve {name}

deficit = 900.0         # D: bad debt that liquidation and insurance left
needed = 900.0          # B: what had to be raised, known ex post

# Winners' positions, inline, or in a table: positions = "positions.csv" (or .parquet)
[[positions]]
account = "alice"
coin = "ETH"
side = "short"
size = 10.0             # contracts
lot = 1.0               # size step; 1 unless given
mark = 3600.0           # for leverage and hedges
# entry = 4000.0        # positive PNL is the capacity, unless there is an account table
# value = 200.0         # USD that closing a contract takes; what losers shed says it otherwise

[[positions]]
account = "alice"
coin = "stETH"
side = "long"
size = 10.0
mark = 3590.0

[[positions]]
account = "bob"
coin = "ETH"
side = "short"
size = 5.0
mark = 3600.0

# Optional, inline or in a table: accounts = "accounts.csv"
[[accounts]]
account = "alice"
capacity = 4000.0       # u: positive PNL; no more may be taken
equity = 9000.0         # optional: for burden = "equity" and least-leverage

[[accounts]]
account = "bob"
capacity = 1000.0
equity = 1500.0

# What losers shed, inline or in a table: shed = "shed.csv". First listed, first served.
[[shed]]
loser = "xavier"
coin = "ETH"
side = "long"           # closed against winners' shorts in the same coin
size = 6.0
price = 3750.0          # bankruptcy price; the mark takes nothing from winners
mark = 3600.0

[match]
goal = "least-burden"   # or leximin, keep-hedges, least-leverage, fewest-accounts
burden = "capacity"     # or "equity"
lots = "any"            # or "rounded", or "searched" by branch and bound in small rounds
underlying = {{ ETH = "ether", stETH = "ether" }}    # which coins hedge each other

# [limits]              # optional: numbers for all accounts, or tables by account id
# ineligible = {{ bob = "market maker" }}
# cap = 0.5             # share of its capacity that an account may lose
# floor = {{ alice = 200.0 }}   # equity that an account keeps
# tier = {{ bob = 2 }}  # the others are in tier 1, and give all they can first
# ... and closable = 3 in [[positions]]: lots of a position that may be closed
"""

EPISODE = """\
# An episode of autodeleveraging: rounds in order. Money in USD.
# Play it with: adlopt play {name} -p persistence+pro-rata -p persistence+queue

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
features = {{ leverage = 4.0, price_ratio = 1.2 }}   # optional: what queues and venues rank by
# recorded = 45.0   # optional: what the venue took, for adlopt compare; of all accounts or none

[[round.account]]
id = "bob"
capacity = 80.0
equity = 90.0
features = {{ leverage = 12.0, price_ratio = 1.1 }}

[[round]]
deficit = 50.0
needed = 10.0
estimate = 30.0

[[round.account]]
id = "alice"
capacity = 90.0
equity = 270.0
features = {{ leverage = 4.0, price_ratio = 1.2 }}

[[round.account]]
id = "bob"
capacity = 60.0
equity = 70.0
features = {{ leverage = 10.0, price_ratio = 1.1 }}

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
# features = {{ withdrawal = 100.0 }}   # optional: whatever else rules rank or charge by

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a file starts from, and the verb that reads it."""

    text: str
    verb: str


KINDS = {
    "round": Template(text=ROUND, verb="solve {}"),
    "contracts": Template(text=CONTRACTS, verb="match {}"),
    "decision": Template(text=DECISION, verb="decide {}"),
    "episode": Template(text=EPISODE, verb="play {}"),
    "market": Template(text=MARKET, verb="deleverage {} --rule hyperliquid"),
    "policy": Template(text=POLICY, verb="play october-10 -p {}:rule"),
    "severity": Template(text=SEVERITY, verb="play october-10 -p {}:rule"),
    "proof": Template(text=PROOF, verb="prove {}"),
}
"""Templates by kind; those of Python end in .py, the others in .toml."""
PYTHON = ("policy", "severity", "proof")


def write_template(path: str | Path, kind: str | None = None) -> Path:
    """Write the template of a kind; unless given it is the one that the file's name has a word of.

    A .py file whose name has none is a proof.

    Raises
    ------
    InputError
        If there is no such kind, the name says none or several, the path does not end as files of
        that kind do, or it cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".toml", ".py"):
        raise InputError("file", str(path), "a name that ends in .toml, or .py for Python")
    if not path.parent.is_dir():
        raise InputError("file", str(path), "a folder that exists")
    kind = kind_of(path) if kind is None else kind
    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    if path.suffix != suffix_of(kind):
        raise InputError("file", str(path), f"a name that ends in {suffix_of(kind)}, for a {kind}")
    encoded = KINDS[kind].text.format(name=path).encode("utf-8", errors="replace")
    replace_all({path: lambda target: target.write_bytes(encoded)})
    return path


def kind_of(path: Path) -> str:
    """Say which kind of template a file's name has a word of.

    >>> kind_of(Path("my_round-2.toml")), kind_of(Path("mine.py"))
    ('round', 'proof')
    """
    words = re.findall("[a-z]+", path.stem.lower())
    kinds = [
        k for k in KINDS if suffix_of(k) == path.suffix and any(w.startswith(k) for w in words)
    ]
    if path.suffix == ".py" and not kinds:
        return "proof"
    if len(kinds) != 1:
        found = " or ".join(kinds) or None
        remedy = f"adlopt new KIND {path}"
        raise InputError("kind", found, f"one of {', '.join(KINDS)}", remedy=remedy)
    return kinds[0]


def suffix_of(kind: str) -> str:
    """How files of a kind end."""
    return ".py" if kind in PYTHON else ".toml"


def next_verb(path: str | Path, kind: str | None = None) -> str:
    """Say which verb reads the template of that name.

    Examples
    --------
    >>> next_verb("market.toml"), next_verb("mine.toml", "episode")
    ('deleverage market.toml --rule hyperliquid', 'play mine.toml')
    """
    return KINDS[kind or kind_of(Path(path))].verb.format(path)
