"""Archives in parts, as HyperReplay keeps its raw files: read as one, or refused with the name."""

import io
import random
import tarfile

import lz4.frame
import pytest
from test_both_legs import Venue
from venue_files import T0, block, detail_row, fill, write_blocks, write_detail

import adlopt as adl
from adlopt.data.loaders import load, node_market, read_node_fills, read_snapshot


def split(path, size):
    """Cut a file as `split -b` does, and remove it."""
    data = path.read_bytes()
    for k in range(0, max(len(data), 1), size):
        n = k // size
        part = f"{path.name}.part-{chr(97 + n // 26)}{chr(97 + n % 26)}"
        path.with_name(part).write_bytes(data[k : k + size])
    path.unlink()


def packed(folder):
    """Pack a made-up venue's folder as the public repository has it."""
    archive = folder / "clearinghouse_snapshot_20251010.tar.xz"
    with tarfile.open(archive, "w:xz") as target:
        for path in [*folder.glob("*snapshot*.json"), *folder.glob("perp*.json")]:
            target.add(path, arcname=f"deep/below/{path.name}")
            path.unlink()
        extra = tarfile.TarInfo("../../outside.json")
        extra.size = 2
        target.addfile(extra, io.BytesIO(b"[]"))
    split(archive, 300)
    for kind, name in (("20_fills.json", "node_fills_20251010_21"),
                       ("20_misc.json", "misc_events_20251010_21")):  # fmt: skip
        raw = folder / kind
        target = folder / f"{name}.lz4"
        target.write_bytes(lz4.frame.compress(raw.read_bytes()))
        raw.unlink()
    split(folder / "node_fills_20251010_21.lz4", 250)
    return folder


def venue(folder):
    folder.mkdir()
    Venue(["BTC", "ETH"], 3, 4.0, ids=True, dice=random.Random(5)).run(folder)
    return folder


def test_a_folder_of_parts_says_what_the_plain_one_does(tmp_path):
    plain, parts = venue(tmp_path / "a"), packed(venue(tmp_path / "b"))
    assert len(list(parts.glob("*.part-*"))) > 4
    first, second = load("node", [plain]), load("node", [parts])
    assert first.rounds.equals(second.rounds)
    assert first.accounts.equals(second.accounts)
    assert node_market(parts).market.equity.tolist() == node_market(plain).market.equity.tolist()
    assert not (tmp_path / "outside.json").exists()


def test_a_missing_part_and_a_damaged_archive_are_refused(tmp_path):
    parts = packed(venue(tmp_path / "b"))
    parts.joinpath("node_fills_20251010_21.lz4.part-ab").unlink()
    with pytest.raises(adl.InputError, match="part-ab, which is missing"):
        read_node_fills([parts / "node_fills_20251010_21.lz4.part-aa"])
    with pytest.raises(adl.InputError, match="the first part"):
        read_node_fills([parts / "node_fills_20251010_21.lz4.part-ac"])
    last = max(parts.glob("clearing*.part-*"))
    last.unlink()
    with pytest.raises(adl.InputError, match=r"archive, all of it"):
        read_snapshot(parts)


def test_a_checkout_with_raw_fills_in_parts_has_its_marks(tmp_path):
    write_detail(tmp_path / "data/canonical/adl_detailed_analysis_REALTIME.csv", [detail_row()])
    raw = write_blocks(tmp_path / "data/raw/fills.json", [block(fill(time=T0))])
    target = raw.with_name("node_fills_20251010_21.lz4")
    target.write_bytes(lz4.frame.compress(raw.read_bytes()))
    raw.unlink()
    split(target, 100)
    loaded = load("hyperreplay", [tmp_path])
    assert loaded.rounds["needed"].to_list() == [10.0]
    assert loaded.episode().rounds[0].outcome.recorded.tolist() == [10.0]
