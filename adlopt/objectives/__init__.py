"""What to minimise besides the worst burden: each with its own proof of optimality."""
