"""What the venue did, account by account, beside what rules and optima would have done."""

from adlopt.studies.side_by_side.compared import SideBySide, compare

__all__ = ["SideBySide", "compare"]
