"""What a wrong step looks like: it does not close, and exact numbers refute it."""

import adlopt as adl
from adlopt.proof import Claim, ge, le, prove, reals

y, u = reals("y u")

print(prove(le((0 - u) ** 2, (y - u) ** 2), le(y, 0), ge(u, 0)))

dropped = Claim(given=(le(y, 0),), concludes=le((0 - u) ** 2, (y - u) ** 2))
try:
    prove(dropped.concludes, dropped.given)
except adl.ProofError as error:
    print(f"without u ≥ 0: {error}")

refutation = dropped.counterexample({y: -1, u: -1})
print(f"at y = u = −1 the claim is false: {dropped.fails_at(refutation)}")
