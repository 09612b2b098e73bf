"""October 10, 2025 on Hyperliquid: the 16 rounds that [CTTX26] (arXiv 2602.15182) scores."""

from __future__ import annotations

from importlib.resources import as_file, files

from adlopt.data.files.reading import read_episode
from adlopt.model.episode import Episode


def october_10() -> Episode:
    """Return the episode with its recorded policies, from the published per-round figures.

    The table, its source and its licence stand in `october_10.toml` beside this file. Its figures
    are by round, so each round's winners are one pooled account.

    Examples
    --------
    >>> episode = october_10()
    >>> len(episode), round(float(episode.deficit.sum()), 2), round(float(episode.needed.sum()), 2)
    (16, 100063386.69, 15079669.61)
    """
    with as_file(files("adlopt.data.episodes") / "october_10.toml") as path:
        return read_episode(path)
