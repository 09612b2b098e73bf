"""What machines are given of every answer: one type a kind, one file a group of kinds."""
