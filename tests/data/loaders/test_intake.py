"""Whatever becomes of files on their way: no traceback, and no dollar that is silently lost."""

import json
import math
import random
import shutil
import traceback
import warnings

import pytest
from damage import SOURCES, damaged, instance
from tiers import NIGHTLY, by_day

from adlopt.data.loaders import Loaded, LoadedMarket
from adlopt.errors import AdloptError

COUNT = 100_000 if NIGHTLY else 500
HELD_BY = {"debt": "deficit", "capacity": "capacity", "needed": "needed"}
"""Columns of rounds that hold what is used of a quantity."""


def adds_up(found):
    """Dollars that were read are used or left out, and those that are used stand in rounds."""
    if not isinstance(found, (Loaded, LoadedMarket)):
        assert str(found)
        return
    json.dumps(found.to_dict(), allow_nan=False)
    assert str(found)
    for report in found.reports:
        assert report.read == report.kept + report.rejected + sum(report.skipped.values()), report
    for each in found.reconciled if isinstance(found, Loaded) else ():
        left = math.fsum(each.left_out.values())
        room = 1e-9 * max(1.0, each.read)
        assert abs(each.read - each.used - left) <= room, each
        assert min(each.used, *each.left_out.values(), 0.0) >= -room, each
        column = found.rounds[HELD_BY.get(each.quantity, "wave")]
        if each.quantity in HELD_BY and not column.has_nulls():
            assert abs(math.fsum(column) - each.used) <= room, each
    try:
        episode = found.episode() if isinstance(found, Loaded) else None
    except AdloptError:
        return
    assert episode is None or math.isfinite(math.fsum(episode.deficit))


@pytest.mark.parametrize("source", by_day(12, [*SOURCES]))
def test_damaged_files_are_read_with_every_dollar_or_refused_in_words(tmp_path, source):
    files, read = instance(source, tmp_path / "whole")
    adds_up(read(tmp_path / "whole"))
    tried, refused = -(-COUNT // len(SOURCES)), 0
    for trial in range(tried):
        made, how = damaged(files, random.Random(f"{source} {trial}"))
        at = tmp_path / "damaged"
        shutil.rmtree(at, ignore_errors=True)
        for name, data in made.items():
            (at / name).parent.mkdir(parents=True, exist_ok=True)
            (at / name).write_bytes(data)
        try:
            with warnings.catch_warnings(action="ignore"):
                adds_up(read(at))
        except AdloptError:
            refused += 1
        except Exception:  # noqa: BLE001 - whatever it is, nobody may get to see it
            pytest.fail(f"{source}, trial {trial}, {how}: {traceback.format_exc()}")
    assert 0 < refused < tried, "some damage is refused, and some is survived"
