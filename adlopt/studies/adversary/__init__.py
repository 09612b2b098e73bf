"""The worst that can happen to a severity rule, and what no rule can avoid."""
