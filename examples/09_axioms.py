"""Try axioms of fair deleveraging on a venue's queue, on pro-rata, and on a rule of one's own."""

import adlopt as adl
from adlopt.optimum.core.waterfill import water_fill


@adl.policy
def per_head(start: adl.RoundStart) -> adl.Haircut:
    """Take the same dollars from everyone, as far as profits go."""
    heads = [1.0] * len(start.account)
    return water_fill(heads, start.capacity, min(start.deficit, start.total_capacity))


for rule in ("pro-rata", "queue:leverage", per_head):
    report = adl.try_axioms(rule, tries=100)
    print(report.policy, "breaks", *report.broken or ["nothing in 100 tries"], sep="\n  ")

found = adl.try_axioms("queue:leverage", tries=100)["uneven split"].counterexample
print(found.violation.text)
for start, haircut in found.rounds:
    print("  leverage", dict(zip(start.account, start.feature("leverage").tolist(), strict=True)))
    print("  pays    ", dict(zip(start.account, haircut.tolist(), strict=True)))
