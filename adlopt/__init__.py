"""Optimal hindsight benchmarks and regret bounds for autodeleveraging (ADL)."""
