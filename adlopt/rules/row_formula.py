"""A column computed from a row's features, with the text that tables show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray
from adlopt.rules.rows import Rows


@dataclass(frozen=True, slots=True)
class RowFormula:
    """A score, a weight, a limit or a condition, of each row.

    Parameters
    ----------
    text : str
        In the field's terms.
    of : callable
        From Rows to numbers of shape (n,); conditions hold where they are not 0.

    Examples
    --------
    >>> from adlopt.rules.rows import round_rows
    >>> from adlopt.model.round import RoundStart
    >>> start = RoundStart(account=["a", "b"], capacity=[4, 8], deficit=1,
    ...                    features={"leverage": [10, 5]})
    >>> RowFormula("profit · leverage", lambda r: r.feature("upnl") * r.feature("leverage")).values(
    ...     round_rows(start))
    array([40., 40.])
    """

    text: str
    of: Callable[[Rows], ArrayLike]

    def values(self, rows: Rows) -> FloatArray:
        """Compute the column, shape (n,).

        Raises
        ------
        InputError
            If a feature or signal that it reads is missing, or a value is not a number.
        """
        values = rows.full(np.asarray(self.of(rows), dtype=np.float64))
        bad = np.isnan(values)
        if bad.any():
            index = int(np.argmax(bad)) % len(rows)
            raise InputError(self.text, "not a number", "a number", index=rows.account[index])
        return values


def column(name: str, text: str = "") -> RowFormula:
    """A feature as it stands.

    Examples
    --------
    >>> column("leverage").text
    'leverage'
    """
    return RowFormula(text or name.replace("_", " "), lambda rows: rows.feature(name))
