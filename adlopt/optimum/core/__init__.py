"""What all problems share: burdens to make least, closed forms, certificates."""
