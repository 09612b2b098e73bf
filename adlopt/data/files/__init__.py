"""Rounds and episodes from files: TOML or JSON, with account tables inline, in CSV or Parquet.

A round file:

    deficit = 90.0                 # USD
    needed = 60.0                  # USD, ex post
    [[account]]
    id = "alice"
    capacity = 120.0               # USD, positive PNL

An account table has the columns `account` and `capacity`, optionally `equity` and `lot`, and of
what was done `recorded` and `markout`; every other column is a feature to rank by. In an
episode's table the column `round` says which round a row belongs to.

A round in contracts lists `positions` (account, coin, side, size), inline or in a table, and what
losers `shed` (loser, coin, side, size, price, mark); `accounts` have capacities and equities.

A market file has `[[coin]]`, `[[account]]` and `[[position]]` entries; `accounts` and `positions`
name tables instead.

A table that a file names lies in the folder of that file or below it, links resolved.
"""

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.data.files.contract_rounds import write_contract_round as write_contract_round
    from adlopt.data.files.markets import write_market as write_market
    from adlopt.data.files.reading import (
        read as read,
        read_contract_round as read_contract_round,
        read_episode as read_episode,
        read_limits as read_limits,
        read_market as read_market,
        read_round as read_round,
    )
    from adlopt.data.files.writing import (
        next_verb as next_verb,
        write_episode as write_episode,
        write_rows as write_rows,
        write_template as write_template,
    )

__getattr__, __dir__, __all__ = attach(__name__)
