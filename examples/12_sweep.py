"""Play policies on many generated episodes, and set their means side by side."""

import tempfile
from pathlib import Path

import polars as pl

import adlopt as adl
from adlopt.studies.sweep import on_threads

sweep = adl.read_sweep(Path(__file__).with_suffix(".toml"))
print(sweep)
with tempfile.TemporaryDirectory() as folder, on_threads() as executor:
    table = pl.read_parquet(adl.run_sweep(sweep, Path(folder) / "sweep.parquet", executor))
regret = pl.col("loss_value") - pl.col("hindsight_loss_optimum")
means = table.group_by("rounds", "policy", maintain_order=True).agg(regret.mean())
for rounds, policy, mean in means.rows():
    print(f"{rounds:2} rounds  {policy:28}{mean:12,.0f} above the optimum (hindsight)")
