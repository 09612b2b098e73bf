"""Theorems of the literature that several proofs cite instead of deriving them."""

from adlopt.proof.kernel import Axiom

PROJECTION = Axiom(
    "variational inequality of a projection: ⟨y − Πy, u − Πy⟩ ≤ 0 for u in the convex set",
    "Bauschke and Combettes 2011, Convex analysis and monotone operator theory, Thm. 3.14",
)
CONVEXITY = Axiom(
    "subgradients of a convex loss: ℓ(x) − ℓ(u) ≤ ⟨g, x − u⟩",
    "Rockafellar 1970, Convex analysis, Sec. 23",
)
