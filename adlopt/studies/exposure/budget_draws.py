"""How much may have to be raised: a distribution of budgets, as equally likely values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, freeze, own_number
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.studies import BudgetsData

LEVELS = 200
"""Budgets that stand for a distribution: its quantiles in the middle of as many equal parts."""
KNOWN = "uniform, uniform:HIGH, lognormal:MEDIAN:SIGMA, or quantiles:Q0:Q1:…"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Budgets(Answer):
    """A distribution of budgets as `values`, USD, equally likely, ascending, shape (LEVELS,)."""

    text: str
    values: FloatArray

    def _columns(self) -> Columns:
        return {"budget_usd": self.values}

    def _heading(self) -> str:
        return f"equally likely budgets: {self.text}"

    def data(self) -> BudgetsData:
        """Return the values."""
        return BudgetsData(distribution=self.text, budget_usd=self.values.tolist())


def budgets(text: str, deficit: float) -> Budgets:
    """Return the distribution that a text names.

    Parameters
    ----------
    text : str
        `uniform`, between 0 and the deficit; `uniform:HIGH`, between 0 and that, USD;
        `lognormal:MEDIAN:SIGMA`, USD and log-units; `quantiles:Q0:Q1:…`, USD at equally spaced
        levels from 0 to 1, linear between them.
    deficit : float
        USD, of the round or market.

    Raises
    ------
    InputError
        If it is none of these, or nothing may have to be raised.

    Examples
    --------
    >>> budgets("uniform", 100.0).values[[0, -1]]
    array([ 0.25, 99.75])
    >>> budgets("quantiles:0:10:100", 0.0).values[[49, 150]]
    array([ 4.95, 55.45])
    """
    kind, _, rest = text.partition(":")
    numbers = _numbers(text, rest) if rest else []
    level = (np.arange(LEVELS) + 0.5) / LEVELS
    if kind == "uniform" and len(numbers) <= 1:
        high = numbers[0] if numbers else deficit
        if high <= 0:
            raise InputError(
                "budget", f"{text}, up to {high:g} USD", "more than 0", remedy=f"give {KNOWN}"
            )
        return Budgets(text=f"uniform up to {high:,.2f} USD", values=freeze(high * level))
    if kind == "lognormal" and len(numbers) == 2:
        return _lognormal(text, numbers[0], numbers[1], level)
    if kind == "quantiles" and len(numbers) >= 2:
        given = np.array(numbers)
        if (np.diff(given) < 0).any():
            raise InputError("budget", text, "quantiles in ascending order")
        values = np.interp(level, np.linspace(0, 1, given.size), given)
        shown = ", ".join(f"{q:,.2f}" for q in numbers)
        return Budgets(text=f"quantiles {shown} USD", values=freeze(values))
    raise InputError("budget", text, KNOWN)


def _lognormal(text: str, median: float, sigma: float, level: FloatArray) -> Budgets:
    if median <= 0 or not 0 < sigma <= 5:
        raise InputError("budget", text, "a median > 0 and a sigma between 0 and 5")
    inverse: Callable[[float], float] = NormalDist().inv_cdf
    values = median * np.exp(sigma * np.array([inverse(p) for p in level.tolist()]))
    return Budgets(text=f"lognormal, median {median:,.2f} USD, σ {sigma:g}", values=freeze(values))


def _numbers(text: str, rest: str) -> list[float]:
    try:
        numbers = [float(part) for part in rest.split(":")]
    except ValueError:
        raise InputError("budget", text, KNOWN) from None
    return [own_number(number, f"budget {text}", lowest=0.0) for number in numbers]
