"""One round, continuous: the least worst burden and its proof."""

import numpy as np
import pytest
import real_shaped

from adlopt.waterfill import water_level


@pytest.mark.parametrize("n", [20_000, 1_000_000])
def test_water_level(measure, n):
    capacity, equity = real_shaped.accounts(n)
    aim = real_shaped.budget(capacity)
    level = measure(
        lambda: water_level(equity, capacity, aim), problem="min–max burden, level", n=n
    )
    assert np.minimum(capacity, equity * level).sum() == pytest.approx(aim, rel=1e-9)
