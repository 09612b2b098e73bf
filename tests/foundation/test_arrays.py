"""Owned arrays: nothing but finite real numbers gets in, and nothing can be changed or leaks."""

import copy
import pickle
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, strategies as st

from adlopt.errors import InputError
from adlopt.foundation.arrays import LARGEST_USD, SMALLEST_USD, FloatArray, Record, own, own_number

USD = st.floats(-LARGEST_USD, LARGEST_USD).filter(lambda x: x == 0 or abs(x) >= SMALLEST_USD)
NOT_NUMBERS = {
    "a word": "abc",
    "words": ["1", "2"],
    "a number among words": [1.0, "2"],
    "array of words": np.array(["1", "2"]),
    "bytes": b"12",
    "booleans": [True, False],
    "array of booleans": np.array([True]),
    "complex": [1 + 2j],
    "complex array without imaginary part": np.array([1 + 0j]),
    "dates": np.array(["2025-10-10"], dtype="datetime64[D]"),
    "durations": np.array([1], dtype="timedelta64[s]"),
    "records": np.array([(1, 2)], dtype=[("a", int), ("b", int)]),
    "ragged": [[1.0], [1.0, 2.0]],
    "None": None,
    "mapping": {"a": 1.0},
    "generator": (x for x in (1.0, 2.0)),
}
WRONG_SHAPE = {
    "0-d": 3.0,
    "0-d array": np.array(3.0),
    "one row": [[1.0, 2.0]],
    "one column": np.ones((2, 1)),
}
BAD_PLACE = {
    "NaN": (float("nan"), "nan"),
    "infinite": (float("inf"), "inf"),
    "minus infinite": (float("-inf"), "-inf"),
    "too large": (1e16, "1e+16"),
    "too small": (-1e16, "-1e+16"),
    "huge integer": (10**400, "1000"),
    "integer beyond 64 bits": (10**20, "1e+20"),
    "None": (None, "None"),
    "an object": ({}, "{}"),
    "signalling NaN": (Decimal("sNaN"), "Decimal"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Box(Record):
    values: FloatArray
    more: MappingProxyType

    def __post_init__(self):
        object.__setattr__(self, "values", own(self.values, "values"))
        more = {name: own(values, name) for name, values in self.more.items()}
        object.__setattr__(self, "more", MappingProxyType(more))


def assert_locked(values):
    assert not values.flags.writeable
    assert not values.flags.owndata
    assert isinstance(values.base, bytes)
    for unlock in (lambda: values.setflags(write=True), lambda: values.__setitem__(0, 1.0)):
        with pytest.raises(ValueError, match=r"WRITEABLE|read-only"):
            unlock()


@given(st.lists(USD, min_size=1))
def test_numbers_are_kept_bit_for_bit_and_locked(values):
    owned = own(values, "x")
    assert owned.dtype == np.float64
    assert owned.tolist() == values
    assert_locked(owned)


@pytest.mark.parametrize("zero", [-0.0, np.float64(-0.0), np.float32(-0.0)])
def test_minus_zero_is_zero(zero):
    assert not np.signbit(own([zero], "x")).any()
    assert not np.signbit(own_number(zero, "x"))


@pytest.mark.parametrize("edge", [LARGEST_USD, -LARGEST_USD, SMALLEST_USD])
def test_the_edges_are_inside(edge):
    assert own([edge], "x").tolist() == [edge]
    assert own_number(edge, "x") == edge


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2], dtype=np.int8),
        np.array([1, 2], dtype=np.uint64),
        np.array([1, 2], dtype=np.float32),
        np.array([1.0, 2.0], dtype=">f8"),
        np.array([1, 2.0], dtype=object),
        [Decimal(1), Fraction(2)],
        (1, 2.0),
        range(1, 3),
        np.ma.masked_array([1.0, 2.0], mask=[False, False]),
    ],
)
def test_whatever_holds_real_numbers_is_accepted(values):
    assert own(values, "x").tolist() == [1.0, 2.0]


def test_a_view_does_not_leak_the_array_behind_it():
    table = np.arange(12.0).reshape(3, 4)
    owned = own(table[1], "x")
    table[:] = -1
    assert owned.tolist() == [4.0, 5.0, 6.0, 7.0]
    assert len(owned.base) == owned.nbytes


def test_an_owned_array_is_copied_when_owned_again():
    first = own([1.0, 2.0], "x")
    second = own(first[1:], "x")
    assert len(second.base) == 8


@pytest.mark.parametrize("values", NOT_NUMBERS.values(), ids=NOT_NUMBERS)
def test_what_is_not_numbers_is_refused(values):
    with pytest.raises(InputError, match=r"^capacity is .*: expected a list of numbers"):
        own(values, "capacity")


@pytest.mark.parametrize("values", WRONG_SHAPE.values(), ids=WRONG_SHAPE)
def test_other_shapes_are_refused(values):
    with pytest.raises(InputError, match=r"^capacity is 'shape \(.*expected one dimension"):
        own(values, "capacity")


@pytest.mark.parametrize(("value", "shown"), BAD_PLACE.values(), ids=BAD_PLACE)
def test_the_error_names_field_index_and_value(value, shown):
    with pytest.raises(InputError) as caught:
        own([1.0, value, 2.0, value], "capacity")
    assert caught.value.field == "capacity"
    assert caught.value.index == 1
    assert str(caught.value).startswith(f"capacity[1] is {shown}")


@pytest.mark.parametrize("value", [True, np.True_])
@pytest.mark.parametrize("column", [partial(np.array, dtype=object), list, tuple])
def test_a_boolean_is_not_taken_for_one_dollar(value, column):
    with pytest.raises(InputError, match=r"capacity\[1\] is .*True"):
        own(column([1.0, value]), "capacity")


@pytest.mark.parametrize("speck", [1e-101, -5e-324])
def test_specks_are_zero(speck):
    assert own([speck], "x").tobytes() == bytes(8)


def test_masked_values_do_not_slip_in():
    masked = np.ma.masked_array([1.0, 2.0], mask=[False, True])
    with pytest.raises(InputError, match="masked"):
        own(masked, "capacity")


@pytest.mark.parametrize("length", [0, 1, 3])
def test_the_length_must_fit(length):
    with pytest.raises(InputError, match=rf"capacity is '2 values': expected {length},"):
        own([1.0, 2.0], "capacity", length=length)


def test_advice_is_given_for_low_values_only():
    def message(value):
        with pytest.raises(InputError) as caught:
            own([value], "capacity", lowest=0.0, remedy="use max(PNL, 0)")
        return str(caught.value)

    assert message(-1.0) == (
        "capacity[0] is -1.0: expected a finite number ≥ 0 and ≤ 1e+15; use max(PNL, 0)"
    )
    assert "PNL" not in message(float("nan"))
    assert "PNL" not in message(float("-inf"))
    assert "PNL" not in message(1e16)


@pytest.mark.parametrize(
    "value",
    [
        *(True, np.True_, None, "1", b"1", 1j, [1.0], np.array(1.0), Decimal(1)),
        *(float("nan"), float("inf"), -1e-300, -1, 1e16, 10**400, -(10**400), 10**5000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_one_number_is_checked_alike(value):
    with pytest.raises(InputError, match=r"^deficit is .*: expected a (finite )?number"):
        own_number(value, "deficit", lowest=0.0)


@pytest.mark.parametrize("value", [3, np.int8(3), np.float32(3), np.uint64(3)])
def test_one_number_becomes_a_plain_float(value):
    assert type(own_number(value, "deficit")) is float


@pytest.mark.parametrize(
    "clone",
    [copy.copy, copy.deepcopy, lambda box: pickle.loads(pickle.dumps(box)), replace],
    ids=["copy", "deepcopy", "pickle", "replace"],
)
def test_copies_of_records_are_equal_and_locked(clone):
    box = Box(values=[1.0, 0.1], more={"x": [1 / 3]})
    other = clone(box)
    assert other is not box
    assert other.values.tobytes() == box.values.tobytes()
    assert other.more["x"].tobytes() == box.more["x"].tobytes()
    for values in (other.values, other.more["x"]):
        assert_locked(values)
    with pytest.raises(TypeError):
        other.more["x"] = [1.0]


def test_a_tampered_record_is_checked_again_when_unpickled():
    box = Box(values=[1.0], more={})
    object.__setattr__(box, "values", np.array([np.nan]))
    tampered = pickle.dumps(box)
    with pytest.raises(InputError, match="nan"):
        pickle.loads(tampered)


def test_errors_survive_pickling():
    error = InputError("capacity", -3.0, "a number ≥ 0", index=2, remedy="mend it")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert (again.field, again.value, again.index) == ("capacity", -3.0, 2)


def test_long_values_are_cut_in_messages():
    assert len(str(InputError("capacity", "x" * 10_000, "less"))) < 120
