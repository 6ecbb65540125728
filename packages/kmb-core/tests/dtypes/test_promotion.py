"""The oracle is JAX's own promotion, run here; the rest is written out by hand from the lattice."""

import itertools

import pytest

from kmb_core import dtypes
from kmb_core.dtypes import result_type
from kmb_core.errors import DTypeError

STRONG = [n for n in dtypes.NAMES if n not in ("string", *dtypes.FLOAT8_NAMES)]
WEAK = [bool, int, float, complex]
NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}


@pytest.fixture
def floatx():
    yield dtypes.set_floatx
    dtypes.set_floatx("float32")


def jax_promotes(*names):
    jax = pytest.importorskip("jax")
    values = [jax.numpy.zeros((), name) if isinstance(name, str) else name(0) for name in names]
    return str(jax.numpy.result_type(*values))


def test_every_pair_promotes_as_in_jax():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        for pair in itertools.product(STRONG, repeat=2):
            wide = jax_promotes(*pair)
            if {"uint64"} & set(pair) and wide.startswith("float"):
                wide = next((n for n in pair if n.startswith(("float", "bfloat"))), "float64")
            assert result_type(*pair) == NARROW.get(wide, wide), pair


def test_a_python_scalar_does_not_widen_a_tensor_as_in_jax():
    pytest.importorskip("jax")
    for name, weak in itertools.product([n for n in STRONG if n not in NARROW], WEAK[1:]):
        if name == "bool" and weak is int:
            continue  # a lone weak integer: written out below
        assert result_type(name, weak) == result_type(weak, name) == jax_promotes(name, weak), (name, weak)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), "float32"),
        ((None,), "float32"),
        ((int,), "int32"),
        ((float,), "float32"),
        ((bool,), "bool"),
        ((complex,), "complex64"),
        (("bool", int), "int32"),
        (("int64",), "int32"),
        (("float64",), "float32"),
        (("float64", "float64"), "float32"),
        (("uint64", "uint64"), "uint32"),
        (("int8", "uint8"), "int16"),
        (("int8", "uint32"), "int32"),
        (("int32", "uint64"), "float32"),
        (("float16", "bfloat16"), "float32"),
        (("int32", "float16"), "float16"),
        (("bfloat16", float), "bfloat16"),
        (("int8", float), "float32"),
        (("float16", complex), "complex64"),
        (("uint8", "int8", "float16"), "float16"),
        (("string", "string"), "string"),
        (("float8_e5m2",), "float8_e5m2"),
    ],
)
def test_these_promote_as_worked_out_by_hand(given, expected):
    assert result_type(*given) == expected


def test_neither_order_nor_grouping_matters():
    for a, b, c in itertools.combinations([*STRONG, *WEAK], 3):
        results = {result_type(*order) for order in itertools.permutations((a, b, c))}
        assert len(results) == 1, (a, b, c)


def test_a_weak_float_takes_the_default_dtype(floatx):
    floatx("bfloat16")
    assert result_type("int32", float) == result_type(float) == "bfloat16"
    assert result_type("float16", float) == "float16"


def test_64_bits_stay_where_the_default_has_64_bits(floatx):
    floatx("float64")
    assert result_type("float64", "float32") == result_type("int32", float) == "float64"
    assert result_type("float32", float) == "float32"
    assert result_type("int64", "int32") == "int64"
    assert result_type(complex) == "complex128"


@pytest.mark.parametrize("pair", [("string", "int32"), ("float8_e4m3fn", "float32"), ("float8_e4m3fn", "float8_e5m2")])
def test_what_has_no_common_dtype_is_refused(pair):
    with pytest.raises(DTypeError, match="common dtype"):
        result_type(*pair)


def test_an_unhashable_argument_is_refused_as_a_dtype():
    with pytest.raises(DTypeError, match="Unknown dtype"):
        result_type("int8", ["int8"])
