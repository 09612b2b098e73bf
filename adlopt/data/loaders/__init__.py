"""From raw venue data to rounds and episodes: read, cut, check, and say where it came from.

Every record that does not parse is counted and shown with its file and line; more than a stated
share of them, or of the dollars they hold, fails the load. What was read is what was used and what
was left out, in dollars; a quantity that the files do not hold is *unavailable*, by name, and never
zero. Ids are read by `adlopt.foundation.ids`, whoever writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.data.loaders.cutting import rounds_of
    from adlopt.data.loaders.fills import Fills
    from adlopt.data.loaders.hyperreplay import read_by_coin, read_by_user, read_detail
    from adlopt.data.loaders.loaded import Loaded
    from adlopt.data.loaders.loader import Loader, load, load_table, write
    from adlopt.data.loaders.mapped import read_mapped, read_mapping
    from adlopt.data.loaders.market_load import LoadedMarket
    from adlopt.data.loaders.markout import markouts, production
    from adlopt.data.loaders.misc_events import read_ledger
    from adlopt.data.loaders.node_fills import every_trade, read_node_fills
    from adlopt.data.loaders.node_folder import node_market
    from adlopt.data.loaders.options import Capacity, Deficit, Rules
    from adlopt.data.loaders.published import read_published
    from adlopt.data.loaders.rounds_in_contracts import contract_round, published_round
    from adlopt.data.loaders.snapshot import Snapshot, read_snapshot
    from adlopt.data.loaders.states import equities_at, valued
    from adlopt.data.loaders.venue_info import info_market, read_meta, read_size_decimals
    from adlopt.foundation.ids import Alike
    from adlopt.show.schema.loads import FileReport, Origin, Rejected

__getattr__, __dir__, __all__ = attach(__name__)
