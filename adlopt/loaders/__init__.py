"""From raw venue data to rounds and episodes: read, cut, check, and say where it came from.

Every record that does not parse is counted and shown with its file and line; more than a stated
share of them fails the load. A quantity that the files do not hold is *unavailable*, by name, and
never zero.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adlopt.loaders.command import load, load_table, write
    from adlopt.loaders.contracts import contract_round, read_size_decimals
    from adlopt.loaders.fills import Fills
    from adlopt.loaders.hyperreplay import read_by_user, read_detail
    from adlopt.loaders.ledger import read_ledger
    from adlopt.loaders.loaded import Loaded
    from adlopt.loaders.mapped import read_mapped, read_mapping
    from adlopt.loaders.markout import markouts, production
    from adlopt.loaders.node_fills import every_trade, read_node_fills
    from adlopt.loaders.published import read_published
    from adlopt.loaders.report import FileReport, Origin, Rejected
    from adlopt.loaders.rounds import rounds_of
    from adlopt.loaders.rules import Capacity, Deficit, Rules
    from adlopt.loaders.snapshot import Snapshot, read_snapshot
    from adlopt.loaders.states import equities_at, valued

_HOMES = {
    "command": ("load", "load_table", "write"),
    "contracts": ("contract_round", "read_size_decimals"),
    "fills": ("Fills",),
    "hyperreplay": ("read_by_user", "read_detail"),
    "ledger": ("read_ledger",),
    "loaded": ("Loaded",),
    "mapped": ("read_mapped", "read_mapping"),
    "markout": ("markouts", "production"),
    "node_fills": ("every_trade", "read_node_fills"),
    "published": ("read_published",),
    "report": ("FileReport", "Origin", "Rejected"),
    "rounds": ("rounds_of",),
    "rules": ("Capacity", "Deficit", "Rules"),
    "snapshot": ("Snapshot", "read_snapshot"),
    "states": ("equities_at", "valued"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 - sorted below, from one table
    *sorted(_HOME_OF)
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'adlopt.loaders' has no attribute {name!r}")
    return getattr(import_module(f"adlopt.loaders.{_HOME_OF[name]}"), name)
