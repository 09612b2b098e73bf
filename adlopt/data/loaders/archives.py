"""Archives, whole or in parts that `split` names: NAME.part-aa, NAME.part-ab, and so on."""

from __future__ import annotations

import io
import lzma
import re
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, cast

from adlopt.data.files.places import existing_file, inside
from adlopt.errors import InputError

FIRST = ".part-aa"
LARGEST_MEMBER = 1 << 33
"""Bytes of a file in an archive: what is larger is taken for a bomb."""


class JoinedFiles(io.RawIOBase):
    """Files one after the other, as one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._left = list(paths)
        self._now: IO[bytes] | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read from the part that comes next, and go on to the one after it."""
        while self._now is not None or self._left:
            if self._now is None:
                self._now = self._left.pop(0).open("rb")
            got = cast(io.RawIOBase, self._now).readinto(buffer)  # type: ignore[arg-type]
            if got:
                return got
            self._now.close()
            self._now = None
        return 0

    def close(self) -> None:
        """Close the part that is open."""
        if self._now is not None:
            self._now.close()
        super().close()


def opened(path: Path) -> IO[bytes]:
    """Open a file; of one in parts, named by its first, all of them.

    Raises
    ------
    InputError
        If it does not exist, is a later part, or one between is missing.
    """
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
    every = [existing_file(inside(path.parent, each.name)) for each in found]
    return cast(IO[bytes], io.BufferedReader(JoinedFiles(every)))


@contextmanager
def unpacked(folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """A folder with files of these patterns: this one, or where its .tar.xz was unpacked.

    What an archive holds besides stays in it; names in it lead nowhere.

    Raises
    ------
    InputError
        If there is no such archive, or it is damaged, or too large.
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
