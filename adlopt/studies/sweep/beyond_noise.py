"""Which differences between the policies of a sweep are more than noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import msgspec

from adlopt.errors import InputError
from adlopt.show.answer import Answer, Columns
from adlopt.show.comparison import differences as shown
from adlopt.show.schema.studies import DifferenceData, DifferencesData
from adlopt.studies.sweep.tasks import Crash, Instance

FIGURES = ("loss_usd", "given_usd", "deficit_left_usd", "tracking_usd", "undershoot_usd")
"""Figures that are compared: of crashes, and of episodes."""
FEWEST = 5
"""Pairs of which an interval is stated."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SweepDifferences(Answer):
    """Of each policy of a sweep, how much more it has than the first, pair by pair of rows."""

    _view = shown
    figures: DifferencesData

    def _columns(self) -> Columns:
        names = DifferenceData.__struct_fields__
        return {name: [getattr(row, name) for row in self.figures.rows] for name in names}

    def _heading(self) -> str:
        return f"differences to {self.figures.first}, pair by pair"

    def data(self) -> DifferencesData:
        """Return the differences."""
        return self.figures


def differences(path: str | Path) -> SweepDifferences:
    """Compare the policies of a sweep that was written, in the same episodes or crashes.

    Rows are pairs where they differ in the policy and its parameters alone. Intervals are Student's
    of paired differences: each alone holds the mean with 95 %, if seeds were drawn.

    Parameters
    ----------
    path : str or Path
        A .parquet file of `run_sweep`.

    Raises
    ------
    InputError
        If it is no such file, or no figure can be compared.
    """
    import polars as pl

    try:
        table = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        raise InputError("path", str(path), "a .parquet file that a sweep wrote") from None
    known = next((k for k in (Crash, Instance) if {*k.KEY} <= {*table.columns}), None)
    if known is None:
        raise InputError("path", str(path), "a .parquet file that a sweep wrote")
    key = [name for name in known.KEY if name != "policy"]
    chosen = [name for name in FIGURES if name in table.columns and table[name].count()]
    names = table["policy"].unique(maintain_order=True).to_list()
    first = table.filter(pl.col("policy") == names[0])
    rows = []
    for name in names[1:]:
        other = table.filter(pl.col("policy") == name)
        pairs = first.join(other, on=key, suffix="_other", nulls_equal=True)
        for figure in chosen:
            gap = (pairs[f"{figure}_other"] - pairs[figure]).drop_nulls()
            rows.append(_difference(name, figure, gap))
    return SweepDifferences(figures=DifferencesData(first=names[0], rows=rows))


def _difference(policy: str, figure: str, gap: Any) -> DifferenceData:
    n, mean = len(gap), float(gap.mean() or 0.0)
    found = DifferenceData(policy=policy, figure=figure, pairs=n, mean=mean, interval=None)
    if n < FEWEST:
        return found
    half = _student(n - 1) * float(gap.std()) / math.sqrt(n)
    return msgspec.structs.replace(found, interval=[mean - half, mean + half])


def _student(degrees: int) -> float:
    """Its 97.5 % quantile, to 0.3 % from 4 degrees on [Abramowitz, Stegun, 26.7.5]."""
    z = NormalDist().inv_cdf(0.975)
    parts = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + math.fsum(part / degrees**k for k, part in enumerate(parts, 1))
