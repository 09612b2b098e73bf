"""Rules of venues, on chains, of exchanges and of clearing houses, as they publish them.

`sources.toml` has their sources, and what these leave open; what stands here instead is the
plainest choice. Ties go by account id unless the source says otherwise.
"""

from __future__ import annotations

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.model.market import Market
from adlopt.rules.lights import (
    FIVE,
    QUANTILE,
    Light,
    grades,
    rank_share,
    share_behind,
    size_percentiles,
)
from adlopt.rules.parts import (
    AT_BANKRUPTCY,
    AT_MARK,
    AT_PREVIOUS_MARK,
    IN_PROFIT,
    LEVERAGED_RETURN,
    NO_LIMIT,
    RETURN_BY_LEVERAGE,
    UntilFactor,
    by_sign,
    drawdown,
    factor_exceeded,
    flagged_sides,
    in_line,
    largest_exposure,
    queue,
    refuse_overcorrection,
    share_of,
)
from adlopt.rules.row_formula import RowFormula, column
from adlopt.rules.rows import Rows, over
from adlopt.rules.rule import NO_FUND, Close, Gauge, Haircut, Rule, Tier
from adlopt.rules.split import Floored, PerUnit, ProRata, Queue, RandomStart


def _reya(r: Rows) -> FloatArray:
    """Cover of a losing position: its share of balance, gains and of the fund, by its loss."""
    loss = np.maximum(-r["loser_upnl"], 0.0)
    owing = max(r.signal("required"), 1e-6)
    fund = r.signal("fund") * r["loser_deficit"] / owing
    purse = r["loser_balance"] + r["loser_gains"] + fund
    losses = np.maximum(r["loser_losses"], 1e-6)
    cover = np.minimum(loss, np.maximum(purse, 0.0) * loss / losses)
    at_cover = r["loser_entry"] - r["loser_side"] * cover / r["loser_size"]
    return np.where(loss > 0, at_cover, r["mark"])


def _loss_factor(r: Rows) -> FloatArray:
    """Paradex: each withdrawal pays bankruptcies / (balances + bankruptcies), net of the fund.

    The published example divides by the balances alone.
    """
    bankruptcies = max(r.signal("required") - r.signal("fund"), 0.0)
    whole = max(r.signal("total_balance"), 0.0) + bankruptcies
    return r["withdrawal"] * (bankruptcies / whole if bankruptcies else 0.0)


def _drift_insurance(market: Market) -> float:
    """Drift: the fund but for its last unit, within the market's cap, then the fee pool.

    Reads, where the market knows them, the signals `insurance_cap`, what is left of
    quote_max_insurance, and `fee_pool`, which is part of the fund and has no cap, USD.
    """
    pool = market.signals.get("fee_pool", 0.0)
    if not 0 <= pool <= market.fund:
        raise InputError("signals.fee_pool", pool, f"between 0 and the fund of {market.fund:g} USD")
    insurance = max(market.fund - pool - 1e-6, 0.0)
    return min(insurance, market.signals.get("insurance_cap", np.inf)) + pool


HYPERLIQUID = Rule(
    name="hyperliquid",
    fund=NO_FUND,
    close=queue(
        RowFormula(
            "mark / entry · notional / account value", lambda r: r["price_ratio"] * r["leverage"]
        ),
        eligible=IN_PROFIT,
        price=AT_PREVIOUS_MARK,
    ),
)
ASTER = Rule(name="aster", close=queue(LEVERAGED_RETURN), light=QUANTILE)
AEVO = Rule(name="aevo", close=queue(LEVERAGED_RETURN, price=AT_MARK))
BLUEFIN = Rule(
    name="bluefin",
    close=queue(
        RowFormula(
            "max(0, index return) / max(maintenance, margin ratio)",
            lambda r: (
                np.maximum(r["side"] * (r["index"] / r["entry"] - 1), 0.0)
                / np.maximum(r["maintenance"], r["equity"])
                * r["notional"]
            ),
        )
    ),
    light=Light("rank / count", rank_share),
)
ETHEREAL = Rule(
    name="ethereal",
    close=queue(
        column("leverage", "effective leverage"),
        column("upnl", "profit"),
        RowFormula("least balance", lambda r: -r["balance"]),
        column("opened", "newest account"),
        price=RowFormula(
            "mark, capped at bankruptcy price",
            lambda r: (
                r["mark"]
                - r["side"] * np.maximum(r["side"] * (r["mark"] - r["loser_bankruptcy_price"]), 0.0)
            ),
        ),
    ),
)
GTE = Rule(
    name="gte",
    close=queue(
        RowFormula("profit · leverage", lambda r: r["upnl"] * r["leverage"]),
        losers=Queue((column("deficit", "bad debt"),)),
    ),
)
LIGHTER = Rule(name="lighter", close=queue(RETURN_BY_LEVERAGE))
REYA = Rule(
    name="reya",
    fund=NO_FUND,
    close=Close(
        tiers=(Tier(split=ProRata(column("lots", "contracts"))),),
        price=RowFormula("mark of a winning position, else where fund and balance end", _reya),
    ),
)
_OVERLAP = RowFormula(
    "bankruptcy prices overlap",
    lambda r: r["side"] * (r["closing_price"] - r["bankruptcy_price"]) >= 0,
)
DYDX = Rule(
    name="dydx-v4",
    close=Close(
        tiers=(Tier(split=RandomStart(willing=_OVERLAP)),), price=AT_BANKRUPTCY, rounds_up=True
    ),
)
TRADOOR = Rule(
    name="tradoor",
    fund=NO_FUND,
    trigger=Gauge(
        "pool exposure above its liquidity",
        lambda market: largest_exposure(market)[1] > market.signal("pool_liquidity"),
    ),
    sheds=lambda market: largest_exposure(market)[0],
    close=queue(
        RETURN_BY_LEVERAGE,
        price=RowFormula(
            "index · (1 + initial premium)",
            lambda r: r["index"] * (1 + r.signal("initial_premium")),
        ),
    ),
)
GMX_V2 = Rule(
    name="gmx-v2",
    fund=NO_FUND,
    trigger=Gauge("profit / pool above its maximum", factor_exceeded),
    sheds=flagged_sides,
    close=Close(
        tiers=(Tier(split=UntilFactor(Queue((column("upnl", "profit"),)))),), price=AT_MARK
    ),
    after=refuse_overcorrection,
)
_DRIFT_FUND = Gauge("the fund within the market's cap, then the fee pool", _drift_insurance)
_PER_CONTRACT = Tier(split=PerUnit(column("size", "contract")), limit=NO_LIMIT)
"""Both sides, losers included, whatever they own; nobody where nothing is open."""
DRIFT = Rule(
    name="drift-v2",
    fund=_DRIFT_FUND,
    residual=_DRIFT_FUND,
    haircut=Haircut(tiers=(_PER_CONTRACT,), by_coin=True),
)
VERTEX = Rule(name="vertex", haircut=Haircut(tiers=(_PER_CONTRACT,), by_coin=True))
PARADEX = Rule(
    name="paradex",
    haircut=Haircut(
        tiers=(
            Tier(
                split=ProRata(column("withdrawal")),
                limit=RowFormula("withdrawal · socialised loss factor", _loss_factor),
            ),
        )
    ),
)
_ALL_WINNERS = Haircut(
    tiers=(Tier(split=ProRata(column("capacity", "profit")), eligible=IN_PROFIT),)
)
ZENEX = Rule(name="zenex", haircut=_ALL_WINNERS)
_PRINCIPAL = RowFormula("principal", lambda r: np.maximum(r["equity"] - r["capacity"], 0.0))
PERCOLATOR = Rule(
    name="percolator",
    fund=NO_FUND,
    haircut=Haircut(
        tiers=(
            *_ALL_WINNERS.tiers,
            Tier(split=ProRata(_PRINCIPAL), limit=_PRINCIPAL, after_fund=True),
        )
    ),
)
_IN_COIN = column("profit")
METAFLUX = Rule(
    name="metaflux",
    fund=NO_FUND,
    haircut=Haircut(tiers=(Tier(split=Floored(_IN_COIN), limit=_IN_COIN),), by_coin=True),
)


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

RULES = (
    HYPERLIQUID, ASTER, AEVO, BLUEFIN, ETHEREAL, GTE, LIGHTER, REYA, DYDX, TRADOOR, GMX_V2,
    DRIFT, VERTEX, PARADEX, ZENEX, PERCOLATOR, METAFLUX, BINANCE, BITMEX, BYBIT, OKX, BITGET,
    XCOIN, WHITEBIT, KRAKEN, BULLISH, DERIBIT, VMGH,
)  # fmt: skip
