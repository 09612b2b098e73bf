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
    from adlopt.data.loaders.cutting import rounds_of as rounds_of
    from adlopt.data.loaders.fills import Fills as Fills
    from adlopt.data.loaders.hyperreplay import (
        read_by_coin as read_by_coin,
        read_by_user as read_by_user,
        read_detail as read_detail,
    )
    from adlopt.data.loaders.loaded import Loaded as Loaded
    from adlopt.data.loaders.loader import (
        Loader as Loader,
        load as load,
        load_table as load_table,
        write as write,
    )
    from adlopt.data.loaders.mapped import read_mapped as read_mapped, read_mapping as read_mapping
    from adlopt.data.loaders.market_load import LoadedMarket as LoadedMarket
    from adlopt.data.loaders.markout import markouts as markouts, production as production
    from adlopt.data.loaders.misc_events import read_ledger as read_ledger
    from adlopt.data.loaders.node_fills import (
        every_trade as every_trade,
        read_node_fills as read_node_fills,
    )
    from adlopt.data.loaders.node_folder import node_market as node_market
    from adlopt.data.loaders.options import Capacity as Capacity, Deficit as Deficit, Rules as Rules
    from adlopt.data.loaders.published import read_published as read_published
    from adlopt.data.loaders.rounds_in_contracts import (
        contract_round as contract_round,
        published_round as published_round,
    )
    from adlopt.data.loaders.snapshot import Snapshot as Snapshot, read_snapshot as read_snapshot
    from adlopt.data.loaders.states import equities_at as equities_at, valued as valued
    from adlopt.data.loaders.venue_info import (
        info_market as info_market,
        read_meta as read_meta,
        read_size_decimals as read_size_decimals,
    )
    from adlopt.foundation.ids import Alike as Alike
    from adlopt.show.schema.loads import (
        FileReport as FileReport,
        Origin as Origin,
        Rejected as Rejected,
    )

__getattr__, __dir__, __all__ = attach(__name__)
