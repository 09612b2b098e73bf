"""`python -m adlopt` is the command `adlopt`."""

from __future__ import annotations

from adlopt.cli import main

if __name__ == "__main__":
    main()
