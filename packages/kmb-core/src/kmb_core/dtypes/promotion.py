"""Dtype promotion: one lattice for all backends.

The lattice is JAX's (JEP 9407, "Design of Type Promotion Semantics for JAX"): `bool`, `int`, `float` and `complex`
are *weak* nodes, standing for Python scalars, that lie below every sized dtype of their kind. The result of
several dtypes is their join, so it depends neither on order nor on grouping.

64-bit results appear only while `floatx` is "float64"; otherwise they become their 32-bit sibling, on every
backend. That is what Keras does on NumPy, JAX and torch, except that Keras narrows float64 even where the user
has made it the default. A weak result becomes int32, `floatx`, or the complex dtype of `floatx`.
"""

from functools import cache, lru_cache, reduce

from kmb_core.dtypes import default
from kmb_core.dtypes.names import FLOAT8_NAMES, standardize_dtype
from kmb_core.errors import DTypeError, message

WEAK_TYPES = {bool: "bool", int: "int", float: "float", complex: "complex"}

# Each node with the nodes directly above it.
_ABOVE: dict[str, tuple[str, ...]] = {
    "bool": ("int",),
    "int": ("int8", "uint8"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("float16", "bfloat16", "complex"),
    "float16": ("float32",),
    "bfloat16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex": ("complex64",),
    "complex64": ("complex128",),
    "complex128": (),
}
_NARROWED = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}


def result_type(*dtypes: object) -> str:
    """Return the dtype that values of these dtypes are computed in together.

    Args:
        *dtypes: dtypes as `standardize_dtype` takes them; the Python types `bool`, `int`, `float` and `complex`
            stand for Python scalars, which do not widen a tensor of their own kind.

    Returns:
        A canonical name; `floatx` where there is no argument.

    Raises:
        DTypeError: where a dtype is unknown or, like "string" and the float8 dtypes, joins with no other.

    Example:
        >>> result_type("int8", "uint8"), result_type("bfloat16", float), result_type("int64", float)
        ('int16', 'bfloat16', 'float32')
    """
    try:
        return _result_type(dtypes, default.floatx())
    except TypeError as error:  # an unhashable argument, or our own error
        if isinstance(error, DTypeError):
            raise
        return _result_type(tuple(standardize_dtype(dtype) for dtype in dtypes), default.floatx())


@lru_cache(maxsize=4096)
def _result_type(dtypes: tuple[object, ...], floatx: str) -> str:
    if not dtypes:
        return floatx
    nodes = [_node(dtype) for dtype in dtypes]
    return _concrete(reduce(_join, nodes), floatx)


def _node(dtype: object) -> str:
    weak = WEAK_TYPES.get(dtype) if isinstance(dtype, type) else None
    return weak or standardize_dtype(dtype)


@cache
def _join(left: str, right: str) -> str:
    if left == right:
        return left
    if left not in _ABOVE or right not in _ABOVE:
        raise DTypeError(_no_join(left, right))
    shared = _closure(left) & _closure(right)
    return max(shared, key=lambda node: len(_closure(node)))  # the lowest one has all others above it


@cache
def _closure(node: str) -> frozenset[str]:
    return frozenset({node}).union(*map(_closure, _ABOVE[node]))


def _concrete(node: str, floatx: str) -> str:
    if node == "int":
        return "int32"
    if node == "float":
        return floatx
    if node == "complex":
        return "complex128" if floatx == "float64" else "complex64"
    return node if floatx == "float64" else _NARROWED.get(node, node)


def _no_join(left: str, right: str) -> str:
    cause = None
    if {left, right} & set(FLOAT8_NAMES):
        cause = "8-bit floats are storage dtypes: nothing is promoted from or to them by itself."
    remedy = "Cast one of them explicitly, e.g. with ops.cast."
    return message(f"dtypes {left!r} and {right!r} have no common dtype.", cause, remedy)
