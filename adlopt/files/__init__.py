"""Rounds and episodes from files: TOML or JSON, with account tables inline, in CSV or Parquet.

A round file::

    deficit = 90.0                 # USD
    needed = 60.0                  # USD, ex post
    [[account]]
    id = "alice"
    capacity = 120.0               # USD, positive PNL

An account table has the columns `account` and `capacity`, optionally `equity` and `lot`; every
other column is a feature to rank by. In an episode's table the column `round` says which round a
row belongs to.

A market file has `[[coin]]`, `[[account]]` and `[[position]]` entries; `accounts` and `positions`
name tables instead.
"""

from adlopt.files.market import read_market, write_market
from adlopt.files.read import is_market, read_episode, read_round
from adlopt.files.templates import write_template
from adlopt.files.write import write_episode, write_haircuts

__all__ = [
    "is_market",
    "read_episode",
    "read_market",
    "read_round",
    "write_episode",
    "write_haircuts",
    "write_market",
    "write_template",
]
