"""The minimax value V(P), between two proven numbers."""
