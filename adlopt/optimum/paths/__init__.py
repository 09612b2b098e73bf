"""The best path of severities in *hindsight*."""
