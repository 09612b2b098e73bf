"""Lines in bounded memory: line ends, marks, bombs, links and what is no file."""

import os

import lz4.frame
import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from adlopt.data.files.places import inside
from adlopt.data.loaders import lines
from adlopt.data.loaders.lines import blocks_of_lines
from adlopt.data.loaders.records import Tally
from adlopt.errors import InputError

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=9)


def numbered(path, **options):
    return [
        (number + offset, text)
        for number, texts in blocks_of_lines(Tally(path), **options)
        for offset, text in enumerate(texts)
    ]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n", "\r"])), max_size=6),
    last=LINE,
    block=st.integers(1, 12),
    packed=st.booleans(),
)
def test_lines_and_their_numbers_survive_any_mix_of_ends(tmp_path, rows, last, block, packed):
    text = "".join(line + end for line, end in rows) + last
    written = text.encode()
    path = tmp_path / "any.csv"
    path.write_bytes(lz4.frame.compress(written) if packed else written)
    expected = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    if expected[-1] == "":
        expected.pop()
    assume(block >= 3 or not text.startswith("\ufeff"))
    assert numbered(path, block=block) == list(enumerate(expected, start=1))


def test_a_mark_is_dropped_and_bytes_that_are_no_text_are_marked(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfa\nb\xff\n")
    assert numbered(path) == [(1, "a"), (2, "b\ufffd")]


def test_utf_16_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("a,b\n".encode("utf-16"))
    with pytest.raises(InputError, match="UTF-8 text, not UTF-16"):
        numbered(path)


def test_a_line_that_never_ends_is_not_held(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"ok\n" + b"x" * 100)
    with pytest.raises(InputError, match=r"line 2 is '\d+ bytes': .* at most 20 bytes"):
        numbered(path, block=16, longest=20)


def test_a_bomb_is_stopped_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "SMALL", 1 << 20)
    path = tmp_path / "bomb.lz4"
    path.write_bytes(lz4.frame.compress(b"\n" * (1 << 27), block_size=lz4.frame.BLOCKSIZE_MAX4MB))
    taken = []
    with pytest.raises(InputError, match="at most 100 times"):
        taken.extend(len(block) for _, block in blocks_of_lines(Tally(path)))
    assert 0 < sum(taken) < 1 << 26


def test_small_files_may_compress_as_well_as_they_like(tmp_path):
    path = tmp_path / "small.lz4"
    path.write_bytes(lz4.frame.compress(b"same\n" * 1_000_000))
    assert len(numbered(path)) == 1_000_000


@pytest.mark.parametrize("cut", [3, 9, 40])
def test_a_truncated_archive_is_an_error(tmp_path, cut):
    path = tmp_path / "a.lz4"
    path.write_bytes(lz4.frame.compress(os.urandom(500).hex().encode())[: 20 + cut])
    with pytest.raises(InputError, match="a readable file"):
        numbered(path)


@pytest.mark.parametrize("name", ["absent.csv", "folder", "pipe"])
def test_what_is_no_file_is_refused_at_once(tmp_path, name):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a folder, pipe or device"):
        numbered(tmp_path / name)


def test_names_may_not_lead_out_of_a_folder(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("a\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "own.csv").write_text("a\n")
    (folder / "near.csv").symlink_to(folder / "own.csv")
    for name in ("../secret.csv", "/etc/passwd", "link.csv", "x/../../secret.csv"):
        with pytest.raises(InputError, match="a file inside"):
            inside(folder, name)
    assert inside(folder, "near.csv").is_file()
