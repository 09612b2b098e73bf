"""Derivations as files that Coq checks: a second kernel, which shares no code with this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_fields

from adlopt.errors import ProofError
from adlopt.proof.coq_numbers import counterexample
from adlopt.proof.coq_text import (
    Reading,
    Script,
    arity_of,
    atom_text,
    block,
    bracketed,
    comparison_text,
    converted,
    formula_text,
    fresh,
    name_of,
    range_formulas,
    restart,
    same_atoms,
    same_sum,
    same_term,
    sides,
    sum_text,
    term_text,
)
from adlopt.proof.formula import (
    Formula,
    Relation,
    at_least,
    below_next,
    free_symbols,
    index,
    substitute,
)
from adlopt.proof.kernel import Fact, Sequent, sequent
from adlopt.proof.refutation import Refutation
from adlopt.proof.term import (
    FAMILIES,
    INTEGRAL,
    ONE,
    ZERO,
    Atom,
    Kind,
    Replacement,
    Term,
    add,
    of_atom,
    replace,
    summation,
)
from adlopt.proof.theorem import Theorem, is_assumed, key_of

PLAIN = Reading()


def binders(formulas: Iterable[Formula]) -> str:
    """Declare the symbols of statements, and which of them are whole."""
    listed = list(formulas)
    said = []
    for atom in symbols_in(listed):
        name, arrows = name_of(atom), "R -> " * arity(atom, listed)
        said.append(f"({name} : {arrows}R)")
        if atom.kind in INTEGRAL:
            names = [f"a'{k}" for k in range(arity(atom, listed))]
            every = f"forall {' '.join(names)}, " if names else ""
            said.append(f"({name}_whole : {every}whole ({' '.join([name, *names])}))")
    return " ".join(said)


def symbols_in(formulas: Iterable[Formula]) -> list[Atom]:
    """Return the symbols and sequences of statements, by name."""
    found = frozenset[Atom]().union(*map(free_symbols, formulas))
    return sorted(found, key=lambda atom: (atom.name, atom.kind.value))


def arity(atom: Atom, formulas: list[Formula]) -> int:
    """Return how many indices a symbol takes."""
    return arity_of(atom, formulas) if atom.kind in FAMILIES else 0


@dataclass(slots=True)
class Development:
    """A theorem as it is written for Coq."""

    theorem: Theorem
    steps: dict[object, tuple[int, Sequent]] = field(default_factory=dict)
    hypotheses: dict[Formula, str] = field(default_factory=dict)
    known: set[Atom] = field(default_factory=set)

    def write(self) -> str:
        """Write every step, the claims, and what they rest on."""
        restart()
        said = [f"(* {self.theorem.item}: {self.theorem.title}. *)", "Require Import Adlopt."]
        for number, step in enumerate(self.theorem.statements(), start=1):
            self.steps[key_of(step)] = (number, step)
            said.append(self.lemma(f"step'{number}", step))
        for k, (name, fact) in enumerate(self.theorem.facts.items(), start=1):
            said += [f"(* {name} *)", self.claim(f"claim_{k}", fact)]
        return "\n\n".join([*said, *self.counterexamples()]) + "\n"

    def counterexamples(self) -> Iterable[str]:
        """State of each claim that numbers refute that it fails."""
        found = [(v.name, v.claim, v.counterexample) for v in self.theorem.false_variants]
        points = [each for each in self.theorem.refutations if isinstance(each, Refutation)]
        for claim in self.theorem.claims.values():
            found += [("the claim", claim, point) for point in points if claim.fails_at(point)]
        for k, (name, claim, where) in enumerate(found, start=1):
            if isinstance(where, Refutation):
                formulas = [*claim.given, claim.concludes]
                yield f"(* false: {name} *)\n" + counterexample(
                    f"false_{k}", binders(formulas), symbols_in(formulas), list(claim.given),
                    claim.concludes, where.point,
                )  # fmt: skip

    def claim(self, name: str, fact: Fact) -> str:
        """State a claim again, in its own words, and ask what it rests on."""
        step = sequent(fact)
        self._named(step.hypotheses)
        proof = f"exact {self.proof_of(fact, self._enter(step))}."
        return (
            f"{self.stated('Theorem', name, step)}\nProof. {proof} Qed.\nPrint Assumptions {name}."
        )

    def lemma(self, name: str, step: Sequent) -> str:
        """Write one step with its proof."""
        self._named(step.hypotheses)
        rule = "definition" if step.rule.startswith("definition") else step.rule.replace(" ", "_")
        script = getattr(self, f"_{rule}")(step)
        body = "\n".join(f"  {line}" for line in script)
        return f"{self.stated('Lemma', name, step)}\nProof.\n{body}\nQed."

    def stated(self, kind: str, name: str, step: Sequent) -> str:
        """Write the statement of a step."""
        formulas = [*self._ordered(step), step.conclusion]
        given = [f"({self.hypotheses[f]} : {formula_text(f, PLAIN)})" for f in self._ordered(step)]
        lines = "\n    ".join([binders(formulas), *given])
        return f"{kind} {name} {lines} :\n  {formula_text(step.conclusion, PLAIN)}."

    def _ordered(self, step: Sequent) -> list[Formula]:
        return sorted(step.hypotheses, key=lambda f: int(self.hypotheses[f][2:]))

    def _named(self, formulas: Iterable[Formula]) -> None:
        for formula in sorted(formulas, key=str):
            self.hypotheses.setdefault(formula, f"h'{len(self.hypotheses) + 1}")

    def proof_of(self, fact: Fact, given: Mapping[Formula, str], reading: Reading = PLAIN) -> str:
        """Apply the lemma of a premise to what is given."""
        said = sequent(fact)
        if is_assumed(said):
            return given[said.conclusion]
        number, step = self.steps[key_of(said)]
        formulas = [*step.hypotheses, step.conclusion]
        args = []
        for atom in symbols_in(formulas):
            args += self._argument(atom, reading, arity(atom, formulas))
        args += [given[formula] for formula in self._ordered(step)]
        return " ".join([f"(step'{number}", *args]) + ")"

    def _argument(self, atom: Atom, reading: Reading, indices: int) -> list[str]:
        change = reading.changes.get(atom)
        names = [f"a'{k}" for k in range(indices)]
        if change is not None and atom.kind in FAMILIES:
            inner = reading.out
            for parameter, name in zip(change.parameters, names, strict=True):
                inner = inner.bind(parameter, name, of_atom(parameter))
            value = f"(fun {' '.join(names)} => {term_text(change.body, inner)})"
        elif change is not None:
            value = bracketed(reading.text(atom))
        elif atom in self.known:
            value = name_of(atom)
        else:
            value = f"(fun {' '.join(names)} => 0)" if names else "0"
        if atom.kind not in INTEGRAL:
            return [value]
        if change is None and atom in self.known:
            return [value, f"{name_of(atom)}_whole"]
        return [value, "ltac:(intros; is_whole)"]

    # One method a rule ---------------------------------------------------------------------------

    def _enter(self, step: Sequent) -> dict[Formula, str]:
        self.known = set(symbols_in([*step.hypotheses, step.conclusion]))
        return {formula: self.hypotheses[formula] for formula in step.hypotheses}

    def _cut(self, step: Sequent) -> Script:
        given = self._enter(step)
        fact, support = step.premises
        shown = sequent(support).conclusion
        return [f"exact {self.proof_of(fact, {**given, shown: self.proof_of(support, given)})}."]

    def _weaken(self, step: Sequent) -> Script:
        return [f"exact {self.proof_of(step.premises[0], self._enter(step))}."]

    def _antisymmetry(self, step: Sequent) -> Script:
        given = self._enter(step)
        upper, lower = (self.proof_of(premise, given) for premise in step.premises)
        return [f"exact (Rle_antisym _ _ {lower} {upper})."]

    def _absurd(self, step: Sequent) -> Script:
        proof = self.proof_of(step.premises[0], self._enter(step))
        return [f"exfalso. pose proof {proof} as p'. lra."]

    def _cases(self, step: Sequent) -> Script:
        given = self._enter(step)
        left, right = step.arguments
        above, below = (bracketed(term_text(side, PLAIN)) for side in sides(left))
        ends = (above, below) if left.relation is Relation.GT else (below, above)
        script = [f"destruct (Rle_or_lt {' '.join(ends)}) as [c'1|c'2]."]
        names = {left: "c'1", right: "c'2"}
        if left.relation is Relation.GT:
            names = {left: "c'2", right: "c'1"}
        proofs = {
            names[formula]: self.proof_of(premise, {**given, formula: self._weak(formula, names)})
            for premise, formula in zip(step.premises, (left, right), strict=True)
        }
        return [*script, *(f"- exact {proofs[case]}." for case in ("c'1", "c'2"))]

    def _weak(self, formula: Formula, names: Mapping[Formula, str]) -> str:
        """Take the strict case for a weak one."""
        name = names[formula]
        return f"(Rlt_le _ _ {name})" if name == "c'2" and formula.relation is Relation.GE else name

    def _certificate(self, step: Sequent) -> Script:
        given = self._enter(step)
        assert step.certificate is not None
        said = [sequent(premise).conclusion for premise in step.premises]
        script = [
            f"pose proof {self.proof_of(premise, given)} as p'{k}."
            for k, premise in enumerate(step.premises)
        ]
        differences = [
            "({} - {})".format(*(bracketed(term_text(s, PLAIN)) for s in sides(f))) for f in said
        ]
        values = []
        for k, (size, chosen, square) in enumerate(step.certificate.products):
            factors = [
                f"({size.numerator} / {size.denominator})",
                *(differences[i] for i in chosen),
            ]
            if square is not None:
                root = bracketed(term_text(square, PLAIN))
                factors.append(f"({root} * {root})")
            values.append(" * ".join(factors))
            positive = square is None and all(said[i].relation is Relation.GT for i in chosen)
            positive = positive and step.conclusion.relation is Relation.GT
            sign = "<" if positive else "<="
            script.append(f"assert (c'{k} : 0 {sign} {factors[0]}) by lra.")
            proofs = [f"c'{k}"]
            for i in chosen:
                gt = said[i].relation is Relation.GT
                proofs.append(f"(gt_0 _ _ p'{i})" if gt else f"(ge_0 _ _ p'{i})")
                if gt and not positive:
                    proofs[-1] = f"(Rlt_le _ _ {proofs[-1]})"
            proofs += ["(square_0 _)"] if square is not None else []
            rule = "Rmult_lt_0_compat" if positive else "Rmult_le_pos"
            proof = proofs[0]
            for each in proofs[1:]:
                proof = f"({rule} _ _ {proof} {each})"
            script.append(f"assert (n'{k} : 0 {sign} {values[-1]}) by exact {proof}.")
        zeros = [
            f"({term_text(factor, PLAIN)}) * {differences[i]}"
            for i, factor in step.certificate.multiples
        ]
        for k, ((i, _), zero) in enumerate(zip(step.certificate.multiples, zeros, strict=True)):
            script.append(f"assert (z'{k} : {zero} = 0) by exact (eq_0 _ _ _ p'{i}).")
        total = " + ".join(f"({each})" for each in [*values, *zeros]) or "0"
        kind = {Relation.GE: "ge", Relation.GT: "gt", Relation.EQ: "eq"}[step.conclusion.relation]
        return [*script, f"apply (by_{kind} _ _ ({total})).", "- total.", "- clear. identity."]

    def _generalise(self, step: Sequent) -> Script:
        variable, low, high = step.arguments
        given = self._enter(step)
        mark = fresh()
        name = f"v'{mark}"
        here = PLAIN.bind(variable, name, of_atom(index(0)), index(0))
        script = [f"intros {name} w'{mark} a'{mark} b'{mark}."]
        after = _inner(step.conclusion)
        return script + self._at(step.premises[0], here, given, after, (0, 1), {
            at_least(of_atom(variable), low): f"a'{mark}",
            at_least(high, of_atom(variable)): f"b'{mark}",
        })  # fmt: skip

    def _instantiate(self, step: Sequent) -> Script:
        given = self._enter(step)
        here = with_changes(PLAIN, dict(step.arguments[0]))
        return self._at(step.premises[0], here, given, step.conclusion, (0, 0), {})

    def _at(
        self, premise: Fact, here: Reading, given: Mapping[Formula, str], goal: Formula,
        levels: tuple[int, int], bounds: Mapping[Formula, str],
    ) -> Script:  # fmt: skip
        """Use a premise at other values: its hypotheses first, then its conclusion."""
        said, script, have = sequent(premise), Script(), dict[Formula, str]()
        here = self._without(here, [*said.hypotheses, said.conclusion])
        if is_assumed(said):
            name = bounds.get(said.conclusion) or given[substitute(said.conclusion, here.changes)]
            return converted(said.conclusion, goal, here, name, levels=levels)
        for formula in sorted(said.hypotheses, key=str):
            touched = free_symbols(formula) & set(here.changes)
            if not touched:
                have[formula] = given[formula]
                continue
            made = substitute(formula, here.changes)
            mark = fresh()
            have[formula] = f"g'{mark}"
            source = bounds.get(formula) or given[made]
            script += [f"assert (g'{mark} : {formula_text(formula, here)}).",
                       *block(converted(formula, made, here, source, back=True))]  # fmt: skip
        proof = self.proof_of(premise, have, here)
        mark = fresh()
        script += [f"pose proof {proof} as p'{mark}. cbv beta in p'{mark}."]
        return script + converted(said.conclusion, goal, here, f"p'{mark}", levels=levels)

    def _without(self, here: Reading, formulas: list[Formula]) -> Reading:
        """Read symbols as 0 that cancel, and are in a premise only."""
        for atom in symbols_in(formulas):
            if atom not in self.known and atom not in here.changes:
                indices = tuple(Atom(Kind.REAL, f"a'{k}") for k in range(arity(atom, formulas)))
                here = with_changes(here, {atom: Replacement(ZERO, indices)})
        return here

    def _specialise(self, step: Sequent) -> Script:
        (value,) = step.arguments
        given = self._enter(step)
        family = sequent(step.premises[0]).conclusion
        said = bracketed(term_text(value, PLAIN))
        here = self._without(PLAIN, [family]).bind(index(0), said, value)
        script = []
        for name, formula in zip(("a'", "b'"), range_formulas(family.ranges[0], 0), strict=True):
            made = substitute(formula, here.changes)
            script += [f"assert ({name} : {comparison_text(formula, here)}).",
                       *block(converted(formula, made, here, given[made], back=True))]  # fmt: skip
        proof = self.proof_of(step.premises[0], given)
        script += [f"pose proof ({proof} {said} ltac:(is_whole) a' b') as p'. cbv beta in p'."]
        return script + converted(_inner(family), step.conclusion, here, "p'", levels=(1, 0))

    def _sum(self, step: Sequent) -> Script:
        given = self._enter(step)
        said = sequent(step.premises[0]).conclusion
        proof, script, here = self.proof_of(step.premises[0], given), Script(), PLAIN
        *outer, (low, high) = said.ranges
        for level in range(len(outer)):
            name = f"k'{level}"
            script.append(f"intros {name} w'{level} a'{level} b'{level}.")
            proof = f"({proof} {name} w'{level} a'{level} b'{level})"
            here = here.bind(index(level), name, of_atom(index(level)), index(level))
        variable = index(len(outer))
        raw = sum_text(variable, low, high, said.term, here)
        made = summation(variable, low, high, said.term)
        script += [f"assert (e' : {raw} = {term_text(made, here)})."]
        script += block(same_sum(variable, low, high, said.term, here))
        kind = "null" if said.relation is Relation.EQ else "nonneg"
        sign = "=" if said.relation is Relation.EQ else "<="
        goal = f"{raw} = 0" if sign == "=" else f"0 <= {raw}"
        script += [
            f"assert (n' : {goal}).",
            *block([
                f"apply Sum_{kind}; [is_whole | is_whole | intros i' w' a' b'].",
                f"pose proof ({proof} i' w' ltac:(lra) ltac:(lra)) as p'. lra.",
            ]),
            "clear - e' n'. lra.",
        ]  # fmt: skip
        return script

    def _induction(self, step: Sequent) -> Script:
        claim, variable, low, high = step.arguments
        given = self._enter(step)
        base, then = step.premises
        name, n = name_of(variable), of_atom(variable)
        low_text, high_text = (bracketed(term_text(end, PLAIN)) for end in (low, high))
        said = formula_text(claim, PLAIN)
        first = PLAIN.bind(variable, low_text, low)
        above = {at_least(n, low): "ltac:(lra)", below_next(high, n): "ltac:(lra)"}
        known = self.known
        start = self.proof_of(base, given)
        self.known = known | {variable}
        nested = self.proof_of(then, {**given, **above, claim: "c'"})
        self.known = known
        after = PLAIN.bind(variable, f"({name} + 1)", add(n, ONE))
        after = with_fields(after, outer={variable: name})
        mark = fresh()
        finish = PLAIN.bind(variable, f"v'{mark}", of_atom(index(0)), index(0))
        return [
            f"assert (f' : forall {name} : R, whole {name} -> {low_text} <= {name} -> "
            f"{name} <= {high_text} -> {said}).",
            *block([
                f"apply (whole_induction (fun {name} => {said}) {low_text} {high_text}); cbv beta.",
                "- is_whole.",
                "-", *block(_claimed(claim, sequent(base).conclusion, first, start)),
                f"- intros {name} {name}_whole a' b' c'.",
                *block(_claimed(claim, sequent(then).conclusion, after, nested)),
            ]),
            f"intros v'{mark} w'{mark} a'{mark} b'{mark}.",
            f"pose proof (f' v'{mark} w'{mark} ltac:(lra) ltac:(lra)) as p'.",
            *converted(claim, _inner(step.conclusion), finish, "p'", levels=(0, 1)),
        ]  # fmt: skip

    def _integer(self, step: Sequent) -> Script:
        given = self._enter(step)
        said = sequent(step.premises[0]).conclusion
        left, right = (bracketed(term_text(side, PLAIN)) for side in sides(said))
        return [
            f"pose proof {self.proof_of(step.premises[0], given)} as p'.",
            f"assert (n' : 1 <= {left} - {right}) by (apply next_whole; [is_whole | lra]).",
            "clear - n'. lra.",
        ]

    def _congruence(self, step: Sequent) -> Script:
        template, variable, left, right = step.arguments
        given = self._enter(step)
        one, two = (bracketed(term_text(side, PLAIN)) for side in (left, right))
        script = [
            f"pose proof {self.proof_of(step.premises[0], given)} as p'.",
            f"assert (s' : {one} = {two}) by lra.",
        ]
        texts = []
        for k, (side, said) in enumerate(((left, one), (right, two))):
            here = PLAIN.bind(variable, said, side)
            raw, made = term_text(template, here), replace(template, here.changes)
            texts.append(raw)
            script += [f"assert (e'{k} : {raw} = {term_text(made, PLAIN)}).",
                       *block(same_term(template, here) or ["reflexivity."])]  # fmt: skip
        script += [
            f"assert (e' : {texts[0]} = {texts[1]}) by (rewrite s'; reflexivity).",
            "clear - e' e'0 e'1. lra.",
        ]
        return script

    def _definition(self, step: Sequent) -> Script:
        kind, args, number = step.arguments
        self._enter(step)
        here = [bracketed(term_text(arg, PLAIN)) for arg in args]
        return [f"pose proof (law_{kind.value}_{number} {' '.join(here)}) as p'.", *self._law(step)]

    def _law(self, step: Sequent) -> Script:
        kind, args, _ = step.arguments
        parameters = [Atom(Kind.REAL, f"arg_{k}") for k in range(len(args))]
        changes = {p: Replacement(arg) for p, arg in zip(parameters, args, strict=True)}
        texts = {
            p: bracketed(term_text(arg, PLAIN)) for p, arg in zip(parameters, args, strict=True)
        }
        atom = Atom(kind, "", tuple(of_atom(p) for p in parameters))
        script, _ = same_atoms([of_atom(atom)], Reading(texts=texts, changes=changes))
        raw = atom_text(atom, Reading(texts=texts, changes=changes))
        rewrite = [f"rewrite_to ({raw})."] if script else []
        return [*script, *rewrite, "by_law p'."]

    def _split_sum(self, step: Sequent) -> Script:
        variable, low, middle, high, body = step.arguments
        given = self._enter(step)
        after = add(middle, ONE)
        script, raws = Script(), []
        for k, (a, b) in enumerate(((low, high), (low, middle), (after, high))):
            script += self._normal(f"e'{k}", variable, a, b, body)
            raws.append(sum_text(variable, a, b, body, PLAIN))
        ends = " ".join(bracketed(term_text(end, PLAIN)) for end in (low, middle, high))
        rest = sum_text(variable, middle, high, body, PLAIN).split(" (fun ", 1)[1]
        inside = [given[at_least(after, low)], given[at_least(high, middle)]]
        parts = "ltac:(is_whole) " * 3
        joined = f"{bracketed(term_text(middle, PLAIN))} + 1"
        script += [
            f"pose proof (Sum_split {ends} (fun {rest} {parts}"
            f"ltac:(pose proof {inside[0]}; lra) ltac:(pose proof {inside[1]}; lra)) as p'.",
            f"replace ({joined}) with {bracketed(term_text(after, PLAIN))} in p' by identity.",
            "clear - p' e'0 e'1 e'2. lra.",
        ]
        return script

    def _normal(self, name: str, variable: Atom, low: Term, high: Term, body: Term) -> Script:
        """Prove that a sum reads as the kernel writes it."""
        raw = sum_text(variable, low, high, body, PLAIN)
        made = term_text(summation(variable, low, high, body), PLAIN)
        return [f"assert ({name} : {raw} = {made}).",
                *block(same_sum(variable, low, high, body, PLAIN))]  # fmt: skip

    def _single_sum(self, step: Sequent) -> Script:
        variable, at, body = step.arguments
        self._enter(step)
        said = bracketed(term_text(at, PLAIN))
        here = PLAIN.bind(variable, said, at)
        raw, made = term_text(body, here), replace(body, here.changes)
        inner = sum_text(variable, at, at, body, PLAIN).split(" (fun ", 1)[1]
        return [
            *self._normal("e'0", variable, at, at, body),
            f"assert (e'1 : {raw} = {term_text(made, PLAIN)}).",
            *block(same_term(body, here) or ["reflexivity."]),
            f"pose proof (Sum_single {said} (fun {inner} ltac:(is_whole)) as p'. cbv beta in p'.",
            "clear - p' e'0 e'1. lra.",
        ]

    def _shift_sum(self, step: Sequent) -> Script:
        variable, low, high, body, by = step.arguments
        self._enter(step)
        there = [add(end, by) for end in (low, high)]
        by_text = bracketed(term_text(by, PLAIN))
        inner = sum_text(variable, low, high, body, PLAIN).split(" (fun ", 1)[1]
        moved = replace(body, {variable: Replacement(add(of_atom(variable), replace_sign(by)))})
        made = term_text(summation(variable, there[0], there[1], moved), PLAIN)
        ends = " ".join(bracketed(term_text(end, PLAIN)) for end in there)
        here = PLAIN.bind(variable, f"(i'1 - {by_text})", add(of_atom(variable), replace_sign(by)))
        raw = f"Sum {ends} (fun i'1 => {_deeper(body, here)})"
        old = " ".join(bracketed(term_text(end, PLAIN)) for end in (low, high))
        script = self._normal("e'0", variable, low, high, body)
        script += [
            f"assert (e'1 : {raw} = {made}).",
            *block(same_sum(variable, there[0], there[1], body, PLAIN, moved=(by_text, by))),
            f"pose proof (Sum_shift {old} {by_text} (fun {inner}) as p'. cbv beta in p'.",
        ]
        for end, now in zip((low, high), there, strict=True):
            script.append(f"replace ({bracketed(term_text(end, PLAIN))} + {by_text}) with "
                          f"{bracketed(term_text(now, PLAIN))} in p' by identity.")  # fmt: skip
        return [*script, "clear - p' e'0 e'1. lra."]

    def _swap_sums(self, step: Sequent) -> Script:
        first, second, a, b, c, d, body = step.arguments
        self._enter(step)
        script = self._nested("one'", (first, a, b), (second, c, d), body)
        script += self._nested("two'", (second, c, d), (first, a, b), body)
        ends = " ".join(bracketed(term_text(end, PLAIN)) for end in (a, b, c, d))
        said = term_text(body, Reading(texts={first: "i'1", second: "i'2"}, depth=2))
        return [
            *script,
            f"pose proof (Sum_swap {ends} (fun i'1 i'2 => {said})) as p'. cbv beta in p'.",
            "clear - p' one' two'. lra.",
        ]

    def _nested(
        self, name: str, outer: tuple[Atom, Term, Term], inner: tuple[Atom, Term, Term], body: Term
    ) -> Script:
        """Prove that a sum of sums reads as the kernel writes it."""
        variable, low, high = outer
        here = Reading(texts={variable: "i'1"}, outer={variable: "i'1"}, depth=1)
        made = summation(*inner, body)
        ends = f"{bracketed(term_text(low, PLAIN))} {bracketed(term_text(high, PLAIN))}"
        raw = f"Sum {ends} (fun i'1 => {sum_text(*inner, body, here)})"
        middle = f"Sum {ends} (fun i'1 => {term_text(made, here)})"
        norm = term_text(summation(variable, low, high, made), PLAIN)
        return [
            f"assert ({name} : {raw} = {norm}).",
            *block([
                f"transitivity ({middle}).",
                *block([
                    "apply Sum_ext; [is_whole | is_whole | intros i'1 w' _ _].",
                    *same_sum(*inner, body, here),
                ]),
                *same_sum(variable, low, high, made, PLAIN),
            ]),
        ]  # fmt: skip


def with_changes(here: Reading, changes: Mapping[Atom, Replacement]) -> Reading:
    """Read more symbols as numbers."""
    texts = {a: bracketed(term_text(change.body, PLAIN)) for a, change in changes.items()}
    known = {atom: said for atom, said in texts.items() if atom.kind not in FAMILIES}
    return with_fields(here, texts={**here.texts, **known}, changes={**here.changes, **changes})


def replace_sign(term: Term) -> Term:
    """Return minus a term."""
    return frozenset((m, -p, q) for m, p, q in term)


def _deeper(body: Term, here: Reading) -> str:
    return term_text(body, with_fields(here, depth=1))


def _inner(formula: Formula) -> Formula:
    """Leave out the outermost range."""
    return formula._replace(ranges=formula.ranges[1:])


def _claimed(claim: Formula, proved: Formula, reading: Reading, proof: str) -> Script:
    """Prove a claim at another index, from what was proved there."""
    return [f"pose proof {proof} as q'.", *converted(claim, proved, reading, "q'", back=True)]


def development(theorem: Theorem) -> str:
    """Write a theorem as a file for Coq.

    Raises
    ------
    ProofError
        If a rule is met that is not written yet.
    """
    try:
        return Development(theorem).write()
    except AttributeError as error:
        raise ProofError(f"{theorem.item}: {error}") from error
