(* What the exported proofs rest on: whole numbers among the reals, floors, finite sums over whole
   numbers, induction, and how a certificate and a change of form close a step. Every lemma is
   proved; nothing is assumed but the axioms of Coq's real numbers. *)

From Coq Require Export Reals Lra List.
Export ListNotations.
From Coq Require Import ZArith Lia.
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

Lemma inv_is x v : x * v = 1 -> inv x = v.
Proof.
  intros H. unfold inv. assert (x <> 0) by (intros ->; lra). apply (Rmult_eq_reg_l x); [|exact H0].
  rewrite H. now apply Rinv_r.
Qed.

Ltac is_whole := repeat first
  [ assumption | apply whole_IZR | apply whole_plus | apply whole_minus | apply whole_mult
  | apply whole_opp | apply whole_floor | apply whole_abs | apply whole_max | apply whole_min
  | apply whole_Sum; [| | intros ] | match goal with H : forall _, _ |- _ => apply H end ].

(* Numbers --------------------------------------------------------------------------------------- *)

Fixpoint table (rows : list (R * R)) (x : R) : R :=
  match rows with nil => 0 | (a, b) :: rest => if Req_EM_T x a then b else table rest x end.
Fixpoint table_2 (rows : list (R * R * R)) (x y : R) : R :=
  match rows with
  | nil => 0
  | (a, b, c) :: rest =>
    if Req_EM_T x a then if Req_EM_T y b then c else table_2 rest x y else table_2 rest x y
  end.
Ltac look_up f := unfold f; cbn [table table_2]; repeat match goal with
  | |- context [Req_EM_T ?a ?b] =>
    let H := fresh in destruct (Req_EM_T a b) as [H|H]; [try lra | try (exfalso; apply H; lra)]
  end; lra.
Ltac whole_table f := unfold f; cbn [table table_2]; repeat match goal with
  | |- context [Req_EM_T ?a ?b] => destruct (Req_EM_T a b) end; is_whole.

Lemma whole_next k a b : whole k -> whole a -> a <= k -> a + 1 = b -> k = a \/ b <= k.
Proof.
  intros [x ->] [y ->] H <-. rewrite <- plus_IZR. apply le_IZR in H.
  destruct (Z.eq_dec x y) as [->|Hne]; [now left|]. right. apply IZR_le. lia.
Qed.
Lemma floor_is x v : whole v -> v <= x -> x < v + 1 -> floor x = v.
Proof.
  intros [z ->] H G. unfold floor. f_equal. rewrite <- (tech_up x (z + 1)); [lia| |];
    rewrite plus_IZR; lra.
Qed.
Lemma sqrt_is x v : 0 <= v -> v * v = x -> sqrt x = v.
Proof. intros H <-. now apply sqrt_square. Qed.
Lemma Sum_empty a b f : whole a -> whole b -> b + 1 <= a -> Sum a b f = 0.
Proof.
  intros [x ->] [y ->] H. rewrite <- plus_IZR in H. apply le_IZR in H. unfold Sum.
  rewrite size_whole. now replace (Z.to_nat (y - x + 1)) with 0%nat by lia.
Qed.
Lemma Sum_first a b c f : whole a -> whole b -> a <= b -> a + 1 = c ->
  Sum a b f = f a + Sum c b f.
Proof.
  intros wa wb H <-. rewrite (Sum_split a a b); auto; [|lra]. now rewrite Sum_single.
Qed.

(* Steps ----------------------------------------------------------------------------------------- *)

(* Two polynomials of the same parts are equal. *)
Ltac identity := first [ reflexivity | ring | field | lra ].

(* The same form, part by part; parts that differ are equal by a hypothesis. *)
Ltac parts := match goal with
  | |- ?a = ?a => reflexivity
  | H : ?a = ?b |- ?a = ?b => exact H
  | |- Rplus _ _ = Rplus _ _ => apply f_equal2; parts
  | |- Rmult _ _ = Rmult _ _ => apply f_equal2; parts
  | |- Rminus _ _ = Rminus _ _ => apply f_equal2; parts
  | |- Ropp _ = Ropp _ => apply f_equal; parts
  | |- pow _ _ = pow _ _ => apply f_equal2; parts
  end.

Ltac linear := first
  [ rewrite Sum_plus; apply f_equal2; linear | rewrite Sum_scale; apply f_equal; linear
  | rewrite Sum_zero; reflexivity | reflexivity ].

Lemma le_form l r l' r' : l - r = l' - r' -> r <= l -> r' <= l'.  Proof. lra. Qed.
Lemma lt_form l r l' r' : l - r = l' - r' -> r < l -> r' < l'.  Proof. lra. Qed.
Lemma eq_form l r l' r' : l - r = l' - r' -> l = r -> l' = r'.  Proof. lra. Qed.

Lemma by_ge l r s : 0 <= s -> l - r = s -> r <= l.  Proof. lra. Qed.
Lemma by_gt l r s : 0 < s -> l - r = s -> r < l.  Proof. lra. Qed.
Lemma by_eq l r s : s = 0 -> l - r = s -> l = r.  Proof. lra. Qed.
Lemma ge_0 l r : r <= l -> 0 <= l - r.  Proof. lra. Qed.
Lemma gt_0 l r : r < l -> 0 < l - r.  Proof. lra. Qed.
Lemma eq_0 l r f : l = r -> f * (l - r) = 0.  Proof. intros ->. ring. Qed.
Lemma sum_0 a b : a = 0 -> b = 0 -> a + b = 0.  Proof. lra. Qed.
Lemma ge_plus_0 a b : 0 <= a -> b = 0 -> 0 <= a + b.  Proof. lra. Qed.
Lemma gt_plus_0 a b : 0 < a -> b = 0 -> 0 < a + b.  Proof. lra. Qed.
Lemma square_0 x : 0 <= x * x.  Proof. exact (Rle_0_sqr x). Qed.

Lemma abs_0 x : 0 <= Rabs x.  Proof. apply Rabs_pos. Qed.
Lemma abs_square x : Rabs x * Rabs x = x * x.
Proof. unfold Rabs. destruct (Rcase_abs x); ring. Qed.
Lemma max_left a b : a <= Rmax a b.  Proof. apply Rmax_l. Qed.
Lemma max_either a b : (Rmax a b - a) * (Rmax a b - b) = 0.
Proof. unfold Rmax. destruct (Rle_dec a b); ring. Qed.
Lemma min_either a b : (Rmin a b - a) * (Rmin a b - b) = 0.
Proof. unfold Rmin. destruct (Rle_dec a b); ring. Qed.
Lemma inv_times a : 0 < a * a -> a * inv a = 1.
Proof. intros H. unfold inv. apply Rinv_r. intros ->. lra. Qed.

Lemma law_abs_0 a : 0 <= Rabs a.  Proof. apply Rabs_pos. Qed.
Lemma law_abs_1 a : Rabs a * Rabs a = a * a.  Proof. apply abs_square. Qed.
Lemma law_max_0 a b : a <= Rmax a b.  Proof. apply Rmax_l. Qed.
Lemma law_max_1 a b : b <= Rmax a b.  Proof. apply Rmax_r. Qed.
Lemma law_max_2 a b : (Rmax a b - a) * (Rmax a b - b) = 0.  Proof. apply max_either. Qed.
Lemma law_min_0 a b : Rmin a b <= a.  Proof. apply Rmin_l. Qed.
Lemma law_min_1 a b : Rmin a b <= b.  Proof. apply Rmin_r. Qed.
Lemma law_min_2 a b : (Rmin a b - a) * (Rmin a b - b) = 0.  Proof. apply min_either. Qed.
Lemma law_floor_0 a : floor a <= a.  Proof. apply floor_below. Qed.
Lemma law_floor_1 a : a < floor a + 1.  Proof. apply floor_above. Qed.
Lemma law_sqrt_0 a : 0 <= a -> 0 <= sqrt a.  Proof. intros _. apply sqrt_pos. Qed.
Lemma law_sqrt_1 a : 0 <= a -> sqrt a * sqrt a = a.  Proof. apply sqrt_sqrt. Qed.
Lemma law_inverse_0 a : 0 < a * a -> a * inv a = 1.  Proof. apply inv_times. Qed.

(* A total of nonnegative numbers, a positive one among them where it must be, and of zeros. *)
Ltac total := match goal with
  | H : ?a = 0 |- ?a = 0 => exact H
  | |- ?a + ?b = 0 => apply sum_0; total
  | H : 0 <= ?a |- 0 <= ?a => exact H
  | H : 0 < ?a |- 0 <= ?a => exact (Rlt_le _ _ H)
  | H : ?a = 0 |- 0 <= ?a => exact (Req_le_sym _ _ H)
  | |- 0 <= ?a + ?b => apply Rplus_le_le_0_compat; total
  | H : 0 < ?a |- 0 < ?a => exact H
  | H : 0 < ?b |- 0 < ?a + ?b => apply Rplus_le_lt_0_compat; [total | exact H]
  | |- 0 < ?a + ?b => apply Rplus_lt_le_0_compat; total
  | |- _ => lra
  end.

Ltac same_args := first [ reflexivity | assumption | f_equal; first [reflexivity | assumption] ].
Ltac rewrite_to a := match goal with E : a = _ |- _ => rewrite E in * end.
Ltac by_law p := first [ exact p | lra | (match type of p with ?A -> _ =>
  assert A as n by lra; specialize (p n) end; lra) ].
Ltac same_args_of_opposite :=
  repeat match goal with E : ?a = _ |- Rabs ?a = _ => rewrite E end;
  rewrite <- Rabs_Ropp; f_equal; identity.
