"""Lines of text files of any size, plain, LZ4 or in archives, in bounded memory.

Parts are those that `split` names: NAME.part-aa, NAME.part-ab, and so on.
"""

from __future__ import annotations

import io
import lzma
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, cast

from adlopt.data.files.places import existing_file, inside
from adlopt.data.loaders.records import Progress, Tally
from adlopt.errors import InputError

FIRST = ".part-aa"
LARGEST_MEMBER = 1 << 33
"""Bytes of a file in an archive: what is larger is taken for a bomb."""


def opened(path: Path) -> IO[bytes]:
    """Open a file; of one in parts, named by its first, all of them."""
    part = re.search(r"\.part-([a-z]{2})$", path.name)
    if part is None:
        return existing_file(path).open("rb")
    if not path.name.endswith(FIRST):
        raise InputError("file", str(path), f"the first part, {FIRST}")
    stem = path.name.removesuffix(FIRST)
    found = sorted(p for p in path.parent.glob("*.part-??") if p.name.startswith(f"{stem}.part-"))
    for k, each in enumerate(found):
        name = f"{stem}.part-{chr(97 + k // 26)}{chr(97 + k % 26)}"
        if each.name != name:
            raise InputError("file", str(each), f"{name}, which is missing")
    if not found:
        existing_file(path)
    joined = TemporaryFile(prefix="adlopt-")  # noqa: SIM115 - whoever opens it closes it
    for each in found:
        with existing_file(inside(path.parent, each.name)).open("rb") as source:
            shutil.copyfileobj(source, joined)
    joined.seek(0)
    return joined


@contextmanager
def unpacked(folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """A folder with files of these patterns: this one, or where its .tar.xz was unpacked.

    What an archive holds besides stays in it; names in it lead nowhere.
    """
    archives = sorted([*folder.glob("*.tar.xz"), *folder.glob(f"*.tar.xz{FIRST}")])
    if not archives or all(any(folder.glob(pattern)) for pattern in patterns):
        yield folder
        return
    with TemporaryDirectory(prefix="adlopt-") as place:
        for path in archives:
            try:
                with opened(path) as packed, tarfile.open(fileobj=packed, mode="r|xz") as archive:
                    for member in archive:
                        _keep(archive, member, patterns, Path(place))
            except (tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
                expected = f"a .tar.xz archive, all of it ({error})"
                raise InputError("file", str(path), expected) from None
        yield Path(place)


def _keep(
    archive: tarfile.TarFile, member: tarfile.TarInfo, patterns: Sequence[str], place: Path
) -> None:
    name = PurePosixPath(member.name).name
    if not member.isfile() or not any(fnmatch(name, pattern) for pattern in patterns):
        return
    if member.size > LARGEST_MEMBER:
        raise InputError(member.name, f"{member.size:,} bytes", f"at most {LARGEST_MEMBER:,}")
    source = archive.extractfile(member)
    assert source is not None
    with (place / name).open("xb") as target:
        shutil.copyfileobj(source, target)


BLOCK = 1 << 22
"""Bytes read at a time."""
LONGEST_LINE = 1 << 28
"""Bytes. Funding events of a whole venue stand on one line of tens of megabytes."""
LARGEST_RATIO = 100
"""Text compresses some ten times; what unpacks to more than this is taken for a bomb."""
SMALL = 1 << 26
"""Bytes that may be unpacked whatever the ratio."""


def each_once(paths: Iterable[str | Path]) -> list[Path]:
    """Return the paths, none of which may stand twice, as itself or packed."""
    seen: set[str] = set()
    found = [Path(path) for path in paths]
    for path in found:
        name = str(path.resolve()).removesuffix(".lz4")
        if name in seen:
            raise InputError("file", str(path), "a file that is read once, packed or not")
        seen.add(name)
    return found


def blocks_of_lines(
    tally: Tally, *, block: int = BLOCK, longest: int = LONGEST_LINE
) -> Iterator[tuple[int, list[str]]]:
    r"""Yield blocks of whole lines, each with the number of its first line, from 1.

    Lines end in \n, \r\n or \r, mixed as they may be; a byte order mark is dropped, and bytes that
    are not UTF-8 become U+FFFD. The tally learns of a last line that does not end.
    """
    path, number, rest = tally.file, 1, b""
    for chunk in _chunks(path, block, tally.progress):
        held = rest + chunk
        # A \r at the very end may be half of a \r\n.
        cut = len(held) - held.endswith(b"\r")
        whole = held[:cut].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        head, newline, tail = whole.rpartition(b"\n")
        rest = tail + held[cut:]
        if len(rest) > longest:
            line = number + whole.count(b"\n")
            expected = f"a line of at most {longest:,} bytes"
            raise InputError(f"{path} line {line}", f"{len(rest):,} bytes", expected)
        if newline:
            lines = head.decode("utf-8", errors="replace").split("\n")
            yield number, lines
            number += len(lines)
    if rest:
        ended = rest.endswith(b"\r")
        tally.unended = None if ended else number
        yield number, [rest.removesuffix(b"\r").decode("utf-8", errors="replace")]


def _chunks(path: Path, block: int, progress: Progress) -> Iterator[bytes]:
    try:
        with opened(path) as plain:
            packed = cast(io.BufferedReader, plain).peek(4)[:4] == b"\x04\x22\x4d\x18"
            source = _unpacked(path, plain) if packed else plain
            size, total, first = path.stat().st_size, 0, True
            while chunk := source.read(block):
                total += len(chunk)
                if packed and total > max(SMALL, LARGEST_RATIO * size):
                    expected = f"at most {LARGEST_RATIO} times the {size:,} bytes it is packed in"
                    raise InputError(str(path), f"{total:,} bytes and more", expected)
                if first and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise InputError("file", str(path), "UTF-8 text, not UTF-16")
                yield chunk.removeprefix(b"\xef\xbb\xbf") if first else chunk
                first = False
                if progress is not None:
                    progress(f"{path.name}, {total / 1e6:,.0f} MB")
    except (OSError, EOFError, RuntimeError) as error:
        raise InputError("file", str(path), f"a readable file ({error})") from None


def _unpacked(path: Path, plain: Any) -> Any:
    try:
        import lz4.frame
    except ImportError:
        remedy = "pip install 'adlopt[lz4]', or unpack it with unlz4"
        raise InputError(
            "file", str(path), "a plain file, as lz4 is absent", remedy=remedy
        ) from None
    return lz4.frame.open(plain)
