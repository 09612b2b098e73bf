(* What the exported proofs rest on. Whole numbers among the reals, floors, finite sums and induction;
   terms and statements as data, what they mean, and a normal form of terms with its proof; each rule
   of the kernel as a lemma on what statements mean, whose side conditions are computed; and claims
   that fail at a point of rational numbers. Every lemma is proved; nothing is assumed but the axioms
   of Coq's real numbers. *)

From Coq Require Export Reals Lra List ZArith QArith.
Export ListNotations.
From Coq Require Import Qabs Qround Qreals Lia FunctionalExtensionality.
Open Scope R_scope.

(* Whole numbers --------------------------------------------------------------------------------- *)

Definition whole (x : R) : Prop := exists z : Z, x = IZR z.
Definition floor (x : R) : R := IZR (up x - 1).
Definition inv (x : R) : R := / x.

Lemma whole_IZR z : whole (IZR z). Proof. now exists z. Qed.
Lemma whole_plus x y : whole x -> whole y -> whole (x + y).
Proof. intros [a ->] [b ->]. exists (a + b)%Z. now rewrite plus_IZR. Qed.
Lemma whole_minus x y : whole x -> whole y -> whole (x - y).
Proof. intros [a ->] [b ->]. exists (a - b)%Z. now rewrite minus_IZR. Qed.
Lemma whole_mult x y : whole x -> whole y -> whole (x * y).
Proof. intros [a ->] [b ->]. exists (a * b)%Z. now rewrite mult_IZR. Qed.
Lemma whole_opp x : whole x -> whole (- x).
Proof. intros [a ->]. exists (- a)%Z. now rewrite opp_IZR. Qed.
Lemma whole_floor x : whole (floor x). Proof. now exists (up x - 1)%Z. Qed.
Lemma whole_abs x : whole x -> whole (Rabs x).
Proof. intros H. unfold Rabs. destruct (Rcase_abs x); auto using whole_opp. Qed.
Lemma whole_max x y : whole x -> whole y -> whole (Rmax x y).
Proof. intros. unfold Rmax. now destruct (Rle_dec x y). Qed.
Lemma whole_min x y : whole x -> whole y -> whole (Rmin x y).
Proof. intros. unfold Rmin. now destruct (Rle_dec x y). Qed.

Lemma next_whole x : whole x -> 0 < x -> 1 <= x.
Proof. intros [z ->] H. apply lt_IZR in H. apply IZR_le. lia. Qed.

Lemma floor_below x : floor x <= x.
Proof. unfold floor. rewrite minus_IZR. destruct (archimed x). lra. Qed.
Lemma floor_above x : x < floor x + 1.
Proof. unfold floor. rewrite minus_IZR. destruct (archimed x). lra. Qed.
Lemma up_IZR z : up (IZR z) = (z + 1)%Z.
Proof. symmetry. apply tech_up; rewrite plus_IZR; lra. Qed.

(* Induction over whole numbers from low up to high. *)
Lemma whole_induction (P : R -> Prop) low high :
  whole low -> P low ->
  (forall n, whole n -> low <= n -> n + 1 <= high -> P n -> P (n + 1)) ->
  forall n, whole n -> low <= n -> n <= high -> P n.
Proof.
  intros [a ->] base step n [z ->] above below. apply le_IZR in above.
  revert below. pattern z. apply Zlt_lower_bound_ind with (z := a); [|exact above].
  intros y IH Hy below. destruct (Z.eq_dec y a) as [->|Hne]; [exact base|].
  replace (IZR y) with (IZR (y - 1) + 1) by (rewrite minus_IZR; ring).
  assert (IZR (y - 1) + 1 = IZR y) as E by (rewrite minus_IZR; ring).
  apply step; [apply whole_IZR | apply IZR_le; lia | lra |].
  apply IH; [lia | lra].
Qed.

(* Sums ------------------------------------------------------------------------------------------ *)

Fixpoint terms (count : nat) (low : R) (f : R -> R) : R :=
  match count with O => 0 | S n => f low + terms n (low + 1) f end.
Definition size (low high : R) : nat := Z.to_nat (up (high - low)).
Definition Sum (low high : R) (f : R -> R) : R := terms (size low high) low f.

Lemma size_whole a b : size (IZR a) (IZR b) = Z.to_nat (b - a + 1).
Proof. unfold size. rewrite <- minus_IZR, up_IZR. reflexivity. Qed.

Lemma terms_ext n : forall low f g,
  (forall k, (k < n)%nat -> f (low + INR k) = g (low + INR k)) -> terms n low f = terms n low g.
Proof.
  induction n as [|n IH]; intros low f g H; [reflexivity|]. cbn [terms]. f_equal.
  - specialize (H 0%nat ltac:(lia)). now rewrite Rplus_0_r in H.
  - apply IH. intros k Hk. specialize (H (S k) ltac:(lia)). rewrite S_INR in H.
    now replace (low + 1 + INR k) with (low + (INR k + 1)) by ring.
Qed.

Lemma in_range low high k : whole low -> whole high -> (k < size low high)%nat ->
  whole (low + INR k) /\ low <= low + INR k /\ low + INR k <= high.
Proof.
  intros [a ->] [b ->]. rewrite size_whole. intros H. rewrite INR_IZR_INZ, <- plus_IZR.
  split; [apply whole_IZR|]. split; apply IZR_le; lia.
Qed.

Lemma Sum_ext low high f g : whole low -> whole high ->
  (forall i, whole i -> low <= i -> i <= high -> f i = g i) -> Sum low high f = Sum low high g.
Proof.
  intros wl wh H. apply terms_ext. intros k Hk. destruct (in_range low high k wl wh Hk) as [? []].
  now apply H.
Qed.

Lemma Sum_plus low high f g : Sum low high (fun i => f i + g i) = Sum low high f + Sum low high g.
Proof.
  unfold Sum. generalize (size low high) as n. intros n. revert low.
  induction n as [|n IH]; intros low; cbn [terms]; [ring|]. rewrite IH. ring.
Qed.
Lemma Sum_scale low high c f : Sum low high (fun i => c * f i) = c * Sum low high f.
Proof.
  unfold Sum. generalize (size low high) as n. intros n. revert low.
  induction n as [|n IH]; intros low; cbn [terms]; [ring|]. rewrite IH. ring.
Qed.
Lemma Sum_zero low high : Sum low high (fun _ => 0) = 0.
Proof.
  unfold Sum. generalize (size low high) as n. intros n. revert low.
  induction n as [|n IH]; intros low; cbn [terms]; [ring|]. rewrite IH. ring.
Qed.

Lemma Sum_nonneg low high f : whole low -> whole high ->
  (forall i, whole i -> low <= i -> i <= high -> 0 <= f i) -> 0 <= Sum low high f.
Proof.
  intros wl wh H. unfold Sum. pose proof (fun k => in_range low high k wl wh) as K.
  revert K. generalize (size low high) as n. intros n.
  assert (forall m l, (forall k, (k < m)%nat -> 0 <= f (l + INR k)) -> 0 <= terms m l f) as T.
  { induction m as [|m IH]; intros l G; cbn [terms]; [lra|]. apply Rplus_le_le_0_compat.
    - specialize (G 0%nat ltac:(lia)). now rewrite Rplus_0_r in G.
    - apply IH. intros k Hk. specialize (G (S k) ltac:(lia)). rewrite S_INR in G.
      now replace (l + 1 + INR k) with (l + (INR k + 1)) by ring. }
  intros K. apply T. intros k Hk. destruct (K k Hk) as [? []]. now apply H.
Qed.
Lemma Sum_null low high f : whole low -> whole high ->
  (forall i, whole i -> low <= i -> i <= high -> f i = 0) -> Sum low high f = 0.
Proof.
  intros wl wh H. rewrite (Sum_ext low high f (fun _ => 0)); auto using Sum_zero.
Qed.

Lemma whole_Sum low high f : whole low -> whole high ->
  (forall i, whole i -> whole (f i)) -> whole (Sum low high f).
Proof.
  intros wl _ H. unfold Sum. generalize (size low high) as n. intros n. revert low wl.
  induction n as [|n IH]; intros low wl; cbn [terms]; [apply whole_IZR|].
  apply whole_plus; [now apply H|]. apply IH, whole_plus; [exact wl|apply whole_IZR].
Qed.

Lemma terms_split n m : forall low f,
  terms (n + m) low f = terms n low f + terms m (low + INR n) f.
Proof.
  induction n as [|n IH]; intros low f; cbn [terms Nat.add].
  - rewrite Rplus_0_r. ring.
  - rewrite IH, S_INR. replace (low + (INR n + 1)) with (low + 1 + INR n) by ring. ring.
Qed.

Lemma Sum_split low middle high f : whole low -> whole middle -> whole high ->
  low <= middle + 1 -> middle <= high ->
  Sum low high f = Sum low middle f + Sum (middle + 1) high f.
Proof.
  intros [a ->] [b ->] [c ->] H G. rewrite <- plus_IZR in *. apply le_IZR in H, G. unfold Sum.
  rewrite !size_whole. replace (Z.to_nat (c - a + 1)) with
    (Z.to_nat (b - a + 1) + Z.to_nat (c - (b + 1) + 1))%nat by lia.
  rewrite terms_split. do 2 f_equal. rewrite INR_IZR_INZ, <- plus_IZR. f_equal. lia.
Qed.

Lemma Sum_single low f : whole low -> Sum low low f = f low.
Proof.
  intros [a ->]. unfold Sum. rewrite size_whole. replace (Z.to_nat (a - a + 1)) with 1%nat by lia.
  cbn [terms]. ring.
Qed.

Lemma Sum_shift low high k f : Sum low high f = Sum (low + k) (high + k) (fun i => f (i - k)).
Proof.
  unfold Sum, size. replace (high + k - (low + k)) with (high - low) by ring.
  generalize (Z.to_nat (up (high - low))) as n. intros n. revert low.
  induction n as [|n IH]; intros low; cbn [terms]; [reflexivity|]. f_equal.
  - f_equal. ring.
  - rewrite IH. f_equal; ring.
Qed.

Lemma Sum_swap a b c d f :
  Sum a b (fun i => Sum c d (fun j => f i j)) = Sum c d (fun j => Sum a b (fun i => f i j)).
Proof.
  unfold Sum. generalize (size a b) as n. intros n. revert a.
  induction n as [|n IH]; intros a; cbn [terms].
  - symmetry. apply Sum_zero.
  - rewrite IH. symmetry. apply Sum_plus.
Qed.

Lemma Sum_all low high f g : (forall i, f i = g i) -> Sum low high f = Sum low high g.
Proof. intros H. apply terms_ext. intros. apply H. Qed.

(* Terms, and what they are --------------------------------------------------------------------- *)

Inductive op := Abs | Floor | Sqrt | Inv.
Inductive op2 := Max | Min.
Inductive tm :=
  | Int (z : Z) | Frac (z : Z) (d : positive)
  | Re (x : nat) | Wh (x : nat) | Bd (i : nat)
  | ReS (f : nat) (a b : tm) | WhS (f : nat) (a b : tm)
  | Add (a b : tm) | Sub (a b : tm) | Mul (a b : tm) | Opp (a : tm) | Pow (a : tm) (n : nat)
  | Op (o : op) (a : tm) | Op2 (o : op2) (a b : tm)
  | Su (low high body : tm).

Record env := Env {
  re : nat -> R; wh : nat -> R; reS : nat -> R -> R -> R; whS : nat -> R -> R -> R }.
Definition ok e := (forall x, whole (wh e x)) /\
  (forall f a b, whole a -> whole b -> whole (whS e f a b)).
Definition of_op o := match o with Abs => Rabs | Floor => floor | Sqrt => sqrt | Inv => inv end.
Definition of_op2 o := match o with Max => Rmax | Min => Rmin end.

Fixpoint eval e (s : list R) t : R :=
  match t with
  | Int z => IZR z | Frac z d => IZR z / IZR (Zpos d)
  | Re x => re e x | Wh x => wh e x | Bd i => nth i s 0
  | ReS f a b => reS e f (eval e s a) (eval e s b) | WhS f a b => whS e f (eval e s a) (eval e s b)
  | Add a b => eval e s a + eval e s b | Sub a b => eval e s a - eval e s b
  | Mul a b => eval e s a * eval e s b | Opp a => - eval e s a | Pow a n => eval e s a ^ n
  | Op o a => of_op o (eval e s a) | Op2 o a b => of_op2 o (eval e s a) (eval e s b)
  | Su low high body => Sum (eval e s low) (eval e s high) (fun i => eval e (i :: s) body)
  end.

Fixpoint integral t : bool :=
  match t with
  | Int _ | Wh _ | Bd _ | Op Floor _ => true
  | WhS _ a b | Add a b | Sub a b | Mul a b | Op2 _ a b => integral a && integral b
  | Opp a | Pow a _ | Op Abs a => integral a
  | Su low high body => integral low && integral high && integral body
  | _ => false
  end.

Lemma whole_nth s i : Forall whole s -> whole (nth i s 0).
Proof.
  revert i. induction s as [|x s IH]; intros [|i] H; cbn; try apply (whole_IZR 0);
    inversion H; subst; auto.
Qed.

Lemma integral_ok e t : ok e -> forall s, Forall whole s -> integral t = true -> whole (eval e s t).
Proof.
  intros [K L]. induction t; intros s W I; cbn in *; try discriminate;
    try (apply andb_prop in I; destruct I as [I J]); auto using whole_IZR, whole_nth,
    whole_plus, whole_minus, whole_mult, whole_opp.
  - induction n; cbn; [apply (whole_IZR 1)|]. apply whole_mult; auto.
  - destruct o; try discriminate; cbn; [apply whole_abs; auto|apply whole_floor].
  - destruct o; cbn; [apply whole_max | apply whole_min]; auto.
  - apply andb_prop in I. destruct I as [I1 I2]. apply whole_Sum; auto.
Qed.

(* An order of terms ----------------------------------------------------------------------------- *)

Definition lex c d := match c with Eq => d | _ => c end.
Definition rank t := match t with
  | Int _ => 0 | Frac _ _ => 1 | Re _ => 2 | Wh _ => 3 | Bd _ => 4 | ReS _ _ _ => 5
  | WhS _ _ _ => 6 | Add _ _ => 7 | Sub _ _ => 8 | Mul _ _ => 9 | Opp _ => 10 | Pow _ _ => 11
  | Op _ _ => 12 | Op2 _ _ _ => 13 | Su _ _ _ => 14 end%nat.
Definition rank_op o := match o with Abs => 0 | Floor => 1 | Sqrt => 2 | Inv => 3 end%nat.
Definition rank_op2 o := match o with Max => 0 | Min => 1 end%nat.
Fixpoint order a b : comparison :=
  match a, b with
  | Int x, Int y => Z.compare x y
  | Frac x d, Frac y g => lex (Z.compare x y) (Pos.compare d g)
  | Re x, Re y | Wh x, Wh y | Bd x, Bd y => Nat.compare x y
  | ReS f a b, ReS g c d | WhS f a b, WhS g c d =>
      lex (Nat.compare f g) (lex (order a c) (order b d))
  | Add a b, Add c d | Sub a b, Sub c d | Mul a b, Mul c d => lex (order a c) (order b d)
  | Opp a, Opp b => order a b
  | Pow a n, Pow b m => lex (Nat.compare n m) (order a b)
  | Op o a, Op q b => lex (Nat.compare (rank_op o) (rank_op q)) (order a b)
  | Op2 o a b, Op2 q c d =>
      lex (Nat.compare (rank_op2 o) (rank_op2 q)) (lex (order a c) (order b d))
  | Su a b c, Su d g h => lex (order a d) (lex (order b g) (order c h))
  | _, _ => Nat.compare (rank a) (rank b)
  end.
Lemma lex_eq c d : lex c d = Eq -> c = Eq /\ d = Eq.
Proof. destruct c; cbn; auto; discriminate. Qed.
Lemma order_eq a : forall b, order a b = Eq -> a = b.
Proof.
  induction a; intros []; cbn; try discriminate; intros H;
    repeat match goal with E : lex _ _ = Eq |- _ => apply lex_eq in E; destruct E end;
    repeat match goal with
    | E : Z.compare _ _ = Eq |- _ => apply Z.compare_eq in E
    | E : Pos.compare _ _ = Eq |- _ => apply Pos.compare_eq in E
    | E : Nat.compare _ _ = Eq |- _ => apply Nat.compare_eq in E
    | E : order ?a _ = Eq, F : forall b, order ?a b = Eq -> _ |- _ => apply F in E
    end; subst; auto.
  - destruct o, o0; try discriminate; reflexivity.
  - destruct o, o0; try discriminate; reflexivity.
Qed.

(* Moving under binders, and substitution ------------------------------------------------------- *)

Local Arguments Nat.ltb : simpl never.
Fixpoint lift (k c : nat) t : tm :=
  match t with
  | Bd i => if (i <? c)%nat then Bd i else Bd (k + i)
  | ReS f a b => ReS f (lift k c a) (lift k c b) | WhS f a b => WhS f (lift k c a) (lift k c b)
  | Add a b => Add (lift k c a) (lift k c b) | Sub a b => Sub (lift k c a) (lift k c b)
  | Mul a b => Mul (lift k c a) (lift k c b) | Opp a => Opp (lift k c a)
  | Pow a n => Pow (lift k c a) n | Op o a => Op o (lift k c a)
  | Op2 o a b => Op2 o (lift k c a) (lift k c b)
  | Su a b d => Su (lift k c a) (lift k c b) (lift k (S c) d)
  | _ => t
  end.
Fixpoint lower (c : nat) t : tm :=
  match t with
  | Bd i => if (i <? c)%nat then Bd i else Bd (pred i)
  | ReS f a b => ReS f (lower c a) (lower c b) | WhS f a b => WhS f (lower c a) (lower c b)
  | Add a b => Add (lower c a) (lower c b) | Sub a b => Sub (lower c a) (lower c b)
  | Mul a b => Mul (lower c a) (lower c b) | Opp a => Opp (lower c a)
  | Pow a n => Pow (lower c a) n | Op o a => Op o (lower c a)
  | Op2 o a b => Op2 o (lower c a) (lower c b)
  | Su a b d => Su (lower c a) (lower c b) (lower (S c) d)
  | _ => t
  end.
Lemma lift_ok e t : forall s1 s2 s3,
  eval e (s1 ++ s2 ++ s3) (lift (length s2) (length s1) t) = eval e (s1 ++ s3) t.
Proof.
  induction t; intros s1 s2 s3; cbn; rewrite ?IHt, ?IHt1, ?IHt2; auto.
  - destruct (Nat.ltb_spec i (length s1)); cbn.
    + rewrite !app_nth1; auto.
    + rewrite !app_nth2 by lia. f_equal. lia.
  - apply Sum_all. intros i. apply (IHt3 (i :: s1)).
Qed.
Lemma lift_1 e v s t : eval e (v :: s) (lift 1 0 t) = eval e s t.
Proof. apply (lift_ok e t [] [v] s). Qed.

(* Bound variables from number k on become terms that live outside. *)
Fixpoint inst (k : nat) (l : list tm) t : tm :=
  match t with
  | Bd i => if (i <? k)%nat then Bd i else lift k 0 (nth (i - k) l (Int 0))
  | ReS f a b => ReS f (inst k l a) (inst k l b) | WhS f a b => WhS f (inst k l a) (inst k l b)
  | Add a b => Add (inst k l a) (inst k l b) | Sub a b => Sub (inst k l a) (inst k l b)
  | Mul a b => Mul (inst k l a) (inst k l b) | Opp a => Opp (inst k l a)
  | Pow a n => Pow (inst k l a) n | Op o a => Op o (inst k l a)
  | Op2 o a b => Op2 o (inst k l a) (inst k l b)
  | Su a b d => Su (inst k l a) (inst k l b) (inst (S k) l d)
  | _ => t
  end.
Lemma inst_ok e s l t : forall r,
  eval e (r ++ s) (inst (length r) l t) = eval e (r ++ map (eval e s) l) t.
Proof.
  induction t; intros r; cbn; rewrite ?IHt, ?IHt1, ?IHt2; auto.
  - destruct (Nat.ltb_spec i (length r)); cbn.
    + rewrite !app_nth1; auto.
    + rewrite (lift_ok e _ [] r s), app_nth2 by lia. cbn [app].
      change 0 with (eval e s (Int 0)). now rewrite map_nth.
  - apply Sum_all. intros i. apply (IHt3 (i :: r)).
Qed.

(* What is put for free symbols and sequences; parameters of the latter are bound. *)
Record change := Change {
  cRe : list (nat * tm); cWh : list (nat * tm); cReS : list (nat * tm); cWhS : list (nat * tm) }.
Fixpoint find_in (l : list (nat * tm)) x : option tm :=
  match l with [] => None | (y, t) :: l => if Nat.eqb x y then Some t else find_in l x end.
Fixpoint sub (c : change) (k : nat) t : tm :=
  match t with
  | Re x => match find_in (cRe c) x with Some b => lift k 0 b | None => t end
  | Wh x => match find_in (cWh c) x with Some b => lift k 0 b | None => t end
  | Bd i => if (i <? k)%nat then Bd i else Int 0
  | ReS f a b => match find_in (cReS c) f with
      | Some d => inst 0 [sub c k a; sub c k b] d | None => ReS f (sub c k a) (sub c k b) end
  | WhS f a b => match find_in (cWhS c) f with
      | Some d => inst 0 [sub c k a; sub c k b] d | None => WhS f (sub c k a) (sub c k b) end
  | Add a b => Add (sub c k a) (sub c k b) | Sub a b => Sub (sub c k a) (sub c k b)
  | Mul a b => Mul (sub c k a) (sub c k b) | Opp a => Opp (sub c k a)
  | Pow a n => Pow (sub c k a) n | Op o a => Op o (sub c k a)
  | Op2 o a b => Op2 o (sub c k a) (sub c k b)
  | Su a b d => Su (sub c k a) (sub c k b) (sub c (S k) d)
  | _ => t
  end.
Definition changed (c : change) e s : env := {|
  re x := match find_in (cRe c) x with Some b => eval e s b | None => re e x end;
  wh x := match find_in (cWh c) x with Some b => eval e s b | None => wh e x end;
  reS f a b := match find_in (cReS c) f with Some d => eval e [a; b] d | None => reS e f a b end;
  whS f a b := match find_in (cWhS c) f with Some d => eval e [a; b] d | None => whS e f a b end |}.
Lemma sub_ok c e s t : forall r,
  eval e (r ++ s) (sub c (length r) t) = eval (changed c e s) r t.
Proof.
  induction t; intros r; cbn; auto; rewrite <- ?IHt, <- ?IHt1, <- ?IHt2; auto.
  - destruct (find_in _ _); auto. apply (lift_ok e _ [] r s).
  - destruct (find_in _ _); auto. apply (lift_ok e _ [] r s).
  - destruct (Nat.ltb_spec i (length r)); cbn.
    + now rewrite app_nth1.
    + now rewrite nth_overflow.
  - destruct (find_in _ _) as [d|]; auto. exact (inst_ok e (r ++ s) [sub c (length r) t1; sub c (length r) t2] d []).
  - destruct (find_in _ _) as [d|]; auto. exact (inst_ok e (r ++ s) [sub c (length r) t1; sub c (length r) t2] d []).
  - apply Sum_all. intros i. now rewrite <- (IHt3 (i :: r)).
Qed.
Definition fits (c : change) := forallb (fun p => integral (snd p)) (cWh c ++ cWhS c).
Lemma found l x t : find_in l x = Some t -> In (x, t) l.
Proof.
  induction l as [|[y b] l IH]; cbn; [discriminate|]. destruct (Nat.eqb_spec x y) as [->|].
  - intros [= ->]. now left.
  - auto.
Qed.
Lemma changed_ok c e s : ok e -> Forall whole s -> fits c = true -> ok (changed c e s).
Proof.
  intros K H F. unfold fits in F. rewrite forallb_forall in F. destruct K as [K L]. split; cbn.
  - intros x. destruct (find_in _ _) as [t|] eqn:E; auto. apply found in E.
    apply integral_ok; auto; [now split|]. apply (F (x, t)), in_or_app. now left.
  - intros f a b wa wb. destruct (find_in _ _) as [t|] eqn:E; auto. apply found in E.
    apply integral_ok; auto; [now split|]. apply (F (f, t)), in_or_app. now right.
Qed.

(* Normal forms: sums of monomials; what they say is proved, and equal terms mostly have one. ---- *)

Definition mono := list tm.
Definition poly := list (Q * mono).
Definition evm e s (m : mono) := fold_right (fun a x => eval e s a * x) 1 m.
Definition evp e s (p : poly) := fold_right (fun c x => Q2R (fst c) * evm e s (snd c) + x) 0 p.

Fixpoint order_m (a b : mono) : comparison :=
  match a, b with
  | [], [] => Eq | [], _ => Lt | _, [] => Gt
  | x :: a, y :: b => lex (order x y) (order_m a b)
  end.
Lemma order_m_eq a : forall b, order_m a b = Eq -> a = b.
Proof.
  induction a as [|x a IH]; intros [|y b]; cbn; try discriminate; auto.
  intros H. apply lex_eq in H as [H G]. f_equal; auto using order_eq.
Qed.
Fixpoint put_in x (m : mono) : mono :=
  match m with [] => [x] | y :: r => match order x y with Gt => y :: put_in x r | _ => x :: m end end.
Fixpoint merge (a b : mono) := match a with [] => b | x :: a => put_in x (merge a b) end.
Fixpoint add_to q m (p : poly) : poly :=
  match p with
  | [] => [(q, m)]
  | (r, n) :: rest =>
      match order_m m n with
      | Eq => let t := Qred (q + r) in if Qeq_bool t 0 then rest else (t, n) :: rest
      | Lt => (q, m) :: p
      | Gt => (r, n) :: add_to q m rest
      end
  end.
Fixpoint plus_p (p r : poly) :=
  match p with [] => r | (q, m) :: p => add_to q m (plus_p p r) end.
Fixpoint times_1 q m (p : poly) : poly :=
  match p with [] => [] | (r, n) :: p => add_to (Qred (q * r)) (merge m n) (times_1 q m p) end.
Fixpoint times_p (p r : poly) : poly :=
  match p with [] => [] | (q, m) :: p => plus_p (times_1 q m r) (times_p p r) end.
Fixpoint opp_p (p : poly) : poly :=
  match p with [] => [] | (q, m) :: p => (Qopp q, m) :: opp_p p end.
Definition number q : poly := if Qeq_bool q 0 then [] else [(Qred q, [])].
Fixpoint pow_p n p := match n with O => number 1 | S n => times_p p (pow_p n p) end.
Definition atom t : poly := [(1%Q, [t])].
Fixpoint mono_tm (m : mono) := match m with [] => Int 1 | a :: m => Mul a (mono_tm m) end.
Fixpoint poly_tm (p : poly) := match p with
  | [] => Int 0 | (q, m) :: p => Add (Mul (Frac (Qnum q) (Qden q)) (mono_tm m)) (poly_tm p) end.
Definition positive_p (p : poly) :=
  match p with (q, _) :: _ => if Qle_bool q 0 then opp_p p else p | [] => [] end.
Definition outside a := let b := lower 0 a in
  match order (lift 1 0 b) a with Eq => Some b | _ => None end.
Fixpoint parted (m : mono) : mono * mono :=
  match m with
  | [] => ([], [])
  | a :: m => let (out, ins) := parted m in
      match outside a with Some b => (b :: out, ins) | None => (out, a :: ins) end
  end.
Definition sum_1 lo hi (c : Q * mono) := let (out, ins) := parted (snd c) in
  (fst c, put_in (Su lo hi (mono_tm ins)) (merge out [])).
Definition op_p o (p : poly) : poly :=
  match o, p with
  | Abs, _ => atom (Op Abs (poly_tm (positive_p p)))
  | Inv, [(q, [])] => if Qeq_bool q 0 then atom (Op Inv (poly_tm p)) else number (/ q)
  | _, _ => atom (Op o (poly_tm p))
  end.
Definition op2_p o a b := match order a b with Gt => atom (Op2 o b a) | _ => atom (Op2 o a b) end.

Fixpoint norm t : poly :=
  match t with
  | Int z => number (z # 1) | Frac z d => number (z # d)
  | Re _ | Wh _ | Bd _ => atom t
  | ReS f a b => atom (ReS f (poly_tm (norm a)) (poly_tm (norm b)))
  | WhS f a b => atom (WhS f (poly_tm (norm a)) (poly_tm (norm b)))
  | Add a b => plus_p (norm a) (norm b) | Sub a b => plus_p (norm a) (opp_p (norm b))
  | Mul a b => times_p (norm a) (norm b) | Opp a => opp_p (norm a)
  | Pow a n => let p := norm a in pow_p n p
  | Op o a => op_p o (norm a)
  | Op2 o a b => op2_p o (poly_tm (norm a)) (poly_tm (norm b))
  | Su lo hi b => let l := poly_tm (norm lo) in let h := poly_tm (norm hi) in
      fold_right (fun c x => let d := sum_1 l h c in add_to (fst d) (snd d) x) [] (norm b)
  end.

Section Normal.
Variable e : env.
Local Arguments evm : simpl never.
Local Arguments evp : simpl never.
Local Arguments Qred : simpl never.
Local Arguments Qeq_bool : simpl never.
Local Arguments Qle_bool : simpl never.
Local Arguments Q2R : simpl never.
Lemma evm_cons s a m : evm e s (a :: m) = eval e s a * evm e s m. Proof. reflexivity. Qed.
Lemma evp_cons s q m p : evp e s ((q, m) :: p) = Q2R q * evm e s m + evp e s p.
Proof. reflexivity. Qed.
Lemma evm_nil s : evm e s [] = 1. Proof. reflexivity. Qed.
Lemma evp_nil s : evp e s [] = 0. Proof. reflexivity. Qed.
Ltac step := cbn; rewrite ?evp_cons, ?evm_cons, ?evp_nil, ?evm_nil.
Lemma put_in_ok s x m : evm e s (put_in x m) = eval e s x * evm e s m.
Proof. induction m as [|y m IH]; step; auto. destruct (order x y); step; auto. rewrite IH. ring. Qed.
Lemma merge_ok s a b : evm e s (merge a b) = evm e s a * evm e s b.
Proof. induction a; step; [ring|]. rewrite put_in_ok, IHa. ring. Qed.
Lemma Q2R_red q : Q2R (Qred q) = Q2R q.
Proof. apply Qeq_eqR, Qred_correct. Qed.
Lemma Q2R_null q : Qeq_bool q 0 = true -> Q2R q = 0.
Proof. intros H. apply Qeq_bool_eq, Qeq_eqR in H. rewrite H. unfold Q2R. cbn. lra. Qed.
Lemma Q2R_1 : Q2R 1 = 1. Proof. unfold Q2R. cbn. field. Qed.
Lemma add_to_ok s q m p : evp e s (add_to q m p) = Q2R q * evm e s m + evp e s p.
Proof.
  induction p as [|[r n] p IH]; step; [ring|].
  destruct (order_m m n) eqn:E; step; [|reflexivity|rewrite IH; ring].
  apply order_m_eq in E as ->. destruct (Qeq_bool _ _) eqn:E; step.
  - apply Q2R_null in E. rewrite Q2R_red, Q2R_plus in E. replace (Q2R q) with (- Q2R r) by lra. ring.
  - rewrite Q2R_red, Q2R_plus. ring.
Qed.
Lemma plus_ok s p r : evp e s (plus_p p r) = evp e s p + evp e s r.
Proof. induction p as [|[q m] p IH]; step; [ring|]. rewrite add_to_ok, IH. step. ring. Qed.
Lemma times_1_ok s q m p : evp e s (times_1 q m p) = Q2R q * evm e s m * evp e s p.
Proof.
  induction p as [|[r n] p IH]; step; [ring|].
  rewrite add_to_ok, Q2R_red, Q2R_mult, merge_ok, IH. ring.
Qed.
Lemma times_ok s p r : evp e s (times_p p r) = evp e s p * evp e s r.
Proof.
  induction p as [|[q m] p IH]; step; [ring|]. rewrite plus_ok, times_1_ok, IH. step. ring.
Qed.
Lemma opp_ok s p : evp e s (opp_p p) = - evp e s p.
Proof. induction p as [|[q m] p IH]; step; [ring|]. rewrite Q2R_opp, IH. ring. Qed.
Lemma number_ok s q : evp e s (number q) = Q2R q.
Proof.
  unfold number. destruct (Qeq_bool q 0) eqn:E; step; [now rewrite (Q2R_null q E)|].
  rewrite Q2R_red. ring.
Qed.
Lemma atom_ok s t : evp e s (atom t) = eval e s t.
Proof. unfold atom. step. rewrite Q2R_1. ring. Qed.
Lemma mono_ok s m : eval e s (mono_tm m) = evm e s m.
Proof. induction m; step; auto. now rewrite IHm. Qed.
Lemma poly_ok s p : eval e s (poly_tm p) = evp e s p.
Proof. induction p as [|[q m] p IH]; step; auto. now rewrite IH, mono_ok. Qed.
Lemma positive_ok s p : Rabs (evp e s (positive_p p)) = Rabs (evp e s p).
Proof.
  destruct p as [|[q m] p]; auto. cbn -[opp_p]. destruct (Qle_bool q 0); auto.
  now rewrite opp_ok, Rabs_Ropp.
Qed.
Lemma op_ok s o p : evp e s (op_p o p) = of_op o (evp e s p).
Proof.
  destruct o; cbn [op_p]; rewrite ?atom_ok; cbn [eval of_op]; rewrite ?poly_ok; auto.
  - apply positive_ok.
  - destruct p as [|[q [|a m]] [|c p]]; rewrite ?atom_ok; cbn [eval of_op]; rewrite ?poly_ok; auto.
    destruct (Qeq_bool q 0) eqn:E; rewrite ?atom_ok, ?number_ok; cbn [eval of_op];
      rewrite ?poly_ok; auto.
    rewrite Q2R_inv by (intros H; apply Qeq_bool_neq in E; auto). step. unfold inv. f_equal. ring.
Qed.
Lemma op2_ok s o a b : evp e s (op2_p o a b) = of_op2 o (eval e s a) (eval e s b).
Proof.
  unfold op2_p. destruct (order a b); rewrite atom_ok; auto.
  cbn. destruct o; cbn; [apply Rmax_comm | apply Rmin_comm].
Qed.
Lemma outside_ok i s a b : outside a = Some b -> eval e (i :: s) a = eval e s b.
Proof.
  unfold outside. destruct (order _ _) eqn:E; try discriminate. intros [= <-].
  apply order_eq in E. rewrite <- E at 1. apply lift_1.
Qed.
Lemma parted_ok i s m : let (out, ins) := parted m in
  evm e (i :: s) m = evm e s out * evm e (i :: s) ins.
Proof.
  induction m as [|a m IH]; cbn -[outside]; step; [ring|]. destruct (parted m) as [out ins].
  destruct (outside a) as [b|] eqn:E; step; rewrite IH; [rewrite (outside_ok _ _ _ _ E)|]; ring.
Qed.
Lemma sum_1_ok s lo hi c : let d := sum_1 lo hi c in
  Q2R (fst d) * evm e s (snd d) =
  Sum (eval e s lo) (eval e s hi) (fun i => Q2R (fst c) * evm e (i :: s) (snd c)).
Proof.
  destruct c as [q m]. unfold sum_1. cbn [fst snd]. pose proof (fun i => parted_ok i s m) as H.
  destruct (parted m) as [out ins]. cbn [fst snd].
  rewrite (Sum_all _ _ _ (fun i => Q2R q * evm e s out * evm e (i :: s) ins)) by
    (intros i; rewrite H; ring).
  rewrite Sum_scale, put_in_ok, merge_ok. cbn [eval].
  rewrite (Sum_all _ _ (fun i => eval e (i :: s) (mono_tm ins)) (fun i => evm e (i :: s) ins)) by
    (intros i; apply mono_ok).
  change (evm e s []) with 1. ring.
Qed.
Lemma norm_ok t : forall s, evp e s (norm t) = eval e s t.
Proof.
  induction t; intros s; cbn [norm];
    rewrite ?number_ok, ?atom_ok, ?plus_ok, ?times_ok, ?opp_ok, ?op_ok, ?op2_ok; cbn [eval];
    rewrite ?poly_ok, ?opp_ok, ?IHt, ?IHt1, ?IHt2; auto.
  - unfold Q2R. cbn. field.
  - cbv zeta. induction n; cbn [pow_p pow]; rewrite ?number_ok, ?times_ok, ?Q2R_1; auto.
    now rewrite IHt, IHn.
  - rewrite (Sum_all _ _ _ (fun i => evp e (i :: s) (norm t3))) by (intros; symmetry; apply IHt3).
    clear IHt3. cbv zeta. induction (norm t3) as [|[q m] p IH].
    + symmetry. apply Sum_zero.
    + cbn [fold_right]. rewrite add_to_ok, IH.
      rewrite (Sum_all _ _ (fun i => evp e (i :: s) ((q, m) :: p))
        (fun i => Q2R q * evm e (i :: s) m + evp e (i :: s) p)) by reflexivity.
      rewrite Sum_plus. f_equal.
      pose proof (sum_1_ok s (poly_tm (norm t1)) (poly_tm (norm t2)) (q, m)) as H. cbv zeta in H.
      now rewrite H, !poly_ok, IHt1, IHt2.
Qed.
End Normal.
Definition same a b := match norm (Sub a b) with [] => true | _ => false end.
Lemma same_ok e s a b : same a b = true -> eval e s a = eval e s b.
Proof.
  unfold same. intros H. assert (eval e s (Sub a b) = 0) as E.
  - rewrite <- norm_ok. destruct (norm _); [reflexivity | discriminate].
  - cbn in E. lra.
Qed.

(* Statements ------------------------------------------------------------------------------------ *)

Inductive rel := Leq | Less | Equal.
Definition compared r (x y : R) := match r with Leq => x <= y | Less => x < y | Equal => x = y end.
Definition rel_eqb r q := match r, q with Leq, Leq | Less, Less | Equal, Equal => true | _, _ => false end.
(* For every whole number of some ranges, the first outermost, one term compared with another. *)
Record fm := Fm { spans : list (tm * tm); relation : rel; left : tm; right : tm }.
Fixpoint holds_in e s (l : list (tm * tm)) r a b : Prop :=
  match l with
  | [] => compared r (eval e s a) (eval e s b)
  | (lo, hi) :: l => forall k, whole k -> eval e s lo <= k -> k <= eval e s hi ->
      holds_in e (k :: s) l r a b
  end.
Definition holds e s f := holds_in e s (spans f) (relation f) (left f) (right f).
Definition gap r a b := match r with Equal => Sub a b | _ => Sub b a end.
Definition diff f := gap (relation f) (left f) (right f).
Definition zero r (x : R) := match r with Leq => 0 <= x | Less => 0 < x | Equal => x = 0 end.
Lemma compared_0 r e s a b : compared r (eval e s a) (eval e s b) <-> zero r (eval e s (gap r a b)).
Proof. destruct r; cbn; split; lra. Qed.

Ltac sames e s := repeat match goal with
  | H : same _ _ = true |- _ => apply (same_ok e s) in H end; cbn [eval] in *.
Fixpoint same_in (l m : list (tm * tm)) : bool :=
  match l, m with
  | [], [] => true
  | (a, b) :: l, (c, d) :: m => same a c && same b d && same_in l m
  | _, _ => false
  end.
Definition same_fm f g := same_in (spans f) (spans g) && rel_eqb (relation f) (relation g)
  && same (diff f) (diff g).
Lemma rel_eq r q : rel_eqb r q = true -> r = q.
Proof. destruct r, q; cbn; auto; discriminate. Qed.
Ltac ands := repeat match goal with
  | H : _ && _ = true |- _ => apply andb_prop in H; destruct H
  | H : rel_eqb _ _ = true |- _ => apply rel_eq in H end.
Lemma same_fm_ok e f g s : same_fm f g = true -> holds e s f -> holds e s g.
Proof.
  destruct f as [l r a b], g as [m q c d]. unfold same_fm, holds, diff. cbn. intros H. ands. subst.
  revert m s H. induction l as [|[x y] l IH]; intros [|[z w] m] s H; cbn in *; try discriminate.
  - rewrite !compared_0. now rewrite (same_ok e s _ _ H0).
  - ands. intros G k wk A B. apply IH; auto. apply G; auto.
    + now rewrite (same_ok e s _ _ H).
    + now rewrite (same_ok e s _ _ H2).
Qed.
Fixpoint map_in (f : nat -> tm -> tm) k (l : list (tm * tm)) :=
  match l with [] => [] | (a, b) :: l => (f k a, f k b) :: map_in f (S k) l end.
Definition map_fm (f : nat -> tm -> tm) g := let n := length (spans g) in
  Fm (map_in f 0 (spans g)) (relation g) (f n (left g)) (f n (right g)).
Lemma map_ok (f : nat -> tm -> tm) e e' s s' :
  (forall r t, eval e (r ++ s) (f (length r) t) = eval e' (r ++ s') t) ->
  forall g, holds e s (map_fm f g) <-> holds e' s' g.
Proof.
  intros H [l q a b]. unfold holds, map_fm. cbn.
  enough (forall r, holds_in e (r ++ s) (map_in f (length r) l) q (f (length r + length l)%nat a)
    (f (length r + length l)%nat b) <-> holds_in e' (r ++ s') l q a b) as G by apply (G []).
  induction l as [|[x y] l IH]; intros r; cbn.
  - rewrite Nat.add_0_r, !H. tauto.
  - specialize (fun k => IH (k :: r)). cbn in IH. rewrite Nat.add_succ_r, !H.
    split; intros G k wk A B; apply IH; auto.
Qed.
Definition shut f := map_fm (lift 1) f.
Lemma shut_ok e k f : holds e [k] (shut f) <-> holds e [] f.
Proof. apply map_ok. intros r t. apply (lift_ok e t r [k] []). Qed.
Definition put c f := map_fm (sub c) f.
Lemma put_ok e c s f : holds e s (put c f) <-> holds (changed c e s) [] f.
Proof. apply map_ok. intros r t. rewrite app_nil_r. apply sub_ok. Qed.
Definition fill l f := map_fm (fun k => inst k l) f.
Lemma fill_ok e s l f : holds e s (fill l f) <-> holds e (map (eval e s) l) f.
Proof. apply map_ok. intros r t. apply inst_ok. Qed.

Definition known (f : fm) (l : list fm) := existsb (fun g => same_fm g f) l.
Definition below (l m : list fm) := forallb (fun f => known f m) l.
Lemma known_ok e s f l : known f l = true -> Forall (holds e s) l -> holds e s f.
Proof.
  unfold known. intros H G. apply existsb_exists in H as [g [I E]]. rewrite Forall_forall in G.
  apply (same_fm_ok e g f s E). now apply G.
Qed.
Lemma below_ok e s l m : below l m = true -> Forall (holds e s) m -> Forall (holds e s) l.
Proof.
  unfold below. rewrite forallb_forall, !Forall_forall. intros H G f I.
  apply (known_ok e s f m); auto. now apply Forall_forall.
Qed.

(* Sequents, and the rules ----------------------------------------------------------------------- *)

Definition valid (l : list fm) f := forall e, ok e -> Forall (holds e []) l -> holds e [] f.
(* What premises say, each under hypotheses that are at hand. *)
Inductive premises (l : list fm) : list fm -> Prop :=
  | none : premises l []
  | also h f fs : valid h f -> below h l = true -> premises l fs -> premises l (f :: fs).
Lemma premises_ok l fs e : ok e -> premises l fs -> Forall (holds e []) l -> Forall (holds e []) fs.
Proof. intros K P H. induction P; constructor; auto. apply H0; auto. now apply (below_ok e [] h l). Qed.

Lemma assume f : valid [f] f. Proof. intros e K H. now inversion H. Qed.
Lemma weaken l h f : valid h f -> below h l = true -> valid l f.
Proof. intros V B e K H. apply V; auto. now apply (below_ok e [] h l). Qed.
Lemma cut l h k f g : valid h f -> valid k g -> below h (g :: l) = true -> below k l = true ->
  valid l f.
Proof.
  intros V W B D e K H. apply V; auto. apply (below_ok e [] h (g :: l)); auto. constructor; auto.
  apply W; auto. now apply (below_ok e [] k l).
Qed.

Record part := Part { weight : Q; chosen : list nat; square : option tm }.
Definition nth_fm (l : list fm) i := nth i l (Fm [] Leq (Int 0) (Int 0)).
Definition is_rel r f := rel_eqb r (relation f).
Local Arguments is_rel : simpl never.
Local Arguments Qle_bool : simpl never.
Definition plain f := match spans f with [] => true | _ => false end.
Definition factor_of l i := diff (nth_fm l i).
Fixpoint product l (is : list nat) :=
  match is with [] => Int 1 | i :: is => Mul (factor_of l i) (product l is) end.
Definition part_tm l p := Mul (Mul (Frac (Qnum (weight p)) (Qden (weight p))) (product l (chosen p)))
  match square p with Some t => Mul t t | None => Int 1 end.
Fixpoint zeros l (ms : list (nat * tm)) :=
  match ms with [] => Int 0 | (i, t) :: ms => Add (Mul t (factor_of l i)) (zeros l ms) end.
Fixpoint total l ps ms :=
  match ps with [] => zeros l ms | p :: ps => Add (part_tm l p) (total l ps ms) end.
Definition strict l p := negb (Qle_bool (weight p) 0) && forallb (fun i => is_rel Less (nth_fm l i))
  (chosen p) && match square p with Some _ => false | None => true end.
Definition sound l r ps (ms : list (nat * tm)) := forallb plain l
  && forallb (fun p => Qle_bool 0 (weight p)
    && forallb (fun i => negb (is_rel Equal (nth_fm l i))) (chosen p)) ps
  && forallb (fun m => (fst m <? length l)%nat && is_rel Equal (nth_fm l (fst m))) ms
  && match r with Equal => match ps with [] => true | _ => false end | Leq => true
     | Less => existsb (strict l) ps end.
Lemma Qle_0 q : Qle_bool 0 q = true -> 0 <= Q2R q.
Proof. intros H. apply Qle_bool_iff, Qle_Rle in H. unfold Q2R in H at 1. cbn in H. lra. Qed.
Lemma Qlt_0 q : Qle_bool q 0 = false -> 0 < Q2R q.
Proof.
  intros H. destruct (Qlt_le_dec 0 q) as [G|G].
  - apply Qlt_Rlt in G. unfold Q2R in G at 1. cbn in G. lra.
  - apply Qle_bool_iff in G. congruence.
Qed.
Section Certificates.
Variables (l : list fm) (e : env).
Variables (simple : forallb plain l = true) (true_l : Forall (holds e []) l).
Lemma factor_0 i : zero (relation (nth_fm l i)) (eval e [] (factor_of l i)).
Proof.
  unfold factor_of. destruct (nth_in_or_default i l (Fm [] Leq (Int 0) (Int 0))) as [I|E].
  - rewrite forallb_forall in simple. rewrite Forall_forall in true_l.
    specialize (simple _ I). specialize (true_l _ I). fold (nth_fm l i) in *.
    destruct (nth_fm l i) as [[|] r a b]; [|discriminate]. now apply compared_0.
  - fold (nth_fm l i) in E. rewrite E. cbn. lra.
Qed.
Lemma product_0 is : forallb (fun i => negb (is_rel Equal (nth_fm l i))) is = true ->
  0 <= eval e [] (product l is).
Proof.
  induction is as [|i is IH]; cbn; [lra|]. intros H. ands. apply Rmult_le_pos; auto.
  pose proof (factor_0 i) as F. unfold is_rel in *.
  destruct (nth_fm l i) as [s [] a b]; cbn in *; try discriminate; lra.
Qed.
Lemma product_1 is : forallb (fun i => is_rel Less (nth_fm l i)) is = true ->
  0 < eval e [] (product l is).
Proof.
  induction is as [|i is IH]; cbn; [lra|]. intros H. ands. apply Rmult_lt_0_compat; auto.
  pose proof (factor_0 i) as F. unfold is_rel in *. destruct (relation (nth_fm l i)); try discriminate. exact F.
Qed.
Lemma part_0 p : Qle_bool 0 (weight p) = true ->
  forallb (fun i => negb (is_rel Equal (nth_fm l i))) (chosen p) = true ->
  0 <= eval e [] (part_tm l p).
Proof.
  intros S C. cbn. apply Rmult_le_pos; [apply Rmult_le_pos; [now apply Qle_0 | now apply product_0]|].
  destruct (square p); cbn; [apply Rle_0_sqr | lra].
Qed.
Lemma part_1 p : strict l p = true -> 0 < eval e [] (part_tm l p).
Proof.
  unfold strict. intros H. ands. destruct (square p) eqn:E; [discriminate|]. cbn. rewrite E. cbn.
  rewrite Rmult_1_r. apply Rmult_lt_0_compat; [|now apply product_1].
  apply Qlt_0. now apply negb_true_iff.
Qed.
Lemma total_ok r ps ms : sound l r ps ms = true -> zero r (eval e [] (total l ps ms)).
Proof.
  unfold sound. intros H. ands. clear H.
  assert (eval e [] (zeros l ms) = 0) as M.
  { clear H0 H2. induction ms as [|[i t] ms IH]; cbn; auto. cbn in H1. ands.
    pose proof (factor_0 i) as F. unfold is_rel in *. destruct (relation (nth_fm l i)); try discriminate.
    cbn in F. rewrite F, IH by auto. ring. }
  assert (forall ps, forallb (fun p => Qle_bool 0 (weight p) && forallb (fun i =>
    negb (is_rel Equal (nth_fm l i))) (chosen p)) ps = true ->
    0 <= eval e [] (total l ps ms)) as N.
  { clear H0 H2 ps. induction ps as [|p ps IH]; intros G; [cbn; rewrite M; lra|].
    cbn in G. ands. cbn -[part_tm]. pose proof (part_0 p H H2). specialize (IH H0). lra. }
  destruct r; cbn [zero].
  - now apply N.
  - clear H1. induction ps as [|p ps IH]; [discriminate|]. cbn in H0, H2. ands.
    cbn -[part_tm]. assert (0 <= eval e [] (part_tm l p)) by (apply part_0; assumption).
    assert (0 <= eval e [] (total l ps ms)) by (apply N; assumption).
    match goal with T : _ || _ = true |- _ => apply orb_prop in T as [U|U] end.
    + pose proof (part_1 p U). lra.
    + assert (0 < eval e [] (total l ps ms)) by (apply IH; assumption). lra.
  - destruct ps; [exact M | discriminate].
Qed.
End Certificates.
Lemma certify l fs f ps ms : premises l fs -> plain f = true -> sound fs (relation f) ps ms = true ->
  same (diff f) (total fs ps ms) = true -> valid l f.
Proof.
  intros P S C E e K H. pose proof (premises_ok l fs e K P H) as T. destruct f as [[|] r a b];
    [|discriminate]. apply compared_0. change (zero r (eval e [] (diff (Fm [] r a b)))).
  rewrite (same_ok e [] _ _ E). apply total_ok; auto. unfold sound in C. ands. auto.
Qed.
Lemma antisymmetry l f g h : premises l [f; g] -> forallb plain [f; g; h] = true ->
  is_rel Leq f && is_rel Leq g && is_rel Equal h && same (Add (diff f) (diff g)) (Int 0)
  && same (diff f) (diff h) = true -> valid l h.
Proof.
  intros P S C e K H. pose proof (premises_ok l _ e K P H) as T. inversion T; subst.
  inversion H3; subst. destruct f as [[|] r a b], g as [[|] q c d], h as [[|] o x y];
    try (cbn in S; rewrite ?andb_false_r in S; discriminate). unfold is_rel in C. ands.
  cbn [relation] in *. subst. sames e (@nil R). apply compared_0 in H2, H4.
  apply (compared_0 Equal). unfold diff in *. cbn in *. lra.
Qed.
Definition falsum f := plain f && match relation f, norm (diff f) with
  | Leq, [(q, [])] => negb (Qle_bool 0 q) | Less, [(q, [])] => Qle_bool q 0 | Less, [] => true
  | Equal, [(q, [])] => negb (Qeq_bool q 0) | _, _ => false end.
Lemma absurd l f g : premises l [f] -> falsum f = true -> valid l g.
Proof.
  intros P S e K H. exfalso. pose proof (premises_ok l _ e K P H) as T. inversion T; subst.
  unfold falsum in S. ands. destruct f as [[|] r a b]; [|discriminate]. apply compared_0 in H2.
  cbn [relation diff left right] in *. rewrite <- norm_ok in H2. unfold diff in H1. cbn in H1.
  destruct r, (norm _) as [|[q [|m]] [|c p]]; cbn -[Qle_bool Qeq_bool Q2R] in *; try discriminate; try lra.
  - apply negb_true_iff in H1. destruct (Qlt_le_dec q 0) as [G|G].
    + apply Qlt_Rlt in G. unfold Q2R in G at 2. cbn -[Q2R] in G. lra.
    + apply Qle_bool_iff in G. congruence.
  - apply Qle_bool_iff, Qle_Rle in H1. unfold Q2R in H1 at 2. cbn -[Q2R] in H1. lra.
  - apply negb_true_iff, Qeq_bool_neq in H1. apply H1, eqR_Qeq. unfold Q2R at 2. cbn -[Q2R]. lra.
Qed.
Lemma cases l h k f a b : valid h f -> valid k f -> forallb plain [a; b] = true ->
  negb (is_rel Equal a) && negb (is_rel Equal b) && (is_rel Leq a || is_rel Leq b)
  && same (Add (diff a) (diff b)) (Int 0) = true ->
  below h (a :: l) = true -> below k (b :: l) = true -> valid l f.
Proof.
  intros V W S C B D e K H. ands. sames e (@nil R).
  assert (holds e [] a \/ holds e [] b) as [T|T].
  { destruct a as [[|] r x y], b as [[|] q z w]; try (cbn in S; rewrite ?andb_false_r in S; discriminate).
    unfold holds. cbn [spans holds_in relation left right]. rewrite !compared_0.
    unfold diff in *. cbn [relation left right] in *.
    set (u := eval e [] (gap r x y)) in *. set (v := eval e [] (gap q z w)) in *.
    destruct r, q; cbn in *; unfold is_rel in *; cbn in *; try discriminate; destruct (Rle_or_lt 0 u), (Rle_or_lt 0 v);
      cbn; auto; try lra. }
  - apply V; auto. apply (below_ok e [] h (a :: l)); auto.
  - apply W; auto. apply (below_ok e [] k (b :: l)); auto.
Qed.

Lemma at_other e s c h f g m : ok e -> Forall whole s -> valid h f -> fits c = true ->
  below (map (put c) h) m = true -> same_fm (put c f) g = true -> Forall (holds e s) m ->
  holds e s g.
Proof.
  intros K W V F B E H. apply (same_fm_ok e _ g s E), put_ok, V; [now apply changed_ok|].
  apply (below_ok e s _ m B) in H. rewrite Forall_map in H. rewrite Forall_forall in *.
  intros x I. now apply put_ok, H.
Qed.
Lemma instantiate l h f g c : valid h f -> fits c = true -> below (map (put c) h) l = true ->
  same_fm (put c f) g = true -> valid l g.
Proof. intros V F B E e K H. apply (at_other e [] c h f g l); auto. Qed.

Definition bound_wh x := Change [] [(x, Bd 0)] [] [].
Definition inner g := Fm (tl (spans g)) (relation g) (left g) (right g).
Definition from_to lo hi l :=
  Fm [] Leq (lift 1 0 lo) (Bd 0) :: Fm [] Leq (Bd 0) (lift 1 0 hi) :: map shut l.
Lemma from_to_ok e k lo hi l : eval e [] lo <= k -> k <= eval e [] hi -> Forall (holds e []) l ->
  Forall (holds e [k]) (from_to lo hi l).
Proof.
  intros A B H. constructor; [|constructor].
  - unfold holds. cbn [spans holds_in compared relation left right eval nth]. now rewrite lift_1.
  - unfold holds. cbn [spans holds_in compared relation left right eval nth]. now rewrite lift_1.
  - apply Forall_map. apply (Forall_impl _ (fun f => proj2 (shut_ok e k f)) H).
Qed.
Lemma generalise l h f g x : valid h f ->
  match spans g with
  | (lo, hi) :: _ => below (map (put (bound_wh x)) h) (from_to lo hi l)
  | [] => false end = true ->
  same_fm (put (bound_wh x) f) (inner g) = true -> valid l g.
Proof.
  intros V B E e K H. destruct g as [[|[lo hi] r] q a b]; [discriminate|]. intros k wk A D.
  change (holds e [k] (inner (Fm ((lo, hi) :: r) q a b))).
  apply (at_other e [k] (bound_wh x) h f _ (from_to lo hi l)); auto using from_to_ok.
Qed.
Lemma specialise l h f g v : valid h f -> integral v = true ->
  match spans f with
  | (lo, hi) :: _ => below (Fm [] Leq lo v :: Fm [] Leq v hi :: h) l
  | [] => false end = true ->
  same_fm (fill [v] (inner f)) g = true -> valid l g.
Proof.
  intros V I B E e K H. destruct f as [[|[lo hi] r] q a b]; [discriminate|].
  apply (below_ok e [] _ l B) in H. inversion H as [|? ? X Y]; subst. inversion Y; subst.
  apply (same_fm_ok e _ g [] E), fill_ok.
  apply (V e K H3 (eval e [] v)); auto. now apply integral_ok.
Qed.
Fixpoint summed (l m : list (tm * tm)) r a b q c d :=
  match l, m with
  | [(lo, hi)], [] => integral lo && integral hi && same (Su lo hi (gap r a b)) (gap q c d)
      && match r, q with Equal, Equal => true | Equal, _ => false | _, Leq => true | _, _ => false end
  | (x, y) :: l, (z, w) :: m => same x z && same y w && summed l m r a b q c d
  | _, _ => false
  end.
Lemma total_sum l f g : premises l [f] ->
  summed (spans f) (spans g) (relation f) (left f) (right f) (relation g) (left g) (right g) = true ->
  valid l g.
Proof.
  intros P C e K H. pose proof (premises_ok l _ e K P H) as T. inversion T; subst. clear T H3.
  destruct f as [l1 r a b], g as [l2 q c d]. unfold holds in *. cbn in *.
  assert (forall s, Forall whole s -> holds_in e s l1 r a b -> holds_in e s l2 q c d) as G; auto.
  clear P H H2. revert l2 C. induction l1 as [|[x y] l1 IH]; intros l2 C s W G; [discriminate|].
  destruct l2 as [|[z w] l2].
  - destruct l1; [|discriminate]. cbn in C. ands. change (compared q (eval e s c) (eval e s d)).
    apply compared_0.
    match goal with E : same (Su _ _ _) _ = true |- _ => rewrite <- (same_ok e s _ _ E) end.
    cbn in G |- *.
    assert (whole (eval e s x) /\ whole (eval e s y)) as [] by (split; apply integral_ok; auto).
    destruct r, q; cbn in *; try discriminate; (apply Sum_nonneg || apply Sum_null); auto;
      intros i wi A B; specialize (G i wi A B); lra.
  - cbn in C. destruct l1 as [|p l1]; [ands; discriminate|]. ands.
    sames e s. intros k wk A B. apply IH; auto. apply G; auto; congruence.
Qed.

(* Induction over whole numbers; the variable is not free in what is at hand. *)
Definition plus_1 t := Add t (Int 1).
Definition wh_is x t := Change [] [(x, t)] [] [].
Lemma changed_eq c d e s r : (forall x, wh (changed c e s) x = wh (changed d e r) x) ->
  (forall x, re (changed c e s) x = re (changed d e r) x) -> cReS c = [] -> cReS d = [] ->
  cWhS c = [] -> cWhS d = [] -> changed c e s = changed d e r.
Proof.
  intros A B C D E F. unfold changed in *. cbn in *. rewrite C, D, E, F. cbn.
  f_equal; apply functional_extensionality; auto.
Qed.
Lemma induction l h k f g claim lo hi x goal : valid h f -> valid k g ->
  integral lo && below h l = true ->
  same_fm f (put (wh_is x lo) claim) && same_fm g (put (wh_is x (plus_1 (Wh x))) claim) = true ->
  below (map (put (bound_wh x)) k) (put (bound_wh x) claim :: from_to lo (Sub hi (Int 1)) l) = true ->
  match spans goal with (a, b) :: _ => same a lo && same b hi | [] => false end
  && same_fm (put (bound_wh x) claim) (inner goal) = true -> valid l goal.
Proof.
  intros V W B C D E e K H. ands. destruct goal as [[|[a b] r] q c d]; [discriminate|]. ands.
  assert (whole (eval e [] lo)) as wlo by now apply integral_ok.
  assert (forall n, whole n -> eval e [] lo <= n -> n <= eval e [] hi ->
    holds e [n] (put (bound_wh x) claim)) as P.
  { intros n wn A A'. apply put_ok. revert n wn A A'.
    apply (whole_induction (fun n => holds (changed (bound_wh x) e [n]) [] claim)); auto.
    - assert (changed (bound_wh x) e [eval e [] lo] = changed (wh_is x lo) e []) as ->.
      { apply changed_eq; auto. intros y. cbn. now destruct (Nat.eqb y x). }
      apply put_ok, (same_fm_ok e f); auto. apply V; auto. now apply (below_ok e [] h l).
    - intros n wn A A' IH. set (e' := changed (bound_wh x) e [n]) in *.
      assert (ok e') as K' by (apply changed_ok; auto).
      assert (changed (bound_wh x) e [n + 1] = changed (wh_is x (plus_1 (Wh x))) e' []) as ->.
      { unfold changed at 1 2. f_equal; apply functional_extensionality; intros y; cbn.
        destruct (Nat.eqb_spec y x) as [->|]; cbn; [now rewrite Nat.eqb_refl|].
        now destruct (Nat.eqb_spec y x). }
      apply put_ok, (same_fm_ok e' g); auto. apply W; auto.
      assert (Forall (holds e [n]) (map (put (bound_wh x)) k)) as G.
      { apply (below_ok e [n] _ _ D). constructor; [now apply put_ok|]. apply from_to_ok; auto.
        cbn [eval]. lra. }
      rewrite Forall_map in G. apply (Forall_impl _ (fun f => proj1 (put_ok e _ [n] f)) G). }
  cbn [spans] in *. ands. sames e (@nil R). intros n wn A A'.
  change (holds e [n] (inner (Fm ((a, b) :: r) q c d))).
  apply (same_fm_ok e (put (bound_wh x) claim)); auto. apply P; auto; congruence.
Qed.

Lemma integer l f g : premises l [f] -> forallb plain [f; g] = true ->
  is_rel Less f && is_rel Leq g && integral (diff f)
  && same (diff g) (Sub (diff f) (Int 1)) = true -> valid l g.
Proof.
  intros P S C e K H. pose proof (premises_ok l _ e K P H) as T. inversion T; subst.
  destruct f as [[|] r a b], g as [[|] q c d]; try (cbn in S; rewrite ?andb_false_r in S; discriminate).
  unfold is_rel in C. ands. cbn [relation] in *. subst. apply compared_0 in H2. apply compared_0.
  assert (whole (eval e [] (diff (Fm [] Less a b)))) as I by (apply integral_ok; auto).
  unfold diff in *. cbn [relation left right gap] in *. sames e (@nil R).
  apply next_whole in H2; auto. cbn in *. lra.
Qed.
Lemma congruence l f g c d a b t : premises l [f] -> forallb plain [f; g] = true ->
  is_rel Equal f && is_rel Equal g && same (diff f) (Sub a b)
  && same (diff g) (Sub (sub c 0 t) (sub d 0 t)) = true ->
  (exists x, (c = Change [(x, a)] [] [] [] /\ d = Change [(x, b)] [] [] [])
    \/ (c = wh_is x a /\ d = wh_is x b)) -> valid l g.
Proof.
  intros P S C [x X] e K H. pose proof (premises_ok l _ e K P H) as T. inversion T; subst.
  destruct f as [[|] r i j], g as [[|] q k m]; try (cbn in S; rewrite ?andb_false_r in S; discriminate).
  unfold is_rel in C. ands. cbn [relation] in *. subst. apply (compared_0 Equal) in H2.
  apply (compared_0 Equal). unfold diff in *. cbn [relation left right] in *.
  assert (eval e [] a = eval e [] b) as E.
  { sames e (@nil R). cbn in *. lra. }
  assert (eval e [] (sub c 0 t) = eval e [] (sub d 0 t)) as G.
  { etransitivity; [apply (sub_ok c e [] t [])|]. etransitivity; [|symmetry; apply (sub_ok d e [] t [])].
    f_equal.
    destruct X as [[-> ->]|[-> ->]]; apply changed_eq; auto; intros y; cbn;
      destruct (Nat.eqb y x); auto. }
  sames e (@nil R). cbn in *. lra.
Qed.

(* What operations are, by number: what has to hold, and what then does. *)
Inductive law := L (needed : list fm) (said : fm).
Definition eq0 a := Fm [] Equal a (Int 0).
Definition le a b := Fm [] Leq a b.
Definition law_of o a (n : nat) : law :=
  let w := Op o a in
  match o, n with
  | Abs, O => L [] (le (Int 0) w) | Abs, _ => L [] (Fm [] Equal (Mul w w) (Mul a a))
  | Floor, O => L [] (le w a) | Floor, _ => L [] (Fm [] Less a (Add w (Int 1)))
  | Sqrt, O => L [le (Int 0) a] (le (Int 0) w)
  | Sqrt, _ => L [le (Int 0) a] (Fm [] Equal (Mul w w) a)
  | Inv, _ => L [Fm [] Less (Int 0) (Mul a a)] (Fm [] Equal (Mul a w) (Int 1))
  end.
Definition law_of2 o a b (n : nat) : law :=
  let w := Op2 o a b in
  match o, n with
  | Max, O => L [] (le a w) | Max, S O => L [] (le b w)
  | Min, O => L [] (le w a) | Min, S O => L [] (le w b)
  | _, _ => L [] (eq0 (Mul (Sub w a) (Sub w b)))
  end.
Definition true_law (w : law) := let (n, f) := w in forall e, Forall (holds e []) n -> holds e [] f.
Lemma law_ok o a n : true_law (law_of o a n).
Proof.
  destruct o, n; cbn; intros e H; cbn; try (inversion H as [|? ? X Y]; subst; cbn in X).
  - apply Rabs_pos.
  - unfold Rabs. destruct (Rcase_abs _); ring.
  - apply floor_below.
  - apply floor_above.
  - apply sqrt_pos.
  - now apply sqrt_sqrt.
  - unfold inv. apply Rinv_r. intros Z. rewrite Z in X. lra.
  - unfold inv. apply Rinv_r. intros Z. rewrite Z in X. lra.
Qed.
Lemma law_ok2 o a b n : true_law (law_of2 o a b n).
Proof.
  destruct o, n as [|[|n]]; cbn; intros e H; cbn; auto using Rmax_l, Rmax_r, Rmin_l, Rmin_r;
    unfold Rmax, Rmin; destruct (Rle_dec _ _); ring.
Qed.
Lemma definition l f w : true_law w -> (let (n, g) := w in below n l && same_fm g f) = true ->
  valid l f.
Proof.
  destruct w as [n g]. cbn. intros T C e K H. ands. apply (same_fm_ok e g f); auto.
  apply T. now apply (below_ok e [] n l).
Qed.

Lemma equation l f a b : same_fm (Fm [] Equal a b) f = true ->
  (forall e, ok e -> Forall (holds e []) l -> eval e [] a = eval e [] b) -> valid l f.
Proof. intros S T e K H. apply (same_fm_ok e _ f [] S). now apply T. Qed.
Lemma split_sum l f lo mid hi body : integral lo && integral mid && integral hi
    && below [Fm [] Leq lo (plus_1 mid); Fm [] Leq mid hi] l = true ->
  same_fm (Fm [] Equal (Su lo hi body) (Add (Su lo mid body) (Su (plus_1 mid) hi body))) f = true ->
  valid l f.
Proof.
  intros C E. apply (equation l f _ _ E). intros e K H. ands.
  apply (below_ok e [] _ l H1) in H. inversion H as [|? ? X Y]; subst. inversion Y; subst.
  cbn in *. apply Sum_split; auto; now apply integral_ok.
Qed.
Lemma single_sum l f at_ body : integral at_ = true ->
  same_fm (Fm [] Equal (Su at_ at_ body) (inst 0 [at_] body)) f = true -> valid l f.
Proof.
  intros C E. apply (equation l f _ _ E). intros e K H. cbn [eval].
  rewrite (Sum_single (eval e [] at_)) by now apply integral_ok.
  symmetry. apply (inst_ok e [] [at_] body []).
Qed.
Lemma shift_sum l f lo hi by_ body :
  same_fm (Fm [] Equal (Su lo hi body)
    (Su (Add lo by_) (Add hi by_) (inst 0 [Sub (Bd 0) (lift 1 0 by_)] body))) f = true -> valid l f.
Proof.
  intros E. apply (equation l f _ _ E). intros e K H. cbn [eval].
  rewrite (Sum_shift _ _ (eval e [] by_)). apply Sum_all. intros i.
  etransitivity; [|symmetry; apply (inst_ok e [i] [Sub (Bd 0) (lift 1 0 by_)] body [])].
  cbn [map app eval nth]. now rewrite lift_1.
Qed.
Lemma swap_sums l f a b c d body :
  same_fm (Fm [] Equal (Su a b (Su (lift 1 0 c) (lift 1 0 d) body))
    (Su c d (Su (lift 1 0 a) (lift 1 0 b) (inst 0 [Bd 1; Bd 0] body)))) f = true -> valid l f.
Proof.
  intros E. apply (equation l f _ _ E). intros e K H. cbn [eval]. rewrite Sum_all with
    (g := fun i => Sum (eval e [] c) (eval e [] d) (fun j => eval e [j; i] body)) by
    (intros i; now rewrite !lift_1).
  rewrite Sum_swap. apply Sum_all. intros j. rewrite !lift_1. apply Sum_all. intros i.
  symmetry. apply (inst_ok e [i; j] [Bd 1; Bd 0] body []).
Qed.

(* Numbers: a claim that fails at a point ---------------------------------------------------------- *)

Definition rows := list (Q * Q * Q).
Record point := Point { pRe : list Q; pWh : list Z; pReS : list rows; pWhS : list rows }.
Fixpoint look (l : rows) (x y : Q) : Q :=
  match l with
  | [] => 0%Q
  | (a, b, v) :: l => if Qeq_bool x a && Qeq_bool y b then v else look l x y
  end.
Fixpoint table (l : rows) (x y : R) : R :=
  match l with
  | [] => 0
  | (a, b, v) :: l => if Req_EM_T x (Q2R a) then if Req_EM_T y (Q2R b) then Q2R v else table l x y
      else table l x y
  end.
Definition at_point p := {| re x := Q2R (nth x (pRe p) 0%Q); wh x := IZR (nth x (pWh p) 0%Z);
  reS f := table (nth f (pReS p) []); whS f := table (nth f (pWhS p) []) |}.
Definition whole_q q := Pos.eqb (Qden (Qred q)) 1.
Definition whole_rows (l : rows) := forallb (fun r => whole_q (snd r)) l.
Lemma whole_q_ok q : whole_q q = true -> whole (Q2R q).
Proof.
  unfold whole_q. intros H. apply Pos.eqb_eq in H. rewrite <- (Qeq_eqR _ _ (Qred_correct q)).
  exists (Qnum (Qred q)). unfold Q2R. rewrite H. field.
Qed.
Lemma table_whole l x y : whole_rows l = true -> whole (table l x y).
Proof.
  induction l as [|[[a b] v] l IH]; cbn -[whole_q]; [intros; apply (whole_IZR 0)|].
  intros H. ands. repeat destruct (Req_EM_T _ _); auto using whole_q_ok.
Qed.
Lemma at_ok p : forallb whole_rows (pWhS p) = true -> ok (at_point p).
Proof.
  intros H. split; cbn; [intros; apply whole_IZR|]. intros f a b _ _. apply table_whole.
  revert f. induction (pWhS p) as [|r l IH]; intros [|f]; cbn; auto; cbn in H; ands; auto.
Qed.
Lemma look_ok l x y : table l (Q2R x) (Q2R y) = Q2R (look l x y).
Proof.
  assert (forall a b, (if Req_EM_T (Q2R a) (Q2R b) then true else false) = Qeq_bool a b) as E.
  { intros a b. destruct (Req_EM_T _ _) as [e|e], (Qeq_bool a b) eqn:F; auto.
    - apply eqR_Qeq, Qeq_bool_iff in e. congruence.
    - apply Qeq_bool_iff, Qeq_eqR in F. contradiction. }
  induction l as [|[[a b] v] l IH]; cbn; [unfold Q2R; cbn; lra|]. rewrite <- !E.
  destruct (Req_EM_T _ _); auto. destruct (Req_EM_T _ _); auto.
Qed.

Definition root_q (q : Q) : option Q := let r := Qred q in
  let n := Z.sqrt (Qnum r) in let d := Z.sqrt (Zpos (Qden r)) in let v := (n # Z.to_pos d)%Q in
  if Qle_bool 0 v && Qeq_bool (v * v) q then Some v else None.
Definition op_q o q : option Q := match o with
  | Abs => Some (Qabs q) | Floor => Some (inject_Z (Qfloor q)) | Sqrt => root_q q
  | Inv => if Qeq_bool q 0 then None else Some (/ q)%Q end.
Definition op2_q o a b : Q := match o with
  | Max => if Qle_bool a b then b else a | Min => if Qle_bool a b then a else b end.
Definition whole_of q : option Z :=
  let r := Qred q in if Pos.eqb (Qden r) 1 then Some (Qnum r) else None.
Definition both (f : Q -> Q -> Q) a b := match a, b with
  | Some x, Some y => Some (Qred (f x y)) | _, _ => None end.
Fixpoint added (f : Q -> option Q) n (k : Z) : option Q :=
  match n with O => Some 0%Q | S n => both Qplus (f (inject_Z k)) (added f n (k + 1)) end.
Definition count_q lo hi := Z.to_nat (hi - lo + 1).
Fixpoint value p (s : list Q) t : option Q :=
  match t with
  | Int z => Some (inject_Z z) | Frac z d => Some (z # d)
  | Re x => Some (nth x (pRe p) 0%Q) | Wh x => Some (inject_Z (nth x (pWh p) 0%Z))
  | Bd i => Some (nth i s 0%Q)
  | ReS f a b => both (look (nth f (pReS p) [])) (value p s a) (value p s b)
  | WhS f a b => both (look (nth f (pWhS p) [])) (value p s a) (value p s b)
  | Add a b => both Qplus (value p s a) (value p s b)
  | Sub a b => both Qminus (value p s a) (value p s b)
  | Mul a b => both Qmult (value p s a) (value p s b)
  | Opp a => both Qminus (Some 0%Q) (value p s a)
  | Pow a n => Nat.iter n (both Qmult (value p s a)) (Some 1%Q)
  | Op o a => match value p s a with Some q => op_q o q | None => None end
  | Op2 o a b => both (op2_q o) (value p s a) (value p s b)
  | Su lo hi b => match value p s lo, value p s hi with
      | Some x, Some y => match whole_of x, whole_of y with
          | Some k, Some m => added (fun i => value p (i :: s) b) (count_q k m) k
          | _, _ => None end
      | _, _ => None end
  end.
Lemma both_ok f (g : R -> R -> R) a b q x y : (forall x y, Q2R (f x y) = g (Q2R x) (Q2R y)) ->
  both f a b = Some q -> (forall q, a = Some q -> x = Q2R q) -> (forall q, b = Some q -> y = Q2R q) ->
  g x y = Q2R q.
Proof.
  intros E H A B. destruct a as [u|], b as [v|]; try discriminate. cbn in H. injection H as <-.
  rewrite Q2R_red, E, (A u), (B v); auto.
Qed.
Lemma whole_of_ok q z : whole_of q = Some z -> Q2R q = IZR z.
Proof.
  unfold whole_of. destruct (Pos.eqb_spec (Qden (Qred q)) 1) as [E|]; [|discriminate]. intros [= <-].
  rewrite <- (Qeq_eqR _ _ (Qred_correct q)). unfold Q2R. rewrite E. field.
Qed.
Lemma Q2R_Z z : Q2R (inject_Z z) = IZR z. Proof. unfold Q2R. cbn. field. Qed.
Lemma Qle_cases a b : if Qle_bool a b then Q2R a <= Q2R b else Q2R b < Q2R a.
Proof.
  destruct (Qle_bool a b) eqn:E; [now apply Qle_Rle, Qle_bool_iff|].
  destruct (Qlt_le_dec b a) as [G|G]; [now apply Qlt_Rlt|]. apply Qle_bool_iff in G. congruence.
Qed.
Lemma Q2R_0 : Q2R 0 = 0. Proof. unfold Q2R. cbn. lra. Qed.
Lemma op_q_ok o q v : op_q o q = Some v -> of_op o (Q2R q) = Q2R v.
Proof.
  destruct o; cbn [op_q of_op].
  - intros [= <-]. pose proof (Qle_cases 0 q) as H. rewrite Q2R_0 in H. unfold Rabs.
    destruct (Rcase_abs _) as [G|G].
    + rewrite (Qeq_eqR (Qabs q) (- q)); [now rewrite Q2R_opp|]. apply Qabs_neg, Qlt_le_weak.
      destruct (Qle_bool 0 q) eqn:E; [lra|]. apply Qnot_le_lt. rewrite <- Qle_bool_iff. congruence.
    + symmetry. apply Qeq_eqR, Qabs_pos. destruct (Qle_bool 0 q) eqn:E; [now apply Qle_bool_iff|lra].
  - intros [= <-]. rewrite Q2R_Z. unfold floor. f_equal. rewrite <- (tech_up _ (Qfloor q + 1)); [lia| |].
    + rewrite <- Q2R_Z. apply Qlt_Rlt, Qlt_floor.
    + rewrite plus_IZR, <- (Q2R_Z (Qfloor q)). apply Rplus_le_compat_r, Qle_Rle, Qfloor_le.
  - unfold root_q. cbv zeta. generalize (Z.sqrt (Qnum (Qred q)) # Z.to_pos (Z.sqrt (QDen (Qred q))))%Q.
    intros w. destruct (_ && _) eqn:E; [|discriminate].
    intros [= <-]. ands. apply Qeq_bool_eq, Qeq_eqR in H0. rewrite <- H0, Q2R_mult.
    apply sqrt_square. pose proof (Qle_cases 0 w) as G. rewrite H, Q2R_0 in G. exact G.
  - destruct (Qeq_bool q 0) eqn:E; [discriminate|]. intros [= <-].
    rewrite Q2R_inv; [reflexivity|]. now apply Qeq_bool_neq.
Qed.
Lemma value_ok p t : forall s q, value p s t = Some q ->
  eval (at_point p) (map Q2R s) t = Q2R q.
Proof.
  induction t; intros s q; cbn [value eval at_point re wh reS whS].
  - intros [= <-]. symmetry. apply Q2R_Z.
  - intros [= <-]. reflexivity.
  - now intros [= <-].
  - intros [= <-]. symmetry. apply Q2R_Z.
  - intros [= <-]. rewrite <- Q2R_0. apply map_nth.
  - intros H. refine (both_ok _ _ _ _ q _ _ _ H (IHt1 s) (IHt2 s)). intros. symmetry. apply look_ok.
  - intros H. refine (both_ok _ _ _ _ q _ _ _ H (IHt1 s) (IHt2 s)). intros. symmetry. apply look_ok.
  - intros H. refine (both_ok _ _ _ _ q _ _ Q2R_plus H (IHt1 s) (IHt2 s)).
  - intros H. refine (both_ok _ _ _ _ q _ _ Q2R_minus H (IHt1 s) (IHt2 s)).
  - intros H. refine (both_ok _ _ _ _ q _ _ Q2R_mult H (IHt1 s) (IHt2 s)).
  - intros H. rewrite <- (Rminus_0_l (eval _ _ t)).
    refine (both_ok _ _ _ _ q _ _ Q2R_minus H _ (IHt s)). intros u [= <-]. symmetry. apply Q2R_0.
  - revert q. induction n; cbn [Nat.iter nat_rect pow]; intros q H.
    + injection H as <-. symmetry. apply Q2R_1.
    + exact (both_ok _ _ _ _ q _ _ Q2R_mult H (IHt s) IHn).
  - destruct (value p s t) as [v|] eqn:E; [|discriminate]. intros H. rewrite (IHt s v E).
    now apply op_q_ok.
  - intros H. refine (both_ok _ _ _ _ q _ _ _ H (IHt1 s) (IHt2 s)). intros x y.
    pose proof (Qle_cases x y). destruct o; cbn; destruct (Qle_bool x y); unfold Rmax, Rmin;
      destruct (Rle_dec _ _); auto; lra.
  - destruct (value p s t1) as [x|] eqn:X; [|discriminate].
    destruct (value p s t2) as [y|] eqn:Y; [|discriminate].
    destruct (whole_of x) as [k|] eqn:K; [|discriminate].
    destruct (whole_of y) as [m|] eqn:M; [|discriminate].
    rewrite (IHt1 s x X), (IHt2 s y Y), (whole_of_ok x k K), (whole_of_ok y m M). unfold Sum.
    rewrite size_whole. unfold count_q. generalize (Z.to_nat (m - k + 1)) as n. intros n.
    clear X Y K M. revert k q. induction n as [|n IH]; intros k q; cbn [added terms].
    + intros [= <-]. symmetry. apply Q2R_0.
    + rewrite <- (plus_IZR k 1). intros H. refine (both_ok _ _ _ _ q _ _ Q2R_plus H _ (IH (k + 1)%Z)).
      intros v E. rewrite <- (IHt3 _ v E). cbn [map]. now rewrite Q2R_Z.
Qed.

(* Whether a statement holds at a point: yes, no, or not known. *)
Definition decided r a b : option bool := match a, b with
  | Some x, Some y => Some (match r with Leq => Qle_bool x y | Less => negb (Qle_bool y x)
      | Equal => Qeq_bool x y end)
  | _, _ => None end.
Fixpoint all_of (f : Q -> option bool) n (k : Z) : option bool :=
  match n with
  | O => Some true
  | S n => match f (inject_Z k), all_of f n (k + 1) with
      | Some a, Some b => Some (a && b) | _, _ => None end
  end.
Fixpoint decide p s (l : list (tm * tm)) r a b : option bool :=
  match l with
  | [] => decided r (value p s a) (value p s b)
  | (lo, hi) :: l => match value p s lo, value p s hi with
      | Some x, Some y => match whole_of x, whole_of y with
          | Some k, Some m => all_of (fun i => decide p (i :: s) l r a b) (count_q k m) k
          | _, _ => None end
      | _, _ => None end
  end.
Lemma all_of_ok f (P : Z -> Prop) : forall n k v,
  (forall z w, f (inject_Z z) = Some w -> (w = true <-> P z)) -> all_of f n k = Some v ->
  (v = true <-> forall z, (k <= z < k + Z.of_nat n)%Z -> P z).
Proof.
  induction n as [|n IH]; intros k v H; cbn [all_of].
  - intros [= <-]. split; auto. intros _ z B. lia.
  - destruct (f (inject_Z k)) as [a|] eqn:A; [|discriminate].
    destruct (all_of f n (k + 1)) as [b|] eqn:B; [|discriminate]. intros [= <-].
    rewrite andb_true_iff, (H k a A), (IH (k + 1)%Z b H B). split.
    + intros [T G] z Z. destruct (Z.eq_dec z k) as [->|]; auto. apply G. lia.
    + intros G. split; [apply G; lia|]. intros z Z. apply G. lia.
Qed.
Lemma decide_ok p l r a b : forall s v, decide p s l r a b = Some v ->
  (v = true <-> holds_in (at_point p) (map Q2R s) l r a b).
Proof.
  induction l as [|[lo hi] l IH]; intros s v; cbn [decide holds_in].
  - unfold decided. destruct (value p s a) as [x|] eqn:X; [|discriminate].
    destruct (value p s b) as [y|] eqn:Y; [|discriminate].
    rewrite (value_ok p a s x X), (value_ok p b s y Y). intros [= <-]. destruct r; cbn [compared].
    + pose proof (Qle_cases x y). destruct (Qle_bool x y); split; auto; try discriminate; lra.
    + pose proof (Qle_cases y x). destruct (Qle_bool y x); cbn; split; auto; try discriminate; lra.
    + rewrite Qeq_bool_iff. split; [apply Qeq_eqR | apply eqR_Qeq].
  - destruct (value p s lo) as [x|] eqn:X; [|discriminate].
    destruct (value p s hi) as [y|] eqn:Y; [|discriminate].
    destruct (whole_of x) as [k|] eqn:K; [|discriminate].
    destruct (whole_of y) as [m|] eqn:M; [|discriminate]. intros H.
    rewrite (value_ok p lo s x X), (value_ok p hi s y Y), (whole_of_ok x k K), (whole_of_ok y m M).
    assert (forall z w, decide p (inject_Z z :: s) l r a b = Some w ->
      (w = true <-> holds_in (at_point p) (IZR z :: map Q2R s) l r a b)) as D by
      (intros z w E; rewrite <- Q2R_Z; exact (IH (inject_Z z :: s) w E)).
    rewrite (all_of_ok (fun i => decide p (i :: s) l r a b) _ _ _ _ D H).
    split.
    + intros G i [z ->] A B. apply le_IZR in A, B. apply G. unfold count_q. lia.
    + intros G z Z. unfold count_q in Z. apply G; [now exists z| |]; apply IZR_le; lia.
Qed.
Definition fails p l f := forallb whole_rows (pWhS p)
  && forallb (fun g => match decide p [] (spans g) (relation g) (left g) (right g) with
       Some true => true | _ => false end) l
  && match decide p [] (spans f) (relation f) (left f) (right f) with
       Some false => true | _ => false end.
Lemma refuted p l f : fails p l f = true -> ~ valid l f.
Proof.
  unfold fails. intros H V. ands. pose proof (V _ (at_ok p H)) as W.
  destruct (decide p [] (spans f) _ _ _) as [[]|] eqn:F; try discriminate.
  apply decide_ok in F. cbn in F. assert (false = true) as N; [|discriminate]. apply F, W.
  apply Forall_forall. intros g I. rewrite forallb_forall in H1. specialize (H1 g I).
  destruct (decide p [] (spans g) _ _ _) as [[]|] eqn:G; try discriminate.
  apply decide_ok in G. now apply G.
Qed.
(* The same where terms are put for the symbols, and numbers for what these are made of. *)
Definition contrary f g := plain f && plain g && match relation f, relation g with
  | Leq, Less | Less, Leq => same (Add (diff f) (diff g)) (Int 0) | _, _ => false end.
Lemma refuted_by p w c l m f g : fits c && fails p w (Fm [] Less (Int 0) (Int 0)) = true ->
  premises w m -> below (map (put c) l) m = true -> premises w [g] -> contrary (put c f) g = true -> ~ valid l f.
Proof.
  intros S P B Q C V. unfold fails in S. ands. clear H1.
  assert (Forall (holds (at_point p) []) w) as W.
  { apply Forall_forall. intros h I. rewrite forallb_forall in H2. specialize (H2 h I).
    destruct (decide p [] (spans h) _ _ _) as [[]|] eqn:G; try discriminate.
    apply decide_ok in G. now apply G. }
  pose proof (at_ok p H0) as K. assert (Forall (holds (at_point p) []) m) as A by exact (premises_ok w m _ K P W).
  apply (below_ok (at_point p) [] (map (put c) l) m B) in A.
  apply (premises_ok w _ _ K Q) in W. inversion W as [|? ? D _]; subst. rewrite Forall_map in A.
  assert (holds (at_point p) [] (put c f)) as T.
  { apply put_ok, V; [now apply changed_ok|].
    apply (Forall_impl _ (fun h => proj1 (put_ok (at_point p) c [] h)) A). }
  unfold contrary in C. ands. destruct (put c f) as [[|] r a b], g as [[|] q x y]; try discriminate.
  apply compared_0 in T, D. unfold diff in *. cbn [relation left right] in *.
  destruct r, q; try discriminate; sames (at_point p) (@nil R); cbn in *; lra.
Qed.

(* From steps to statements ------------------------------------------------------------------------ *)

Definition symbols x n f k : env := {| re i := nth i x 0; wh i := nth i n 0;
  reS i := nth i f (fun _ _ => 0); whS i := nth i k (fun _ _ => 0) |}.
Lemma symbols_ok x n f k : Forall whole n ->
  Forall (fun g => forall a b, whole a -> whole b -> whole (g a b)) k -> ok (symbols x n f k).
Proof.
  intros N K. split; cbn; [intros; now apply whole_nth|]. intros i.
  revert i. induction K; intros [|i]; cbn; auto using (whole_IZR 0).
Qed.
Fixpoint arrows e l (P : Prop) : Prop :=
  match l with [] => P | f :: l => holds e [] f -> arrows e l P end.
Lemma arrows_ok e l P : arrows e l P <-> (Forall (holds e []) l -> P).
Proof.
  induction l as [|f l IH]; cbn.
  { split; [intros H _; exact H | intros H; apply H; constructor]. }
  rewrite IH. split.
  - intros H G. inversion G; subst. auto.
  - intros H A G. auto.
Qed.
Lemma stated l f e : valid l f -> ok e -> arrows e l (holds e [] f).
Proof. intros V K. apply arrows_ok. now apply V. Qed.
Lemma unstated l f : (forall e, ok e -> arrows e l (holds e [] f)) -> valid l f.
Proof. intros H e K. now apply arrows_ok, H. Qed.
(* A comparison by the computer of the kernel of Coq. *)
Ltac yes := vm_cast_no_check (eq_refl true).
Ltac from p := refine (also _ _ _ _ p _ _); [yes|].
Ltac wholes := repeat (apply Forall_cons; [first [assumption | exact (whole_IZR 0) 
  | intros; solve [auto] | intros; exact (whole_IZR 0)]|]); apply Forall_nil.
Arguments stated {l f e}.
Arguments unstated {l f}.
Arguments assume f : clear implicits.
Arguments weaken {l h f}.
Arguments cut {l h k f g}.
Arguments cases {l h k f} a b.
Arguments instantiate {l h f g} c.
Arguments generalise {l h f g} x.
Arguments specialise {l h f g} v.
Arguments induction {l h k f g} claim lo hi x {goal}.
Arguments certify {l} fs {f} ps ms.
Arguments antisymmetry {l} f g {h}.
Arguments absurd {l} f {g}.
Arguments total_sum {l} f {g}.
Arguments integer {l} f {g}.
Arguments congruence {l} f {g} c d a b t.
Arguments definition {l f} w.
Arguments split_sum {l f} lo mid hi body.
Arguments single_sum {l f} at_ body.
Arguments shift_sum {l f} lo hi by_ body.
Arguments swap_sums {l f} a b c d body.
