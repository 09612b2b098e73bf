"""Rules of exchanges and clearing houses, as they publish them.

`sources.toml` has their sources, and what these leave open; what stands here instead is the
plainest choice. Ties go by account id unless the source says otherwise.
"""

from __future__ import annotations

import numpy as np

from adlopt.foundation.arrays import FloatArray
from adlopt.rules.lights import FIVE, QUANTILE, Light, grades, share_behind, size_percentiles
from adlopt.rules.parts import (
    AT_MARK,
    LEVERAGED_RETURN,
    RETURN_BY_LEVERAGE,
    by_sign,
    drawdown,
    in_line,
    queue,
    share_of,
)
from adlopt.rules.row_formula import RowFormula, column
from adlopt.rules.rows import Rows, over
from adlopt.rules.rule import Gauge, Haircut, Rule


def _beyond_drawdown(r: Rows) -> FloatArray:
    """Bybit: the price at which users bear what the fund may not, and no more."""
    required = max(r.signal("required"), 1e-6)
    share = 1.0 - min(r.signal("fund_pays") / required, 1.0)
    return r["mark"] + share * (r["loser_bankruptcy_price"] - r["mark"])


BINANCE = Rule(name="binance", close=queue(LEVERAGED_RETURN), light=QUANTILE)
BITMEX = Rule(
    name="bitmex",
    close=queue(
        RowFormula(
            "PNL % · effective leverage, losses PNL % / it",
            lambda r: by_sign(r["entry_return"], r["effective_leverage"]),
        )
    ),
    light=Light("lights, 20 % steps by contracts", size_percentiles, by_contracts=True),
)
BYBIT = Rule(
    name="bybit",
    fund=drawdown(0.3),
    close=queue(
        RETURN_BY_LEVERAGE,
        price=RowFormula("bankruptcy price, less what the fund may bear", _beyond_drawdown),
        fund_takes_positions=False,
    ),
    light=FIVE,
)
OKX = Rule(
    name="okx",
    fund=drawdown(0.3),
    close=queue(
        RowFormula(
            "profit ROI / margin ratio, loss ROI · it",
            lambda r: by_sign(r["pnl_percent"], r["margin_ratio"]),
        ),
        price=AT_MARK,
    ),
    light=FIVE,
)
BITGET = Rule(
    name="bitget",
    fund=drawdown(0.3, stop=0.1),
    close=queue(
        RowFormula(
            "max(0, ROI) · leverage", lambda r: np.maximum(r["entry_return"], 0.0) * r["leverage"]
        )
    ),
    light=Light("rank, 1 first", share_behind),
)
XCOIN = Rule(
    name="xcoin",
    close=queue(RowFormula("PNL % · |net delta|", lambda r: r["pnl_percent"] * r["notional"])),
)
WHITEBIT = Rule(
    name="whitebit",
    close=queue(RETURN_BY_LEVERAGE),
    light=Light("grade 0–4, 4 the top 5 %", grades),
)
KRAKEN = Rule(
    name="kraken",
    fund=Gauge("assignment to liquidity providers", lambda market: market.fund),
    close=queue(RETURN_BY_LEVERAGE),
)
_UNSETTLED = column("unsettled_profit")
BULLISH = Rule(
    name="bullish",
    close=queue(
        RowFormula("initial margin / margin", lambda r: over(r["account_initial"], r["equity"])),
        price=AT_MARK,
    ),
    haircut=Haircut(
        tiers=(
            in_line(
                RowFormula(
                    "unsettled profit / |size|", lambda r: r["unsettled_profit"] / r["size"]
                ),
                eligible=RowFormula("opposite", lambda r: r["opposite"]),
                limit=_UNSETTLED,
            ),
            in_line(
                _UNSETTLED, eligible=RowFormula("flat", lambda r: r["size"] == 0), limit=_UNSETTLED
            ),
        ),
        owed=True,
    ),
)
DERIBIT = Rule(name="deribit", haircut=share_of("session_profit"))
VMGH = Rule(name="vmgh", haircut=share_of("vm_gain"))

RULES = (BINANCE, BITMEX, BYBIT, OKX, BITGET, XCOIN, WHITEBIT, KRAKEN, BULLISH, DERIBIT, VMGH)
