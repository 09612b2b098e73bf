"""In from disk: built-in episodes, files of one's own, raw data of venues."""
