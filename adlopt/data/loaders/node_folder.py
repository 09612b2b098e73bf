"""A folder with a clearinghouse snapshot, and node fills and misc events since.

Deficits and equities are those at the start of each round: nothing looks ahead but who won.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from adlopt.data.files.places import inside
from adlopt.data.loaders.cutting import rounds_of
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.loader import Loader
from adlopt.data.loaders.markout import by_account, markouts, production
from adlopt.data.loaders.misc_events import read_ledger
from adlopt.data.loaders.node_fills import every_trade, read_node_fills
from adlopt.data.loaders.options import Capacity, Deficit, Rules
from adlopt.data.loaders.records import How
from adlopt.data.loaders.snapshot import open_interest, read_snapshot
from adlopt.data.loaders.states import valued
from adlopt.errors import InputError


def _read(paths: Sequence[Path], rules: Rules, how: How) -> Loaded:
    """Rounds of the folder, with what production took where it can be told."""
    folder = paths[0]
    files = {kind: node_files(folder, kind) for kind in ("fills", "misc")}
    snapshot = read_snapshot(folder, **how)
    ledger, reports = read_ledger(files["misc"], **how)
    with every_trade() as trades, read_node_fills(files["fills"], trades=trades, **how) as raw:
        with valued(raw, trades, snapshot, ledger, rules) as fills:
            fills.reports += [*reports, *snapshot.reports]
            fills.findings += open_interest(snapshot)
            source = ", ".join(path.name for path in [*files["fills"], *files["misc"]])
            loaded = rounds_of(fills, name="node", source=source, rules=rules)
        if rules.per_coin:
            return loaded
        costs = markouts(raw, loaded, trades, horizon_ms=rules.horizon_ms)
        unpriced = costs.filter(costs["total"].is_null())["coin"].unique().sort().to_list()
        if unpriced:
            reason = f"coins without a price before a round's end: {', '.join(unpriced[:5])}"
            return replace(loaded, unavailable={**loaded.unavailable, "production": reason})
        accounts = loaded.accounts
        if accounts is not None:
            each = by_account(costs).select("wave", "account", markout="total")
            accounts = accounts.join(
                each, on=["wave", "account"], how="left", maintain_order="left"
            )
        made = (production(costs, loaded, horizon_ms=rules.horizon_ms),)
        return replace(loaded, recorded=made, accounts=accounts)


def node_files(folder: Path, kind: str) -> list[Path]:
    """Files of a kind, fills or misc, in order.

    Raises
    ------
    InputError
        If there are none.
    """
    found = sorted(folder.glob(f"*_{kind}.json*"))
    if not found:
        stem = {"fills": "node_fills", "misc": "misc_events"}[kind]
        found = sorted([*folder.glob(f"{stem}_*.lz4"), *folder.glob(f"{stem}_*.lz4.part-aa")])
    if not found:
        raise InputError("path", str(folder), f"a folder with *_{kind}.json")
    return [inside(folder, path.name) for path in found]


LOADER = Loader(
    kind="node",
    takes="FOLDER (a clearinghouse snapshot, and *_fills.json and *_misc.json since)",
    read=_read,
    rules=Rules(capacity=Capacity.POSITION, deficit=Deficit.INCREMENT),
    most=1,
)
