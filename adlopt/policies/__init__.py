"""What can be played live: severities, allocations, and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.policies.catalogue import ALLOCATIONS as ALLOCATIONS, SEVERITIES as SEVERITIES
    from adlopt.policies.grammar import full_name as full_name, named as named
    from adlopt.policies.protocols import (
        Allocation as Allocation,
        Policy as Policy,
        Severity as Severity,
        SeverityThenAllocation as SeverityThenAllocation,
    )

__getattr__, __dir__, __all__ = attach(__name__)
