"""Solvency accounting of a venue: equity, deficit, bankruptcy price, needed budget, capacities.

One row is one account with one net position, marked at one price a row. Sizes are signed:
positive long, negative short. Notation of [CTTX26, Section 2], arXiv 2602.15182.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import BadHaircut, InputError
from adlopt.foundation.arrays import FloatArray, own, require
from adlopt.foundation.labels import in_order
from adlopt.model.round import RoundStart

ROUNDING = 1e-9
"""Relative rounding a haircut may exceed its capacity by."""


def profit(size: ArrayLike, entry: ArrayLike, mark: ArrayLike) -> FloatArray:
    """PNL_i = q_i (m − p̄_i), USD, shape (n,).

    Examples
    --------
    >>> profit([10, -2], [4000, 4000], [3600, 3600])
    array([-4000.,   800.])
    """
    size, entry, mark = _same_length(size=size, entry=entry, mark=mark)
    return size * (mark - entry)


def equity(collateral: ArrayLike, pnl: ArrayLike) -> FloatArray:
    """e_i = c_i + PNL_i, USD, shape (n,).

    Examples
    --------
    >>> equity([2000, 100], [-4000, 800])
    array([-2000.,   900.])
    """
    collateral, pnl = _same_length(collateral=collateral, pnl=pnl)
    return collateral + pnl


def bankruptcy_price(size: ArrayLike, entry: ArrayLike, collateral: ArrayLike) -> FloatArray:
    """p^bk_i = p̄_i − c_i / q_i, the mark at which equity is zero; shape (n,).

    A value ≤ 0 means that no price bankrupts the account.

    Examples
    --------
    >>> bankruptcy_price([10], [4000], [2000])
    array([3800.])
    """
    size, entry, collateral = _same_length(size=size, entry=entry, collateral=collateral)
    require(size != 0, size, "size", "an open position", remedy="drop flat accounts")
    return entry - collateral / size


def deficit(equities: ArrayLike) -> float:
    """D = Σ (−e_j)_+ over liquidated accounts at their execution prices, USD [CTTX26, Eq. 4].

    Examples
    --------
    >>> deficit([10, 5, 1, -3, -12])
    15.0
    """
    return float(np.maximum(-own(equities, "equities"), 0.0).sum())


def shortfall(equities: ArrayLike) -> float:
    """S = (−Σ e_i)_+, the residual shortfall of the whole venue, USD.

    Profits and losses of a closed market cancel: over all its accounts since inception Σ e_i is
    what was paid in, and S = 0 whatever `deficit` says.

    Examples
    --------
    >>> shortfall([10, 5, 1, -3, -12])
    0.0
    """
    return max(0.0, -float(own(equities, "equities").sum()))


def needed_budget(execution: ArrayLike, bankruptcy: ArrayLike, size: ArrayLike) -> float:
    """B^needed = Σ_k |p_k^exec − p_k^bk| |q_k|, USD, as the paper writes it [CTTX26, Eqs. 6, 19].

    The absolute value also counts a surplus, an execution better than bankruptcy, as needed;
    `bad_debt` does not.

    Examples
    --------
    >>> needed_budget(execution=[7, 10], bankruptcy=[8, 8], size=[1, 1])
    3.0
    """
    price, zero, q = _same_length(execution=execution, bankruptcy=bankruptcy, size=size)
    return float((np.abs(price - zero) * np.abs(q)).sum())


def bad_debt(execution: ArrayLike, bankruptcy: ArrayLike, size: ArrayLike) -> float:
    """Σ_k (q_k (p_k^bk − p_k^exec))_+, USD: what closing the positions `size` leaves unpaid.

    A long (q > 0) leaves bad debt when it is sold below its bankruptcy price, a short when it is
    bought back above.

    Examples
    --------
    >>> bad_debt(execution=[7, 10], bankruptcy=[8, 8], size=[1, 1])
    1.0
    """
    price, zero, q = _same_length(execution=execution, bankruptcy=bankruptcy, size=size)
    return float(np.maximum(q * (zero - price), 0.0).sum())


def capacities(pnl: ArrayLike) -> FloatArray:
    """u_i = (PNL_i)_+, USD, shape (n,): under strict PNL-only haircuts no more may be taken.

    Examples
    --------
    >>> capacities([800, -5])
    array([800.,   0.])
    """
    return np.maximum(own(pnl, "pnl"), 0.0)


def open_round(
    *,
    account: Sequence[str],
    size: ArrayLike,
    entry: ArrayLike,
    collateral: ArrayLike,
    mark: ArrayLike,
    t: int = 1,
) -> RoundStart:
    """Start a round from raw accounts: losers make the deficit, winners the capacities.

    Winners are the solvent accounts with positive PNL; they carry the features `pnl_percent`
    (PNL over collateral) and `leverage` (notional over equity) for queues to rank by.

    Parameters
    ----------
    account : sequence of str, length n
        Unique ids.
    size, entry, collateral, mark : array_like, shape (n,)
        Contracts (signed), USD, USD, USD. Losers are marked at their execution price.

    Examples
    --------
    >>> start = open_round(account=["long", "short"], size=[10, -10], entry=[4000, 4000],
    ...                    collateral=[2000, 8000], mark=[3600, 3600])
    >>> start.account, start.capacity, start.deficit
    (('short',), array([4000.]), 2000.0)
    """
    pnl = profit(size, entry, mark)
    collateral = own(collateral, "collateral", length=pnl.size)
    equities = equity(collateral, pnl)
    if len(account) != pnl.size:
        raise InputError("account", f"{len(account)} ids", f"{pnl.size}, one for each size")
    wins = (pnl > 0) & (equities > 0)
    if not wins.any():
        raise InputError("pnl", "no winner", "an account with positive PNL and equity")
    notional = np.abs(own(size, "size") * own(mark, "mark"))
    stake = np.maximum(collateral, 1.0)
    return RoundStart(
        t=t,
        account=tuple(name for name, wins_ in zip(account, wins, strict=True) if wins_),
        capacity=pnl[wins],
        deficit=deficit(equities),
        equity=equities[wins],
        features={"pnl_percent": (pnl / stake)[wins], "leverage": notional[wins] / equities[wins]},
    )


def check_haircut(haircut: ArrayLike, start: RoundStart, *, who: str = "the haircut") -> FloatArray:
    """Return the haircut, shape (n,), if 0 ≤ x_i ≤ u_i: collateral is never touched.

    Examples
    --------
    >>> start = RoundStart(account=["a", "b"], capacity=[120, 80], deficit=90)
    >>> check_haircut([10, 90], start)
    Traceback (most recent call last):
    adlopt.errors.BadHaircut: the haircut takes 90.0 USD from account 'b' in round 1: between 0 and
    its capacity of 80.0 USD is allowed
    """
    try:
        given = in_order({"haircut": haircut}, start.account)["haircut"]
        owned = own(given, "haircut", length=len(start.account))
    except InputError as error:
        raise BadHaircut(f"{who} in round {start.t}: {error}") from None
    allowed = start.capacity * (1 + ROUNDING)
    inside = (owned >= 0.0) & (owned <= allowed)
    if not inside.all():
        i = int(np.argmin(inside))
        raise BadHaircut(
            f"{who} takes {float(owned[i])!r} USD from account {start.account[i]!r} in round "
            f"{start.t}: between 0 and its capacity of {float(start.capacity[i])!r} USD is allowed"
        )
    return owned


def _same_length(**columns: ArrayLike) -> list[FloatArray]:
    owned = [own(values, name) for name, values in in_order(columns, None).items()]
    for name, values in zip(columns, owned, strict=True):
        if values.size != owned[0].size:
            raise InputError(name, f"{values.size} values", f"{owned[0].size}, one a row")
    return owned
