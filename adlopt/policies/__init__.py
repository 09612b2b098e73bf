"""What can be played live: severities, allocations, and their names."""

from adlopt.foundation.moved import forward

__getattr__ = forward(__name__)
