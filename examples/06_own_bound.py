"""Prove a step, make a bound of it, and score a policy against the bound."""

from sympy import Rational

import adlopt as adl
from adlopt.bounds.quantity import TOTAL_DEFICIT
from adlopt.proof import ge, le, prove, reals

θ = reals("θ")
print(prove(le(Rational(1, 4) - θ, Rational(3, 4)), ge(θ, 0)))
print(prove(le(θ - Rational(1, 4), Rational(3, 4)), le(θ, 1)))

quarter = adl.Bound(
    name="θ = 1/4",
    expression=Rational(3, 4) * TOTAL_DEFICIT.symbol,
    comparator=adl.Comparator.PER_ROUND_OPTIMUM,
    covers="the constant severity 1/4, on every sequence",
    hypotheses=(adl.bounds.ENOUGH_CAPACITY,),
)

episode = adl.episodes.shock(rounds=30, winners=100, seed=5)
board = adl.play(episode, ["constant:0.25"])
said = quarter.evaluate(episode)
print(said)
print(f"played: {board['constant:0.25+pro-rata'].severity_loss:,.2f} USD")
print("says something:", not adl.bounds.is_vacuous(quarter, episode))
