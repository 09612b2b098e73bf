"""Play a policy, score it, and set it beside what could have been done."""
