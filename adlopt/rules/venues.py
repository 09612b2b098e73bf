"""The rules of venues, as they publish them, composed of parts.

What a source leaves open is listed under `unpublished`; what stands here instead is the plainest
choice, not a claim about the venue. Ties go by account id unless the source says otherwise.
"""

from __future__ import annotations

import numpy as np

from adlopt.errors import InputError
from adlopt.market import Market
from adlopt.own_file import MARK, load
from adlopt.rules.formula import Formula, column
from adlopt.rules.lights import Light, grades, quintiles, rank_share, size_percentiles
from adlopt.rules.pool import (
    UntilFactor,
    factor_exceeded,
    flagged_sides,
    largest_exposure,
    refuse_overcorrection,
)
from adlopt.rules.rows import Rows
from adlopt.rules.rule import NO_FUND, Close, Gauge, Haircut, Rule, Tier
from adlopt.rules.split import PerUnit, ProRata, Queue, RandomStart

IN_PROFIT = Formula("in profit", lambda r: r.feature("upnl") > 0)
AT_MARK = column("mark", "mark price")
AT_PREVIOUS_MARK = column("previous_mark")
AT_BANKRUPTCY = column("loser_bankruptcy_price", "bankruptcy price")
NO_LIMIT = Formula("no limit", lambda r: np.inf)
SILENT = ("tie-break", "rounding")


def queue(*keys: Formula, eligible: Formula | None = None, price: Formula) -> Close:
    """Close the other side's positions in an order."""
    tier = (
        Tier(split=Queue(keys)) if eligible is None else Tier(split=Queue(keys), eligible=eligible)
    )
    return Close(tiers=(tier,), price=price)


def drawdown(trigger: float, stop: float | None = None) -> Gauge:
    """The fund pays until it is `trigger` below its peak; while deleveraging, until `stop` is.

    Reads the signal `fund_peak`, USD, and with a stop `deleveraging`, 1 while ADL is under way.
    """

    def pays(market: Market) -> float:
        under_way = stop is not None and market.signal("deleveraging") != 0
        share = stop if under_way and stop is not None else trigger
        return market.fund - (1 - share) * market.signal("fund_peak")

    text = f"the fund, down to {1 - trigger:.0%} of its peak"
    return Gauge(text if stop is None else f"{text}; once begun, to {1 - stop:.0%}", pays)


def _leveraged_return(r: Rows) -> np.ndarray:
    """Binance: max(0, uPnL) / max(1, W) · MM / (W + uPnL)."""
    return np.maximum(r.feature("pnl_percent"), 0.0) * r.feature("margin_ratio")


def _by_sign(r: Rows, profit: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Profits grow with risk, losses shrink with it: PNL · s if PNL > 0, else PNL / s."""
    return np.where(profit > 0, profit * scale, profit / np.where(scale > 0, scale, np.inf))


def _reya(r: Rows) -> np.ndarray:
    """Cover of a losing position: its share of balance, gains and of the fund, by its loss."""
    loss = np.maximum(-r.feature("loser_upnl"), 0.0)
    owing = max(r.signal("required"), 1e-6)
    fund = r.signal("fund") * r.feature("loser_deficit") / owing
    purse = r.feature("loser_balance") + r.feature("loser_gains") + fund
    losses = np.maximum(r.feature("loser_losses"), 1e-6)
    cover = np.minimum(loss, np.maximum(purse, 0.0) * loss / losses)
    at_cover = r.feature("loser_entry") - r.feature("loser_side") * cover / r.feature("loser_size")
    return np.where(loss > 0, at_cover, r.feature("mark"))


def _beyond_drawdown(r: Rows) -> np.ndarray:
    """Bybit: the price at which users bear what the fund may not, and no more."""
    required = max(r.signal("required"), 1e-6)
    share = 1.0 - min(r.signal("fund_pays") / required, 1.0)
    return r.feature("mark") + share * (r.feature("loser_bankruptcy_price") - r.feature("mark"))


def _loss_factor(r: Rows) -> np.ndarray:
    """Paradex: each withdrawal pays bankruptcies / (balances + bankruptcies), net of the fund.

    The published example divides by the balances alone.
    """
    bankruptcies = max(r.signal("required") - r.signal("fund"), 0.0)
    return r.feature("withdrawal") * bankruptcies / (r.signal("total_balance") + bankruptcies)


LEVERAGED_RETURN = Formula("max(0, PNL %) · margin ratio", _leveraged_return)
RETURN_BY_LEVERAGE = Formula(
    "profit · leverage, loss / leverage",
    lambda r: _by_sign(r, r.feature("pnl_percent"), r.feature("leverage")),
)

HYPERLIQUID = Rule(
    name="hyperliquid",
    venue="Hyperliquid",
    source="hyperliquid.gitbook.io/hyperliquid-docs/trading/auto-deleveraging",
    fund=NO_FUND,
    close=queue(
        Formula(
            "mark/entry · notional/account value",
            lambda r: r.feature("price_ratio") * r.feature("leverage"),
        ),
        eligible=IN_PROFIT,
        price=AT_PREVIOUS_MARK,
    ),
    unpublished=SILENT,
)
BINANCE = Rule(
    name="binance",
    venue="Binance",
    source="binance.com/en/support/faq/360033525471",
    close=queue(LEVERAGED_RETURN, price=AT_BANKRUPTCY),
    light=Light("quantile 0–4 by count", quintiles),
    unpublished=SILENT,
)
ASTER = Rule(
    name="aster",
    venue="Aster",
    source="docs.asterdex.com/product/asterex-pro/adl",
    close=queue(LEVERAGED_RETURN, price=AT_BANKRUPTCY),
    light=Light("quantile 0–4 by count", quintiles),
    unpublished=("closing price", *SILENT),
)
AEVO = Rule(
    name="aevo",
    venue="Aevo",
    source="docs.aevo.xyz",
    close=queue(LEVERAGED_RETURN, price=AT_MARK),
    unpublished=("which instruments are excluded", *SILENT),
)
BITMEX = Rule(
    name="bitmex",
    venue="BitMEX; MEXC, Deepcoin, ABIT, Satori, BTEX alike",
    source="support.bitmex.com/hc/en-gb/articles/18589621443357",
    close=queue(
        Formula(
            "PNL % · effective leverage, losses PNL % / it",
            lambda r: _by_sign(r, r.feature("entry_return"), r.feature("effective_leverage")),
        ),
        price=AT_BANKRUPTCY,
    ),
    light=Light("lights, 20 % steps by contracts", size_percentiles),
    unpublished=SILENT,
)
BYBIT = Rule(
    name="bybit",
    venue="Bybit",
    source="bybit-exchange.github.io/docs/v5/market/adl-alert",
    fund=drawdown(0.3),
    close=Close(
        tiers=(Tier(split=Queue((RETURN_BY_LEVERAGE,))),),
        price=Formula("bankruptcy price, less what the fund may bear", _beyond_drawdown),
        fund_takes_positions=False,
    ),
    unpublished=("score", "when the mark is used instead", "stop ratio", *SILENT),
)
OKX = Rule(
    name="okx",
    venue="OKX; HTX alike",
    source="okx.com/help/iv-introduction-to-auto-deleveraging-adl",
    fund=drawdown(0.3),
    close=queue(
        Formula(
            "profit ROI / margin ratio, loss ROI · it",
            lambda r: _by_sign(r, r.feature("pnl_percent"), r.feature("margin_ratio")),
        ),
        price=AT_MARK,
    ),
    unpublished=("base of ROI", *SILENT),
)
BITGET = Rule(
    name="bitget",
    venue="Bitget",
    source="bitget.com/support/articles/12560603800805",
    fund=drawdown(0.3, stop=0.1),
    close=queue(
        Formula(
            "max(0, ROI) · leverage",
            lambda r: np.maximum(r.feature("entry_return"), 0.0) * r.feature("leverage"),
        ),
        price=AT_BANKRUPTCY,
    ),
    unpublished=("level of the fund at which it stops", *SILENT),
)
XCOIN = Rule(
    name="xcoin",
    venue="xcoin",
    source="help centre, not retrieved",
    close=queue(
        Formula("PNL % · |net delta|", lambda r: r.feature("pnl_percent") * r.feature("notional")),
        price=AT_BANKRUPTCY,
    ),
    unpublished=("closing price", "net delta across coins", *SILENT),
)
BLUEFIN = Rule(
    name="bluefin",
    venue="Bluefin",
    source="learn.bluefin.io/bluefin/bluefin-exchange/trading/risk-engine/adl",
    close=queue(
        Formula(
            "max(0, index return) / max(maintenance, margin ratio)",
            lambda r: (
                np.maximum(r.feature("side") * (r.feature("index") / r.feature("entry") - 1), 0.0)
                / np.maximum(r.feature("maintenance"), r.feature("equity"))
                * r.feature("notional")
            ),
        ),
        price=AT_BANKRUPTCY,
    ),
    light=Light("rank / count", rank_share),
    unpublished=SILENT,
)
ETHEREAL = Rule(
    name="ethereal",
    venue="Ethereal",
    source="docs.ethereal.trade/trading/perpetual-futures/auto-deleveraging",
    close=queue(
        column("leverage", "effective leverage"),
        column("upnl", "profit"),
        Formula("least balance", lambda r: -r.feature("balance")),
        column("opened", "newest account"),
        price=Formula(
            "mark, capped at bankruptcy price",
            lambda r: (
                r.feature("mark")
                - r.feature("side")
                * np.maximum(
                    r.feature("side") * (r.feature("mark") - r.feature("loser_bankruptcy_price")),
                    0.0,
                )
            ),
        ),
    ),
    unpublished=("rounding",),
)
GTE = Rule(
    name="gte",
    venue="GTE, muchfi",
    source="docsv2.muchfi.xyz/docs/home/trading/perpetuals/adl",
    close=Close(
        tiers=(
            Tier(
                split=Queue(
                    (
                        Formula(
                            "profit · leverage", lambda r: r.feature("upnl") * r.feature("leverage")
                        ),
                    )
                )
            ),
        ),
        price=AT_BANKRUPTCY,
        losers=Queue((column("deficit", "bad debt"),)),
    ),
    unpublished=SILENT,
)
WHITEBIT = Rule(
    name="whitebit",
    venue="WhiteBIT",
    source="docs.whitebit.com/concepts/auto-deleveraging",
    close=queue(RETURN_BY_LEVERAGE, price=AT_BANKRUPTCY),
    light=Light("grade 0–4, 4 the top 5 %", grades),
    unpublished=("score", "grades below 4", "which limit orders the book fills first", *SILENT),
)
_UNSETTLED = column("unsettled_profit")
BULLISH = Rule(
    name="bullish",
    venue="Bullish",
    source="support.bullish.com/hc/en-us/articles/24436607098649",
    close=queue(
        Formula(
            "initial margin / margin", lambda r: r.feature("account_initial") / r.feature("equity")
        ),
        price=AT_MARK,
    ),
    haircut=Haircut(
        tiers=(
            Tier(
                eligible=Formula("opposite", lambda r: r.feature("opposite")),
                split=Queue(
                    (
                        Formula(
                            "unsettled profit / |size|",
                            lambda r: r.feature("unsettled_profit") / r.feature("size"),
                        ),
                    )
                ),
                limit=_UNSETTLED,
            ),
            Tier(
                eligible=Formula("flat", lambda r: r.feature("size") == 0),
                split=Queue((_UNSETTLED,)),
                limit=_UNSETTLED,
            ),
        ),
        owed=True,
    ),
    unpublished=SILENT,
)
TRADOOR = Rule(
    name="tradoor",
    venue="Tradoor",
    source="docs.tradoor.io/auto-deleveraging-adl",
    fund=NO_FUND,
    trigger=Gauge(
        "pool exposure above its liquidity",
        lambda market: largest_exposure(market)[1] > market.signal("pool_liquidity"),
    ),
    sheds=lambda market: largest_exposure(market)[0],
    close=queue(
        RETURN_BY_LEVERAGE,
        price=Formula(
            "index · (1 + initial premium)",
            lambda r: r.feature("index") * (1 + r.signal("initial_premium")),
        ),
    ),
    unpublished=SILENT,
)
REYA = Rule(
    name="reya",
    venue="Reya",
    source="help.reya.xyz/articles/682321; Voltz-Protocol/v2-core #164, #225",
    fund=NO_FUND,
    close=Close(
        tiers=(Tier(split=ProRata(column("lots", "contracts"))),),
        price=Formula("mark of a winning position, else where fund and balance end", _reya),
    ),
    unpublished=("rounding",),
)
DYDX = Rule(
    name="dydx-v4",
    venue="dYdX v4",
    source="github.com/dydxprotocol/v4-chain protocol/x/clob/keeper/deleveraging.go @002f3fa4",
    close=Close(
        tiers=(
            Tier(
                split=RandomStart(),
                eligible=Formula(
                    "bankruptcy prices overlap",
                    lambda r: (
                        r.feature("side")
                        * (r.feature("closing_price") - r.feature("bankruptcy_price"))
                        >= 0
                    ),
                ),
            ),
        ),
        price=AT_BANKRUPTCY,
    ),
    unpublished=("seed",),
)
_PER_CONTRACT = Tier(split=PerUnit(column("size", "contract")), limit=NO_LIMIT)
DRIFT = Rule(
    name="drift-v2",
    venue="Drift v2",
    source="github.com/drift-labs/protocol-v2 liquidation.rs resolve_perp_bankruptcy",
    fund=Gauge("all but the last unit of the fund", lambda market: market.fund - 1e-6),
    haircut=Haircut(tiers=(_PER_CONTRACT,), by_coin=True),
)
VERTEX = Rule(
    name="vertex",
    venue="Vertex and its kin",
    source="PerpEngine.sol socializeSubaccount, L141-178",
    haircut=Haircut(tiers=(_PER_CONTRACT,), by_coin=True),
)
PARADEX = Rule(
    name="paradex",
    venue="Paradex",
    source="docs.paradex.trade/risk/socialized-losses.md",
    haircut=Haircut(
        tiers=(
            Tier(
                split=ProRata(column("withdrawal")),
                limit=Formula("withdrawal · socialised loss factor", _loss_factor),
            ),
        ),
    ),
    unpublished=("rounding", "the deleveraging page"),
)
GMX_V2 = Rule(
    name="gmx-v2",
    venue="GMX v2",
    source="github.com/gmx-io/gmx-synthetics contracts/adl/AdlUtils.sol, exchange/AdlHandler.sol",
    fund=NO_FUND,
    trigger=Gauge("profit / pool above its maximum", factor_exceeded),
    sheds=flagged_sides,
    close=Close(
        tiers=(Tier(split=UntilFactor(Queue((column("upnl", "profit"),)))),),
        price=AT_MARK,
    ),
    after=refuse_overcorrection,
    unpublished=("whom the keeper picks", "price impact"),
)
LIGHTER = Rule(
    name="lighter",
    venue="Lighter",
    source="docs.lighter.xyz",
    close=queue(RETURN_BY_LEVERAGE, price=AT_BANKRUPTCY),
    unpublished=("score", *SILENT),
)
KRAKEN = Rule(
    name="kraken",
    venue="Kraken",
    source="support.kraken.com/articles/360022835671-Equity-Protection-Process",
    fund=Gauge("assignment to liquidity providers", lambda market: market.fund),
    close=queue(RETURN_BY_LEVERAGE, price=AT_BANKRUPTCY),
    unpublished=("who is assigned what", "score", *SILENT),
)
DERIBIT = Rule(
    name="deribit",
    venue="Deribit, where its fund is empty; Crypto.com alike, with at least 1 %",
    source="support.deribit.com/hc/en-us/articles/25944777576477-Insurance-Fund",
    haircut=Haircut(
        tiers=(Tier(split=ProRata(column("session_profit")), limit=column("session_profit")),)
    ),
    unpublished=("rounding",),
)
_ALL_WINNERS = Haircut(
    tiers=(Tier(split=ProRata(column("capacity", "profit")), eligible=IN_PROFIT),)
)
ZENEX = Rule(
    name="zenex",
    venue="Zenex",
    source="docs.zenex.trade",
    haircut=_ALL_WINNERS,
    unpublished=("rounding",),
)
PERCOLATOR = Rule(
    name="percolator",
    venue="Percolator",
    source="github.com/aeyakovenko/percolator",
    haircut=_ALL_WINNERS,
)
VMGH = Rule(
    name="vmgh",
    venue="Clearing houses: variation margin gains haircut",
    source="RBA Bulletin, December 2013",
    haircut=Haircut(tiers=(Tier(split=ProRata(column("vm_gain")), limit=column("vm_gain")),)),
    unpublished=("rounding",),
)

VENUES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        HYPERLIQUID, BINANCE, ASTER, AEVO, BITMEX, BYBIT, OKX, BITGET, XCOIN, BLUEFIN, ETHEREAL,
        GTE, WHITEBIT, BULLISH, TRADOOR, REYA, DYDX, DRIFT, VERTEX, PARADEX, GMX_V2, LIGHTER,
        KRAKEN, DERIBIT, ZENEX, PERCOLATOR, VMGH,
    )
}  # fmt: skip
"""Every rule by its name."""


def rule_named(name: str) -> Rule:
    """Return a rule by its name, or from a file of one's own, `path.py:name`.

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> rule_named("hyperliquid").close.price.text
    'previous mark'
    """
    if MARK in name:
        found = load(name)
        if not isinstance(found, Rule):
            raise InputError(name, found, "a Rule")
        return found
    if name not in VENUES:
        raise InputError("rule", name, f"one of {', '.join(VENUES)}, or path.py:name")
    return VENUES[name]
