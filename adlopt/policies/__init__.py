"""What can be played live: severities, allocations, and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.policies.catalogue import ALLOCATIONS, SEVERITIES
    from adlopt.policies.grammar import full_name, named
    from adlopt.policies.protocols import Allocation, Policy, Severity, SeverityThenAllocation

__getattr__, __dir__, __all__ = attach(__name__)
