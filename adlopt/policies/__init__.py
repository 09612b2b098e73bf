"""What can be played live: severities, allocations, and their names."""
