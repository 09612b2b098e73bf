"""From HyperReplay's files to rounds, scores and a report; these hold six made-up fills."""

import tempfile
from pathlib import Path

import adlopt as adl

files = Path(__file__).with_suffix("")
paths = [files / "adl_detailed_analysis_REALTIME.csv", files / "21_fills.json"]
loaded = adl.loaders.load("hyperreplay", paths)
for report in loaded.reports:
    print(f"{Path(report.file).name}: {report.kept} of {report.read} records used")
for round_ in loaded.to_frame().iter_rows(named=True):
    figures = (f"{name} {round_[name]:,.2f}" for name in ("deficit", "needed", "capacity"))
    print(f"round {round_['wave']}:", ", ".join(figures), "USD")
print("looks ahead:", ", ".join(words.partition(":")[0] for words in loaded.look_ahead))

episode = loaded.episode()
for round_ in episode:
    print(adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY)))
board = adl.play(episode, ["persistence+queue:leverage", "constant:0.5+pro-rata"])
for score in board.scores:
    print(f"{score.policy:28} {score.undershoot:6.2f} too little, {score.overshoot:6.2f} too much")
for side in adl.compare(episode, ["queue:leverage", "pro-rata", adl.MinMax()]).data().sides:
    print(f"{side.name:16} {side.better_off} accounts give less, ${side.better_off_usd:,.2f}")
with tempfile.TemporaryDirectory() as folder:
    page = adl.write_report(adl.Evidence(episode=episode), Path(folder, "report.html"))
    print(page.name, "shows", page.read_text(encoding="utf-8").count("<figure"), "figures")
