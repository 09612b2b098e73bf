"""`python -m adlopt` is the command `adlopt`."""

from __future__ import annotations

import sys
from importlib.metadata import version

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def main() -> None:
    """Run the command line; Ctrl-C ends it without a word, while it is loaded too."""
    if sys.argv[1:] == ["--version"]:  # known before anything is loaded
        sys.stdout.write(f"{version('adlopt')}\n")
        return
    try:
        from adlopt.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
