"""Small files of the venues' schemas, made up."""

import csv
import json
from pathlib import Path

DETAIL = [
    *("user", "coin", "time", "adl_price", "adl_size", "adl_notional", "closed_pnl"),
    *("position_size", "entry_price", "account_value_realtime", "total_unrealized_pnl"),
    *("total_equity", "is_negative_equity", "leverage_realtime", "position_unrealized_pnl"),
    *("pnl_percent", "liquidated_user"),
]
ENRICHED = [*DETAIL, "liquidated_total_equity", "liquidated_total_unrealized_pnl"]
T0 = 1760130964831


def detail_row(**changes):
    row = {
        "user": "0xa",
        "coin": "BTC",
        "time": T0,
        "adl_price": 90.0,
        "adl_size": 2.0,
        "adl_notional": 180.0,
        "closed_pnl": 20.0,
        "position_size": -2.0,
        "entry_price": 100.0,
        "account_value_realtime": 70.0,
        "total_unrealized_pnl": 30.0,
        "total_equity": 100.0,
        "is_negative_equity": False,
        "leverage_realtime": 1.8,
        "position_unrealized_pnl": 20.0,
        "pnl_percent": 10.0,
        "liquidated_user": "0xz",
        "liquidated_total_equity": -50.0,
        "liquidated_total_unrealized_pnl": -80.0,
    }
    assert set(changes) <= set(row)
    return row | changes


def write_detail(path, rows, header=ENRICHED, end="\n"):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore", lineterminator=end)
        writer.writeheader()
        writer.writerows(rows)
    return path


def fill(**changes):
    """A short of 2 BTC, entered at 100, closed at 90 where the mark is 95."""
    details = {
        "coin": "BTC",
        "px": "90.0",
        "sz": "2.0",
        "side": "B",
        "time": T0,
        "startPosition": "-2.0",
        "dir": "Auto-Deleveraging",
        "closedPnl": "20.0",
        "hash": "0x0",
        "oid": 1,
        "crossed": True,
        "fee": "0.0",
        "tid": 1,
        "feeToken": "USDC",
        "liquidation": {"liquidatedUser": "0xz", "markPx": "95.0", "method": "backstop"},
    }
    user = changes.pop("user", "0xa")
    return [user, details | changes]


def block(*events, number=1):
    return {"block_time": "2025-10-10T21:16:04.831", "block_number": number, "events": events}


def write_blocks(path, blocks, end="\n"):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(json.dumps(each) + end for each in blocks).encode())
    return path


def funding(user, usd, time="2025-10-10T21:16:04.831000000"):
    delta = {"user": user, "coin": "BTC", "funding_amount": str(usd)}
    return {"time": time, "inner": {"Funding": {"deltas": [delta]}}}


def update(kind, users=("0xa",), time="2025-10-10T21:16:04.831000000", **delta):
    body = {"users": list(users), "delta": {"type": kind, **delta}}
    return {"time": time, "hash": "0x0", "inner": {"LedgerUpdate": body}}


def write_snapshot(folder, time, values, markets):
    """Write account values, and by coin (user, size, entry, mark)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"user": user, "account_value": str(usd)} for user, usd in values.items()]
    (folder / f"account_value_snapshot_7_{time}.json").write_text(json.dumps(rows))
    positions = [
        {
            "market_name": f"hyperliquid:{coin}",
            "positions": [
                {"user": u, "size": size, "entry_price": entry, "notional_size": size * mark}
                for u, size, entry, mark in held
            ],
        }
        for coin, held in markets.items()
    ]
    (folder / f"perp_positions_by_market_7_{time}.json").write_text(json.dumps(positions))
    return folder
