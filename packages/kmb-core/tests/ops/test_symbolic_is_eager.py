"""Whatever an op's declaration accepts, the backend computes, in the declared shape and dtype: varied conformance rows.

A row is a right call. From it come others: a size larger wherever it stands, one more axis in front, another axis,
another dtype. Where the declaration refuses one, conformance has asked the backend to refuse it too.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmb_core.backend import KerasTensor, SymbolicScope, current_backend
from kmb_core.conformance.checks import Called
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.misuse import AXES
from kmb_core.conformance.rows import ROWS
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import KmbError
from kmb_core.ops.declaration import OPS
from kmb_core.plugins import Capability

import_all_ops()
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def _has_a_shape(row):
    """Whether the outputs themselves are compared, and their sizes do not depend on values."""
    return row.compiled and row.needs is None and row.determined is None


EVERY = [op for op in sorted(OPS) if any(_has_a_shape(row) for row in ROWS.get(op, ()))]

# A framework that compiles an op for each shape spends all its time on that.
EXAMPLES = 6 if current_backend().supports(Capability.DYNAMIC_SHAPES) else 2
OF_MATRICES = {"ops.decompositions", "ops.solving"}  # a larger matrix of the same elements is singular
# Sizes tell whether the right-hand side is vectors or matrices, and which axes go; unknown ones are taken for vectors
# and for axes that stay.
TOLD_BY_SIZES = {"solve", "solve_triangular", "squeeze"}


@pytest.mark.parametrize("op", EVERY)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_eager_calls_give_what_the_declaration_says(op, data):
    call = data.draw(calls(op))
    try:
        declared = inferred(call, [array.shape for array in call.arrays])
        shapes = data.draw(partly_unknown(call)) if op not in TOLD_BY_SIZES else [array.shape for array in call.arrays]
        uncertain = inferred(call, shapes)
    except (KmbError, ValueError, TypeError):
        return
    backend = current_backend()
    try:
        outputs = call.run(call.tensors())
    except IndexError:  # a position that lies outside: a matter of values, not of shapes
        return
    given_out = [(backend.static_shape(x), backend.dtype_name(x)) for x in outputs]
    assert given_out == [(x.shape, x.dtype) for x in declared], call.described()
    for (shape, dtype), partial in zip(given_out, uncertain, strict=True):
        assert len(shape) == len(partial.shape), call.described()
        assert all(u in (None, s) for s, u in zip(shape, partial.shape, strict=True)), (call.described(), partial.shape)
        assert dtype == partial.dtype, call.described()


@st.composite
def calls(draw, op):
    """A row's call, varied."""
    row = draw(st.sampled_from([row for row in ROWS[op] if _has_a_shape(row)]))
    dtype = draw(st.sampled_from([dtype for dtype in row.dtypes if dtype != "float64"] or ["float32"]))
    call = Called(op, row, dtype, row.sample(dtype))
    vary = draw(st.sampled_from(ways_to_vary(OPS[op])))
    return vary(draw, call)


def ways_to_vary(op):
    """Larger sizes, but of a matrix to invert; other axes, but where the values are positions on one."""
    larger = [grown] if op.family not in OF_MATRICES else []
    positions = op.name == "get_item" or any(t.role.indexes for t in op.tensors)
    other = [batched, along_another_axis] if not positions else []
    return [unchanged, *larger, *other]


def unchanged(draw, call):
    return call


def grown(draw, call):
    """One size larger, everywhere."""
    sizes = sorted({size for array in call.arrays for size in array.shape if size > 1})
    if not sizes:
        return call
    size = draw(st.sampled_from(sizes))
    larger = size + draw(st.integers(1, 3))
    return reshaped(call, lambda shape: tuple(larger if s == size else s for s in shape))


def batched(draw, call):
    """One more axis in front of each tensor."""
    count = draw(st.integers(1, 3))
    return reshaped(call, lambda shape: (count, *shape))


def reshaped(call, change):
    arrays = [np.resize(array, change(array.shape)) if array.size else array for array in call.arrays]
    return replace(call, arrays=arrays)


def along_another_axis(draw, call):
    """Another number for an axis."""
    bound = OPS[call.op].signature.bind(*call.row.arguments, **call.row.keywords)
    names = [name for name in bound.arguments if name in AXES and isinstance(bound.arguments[name], int)]
    if not names:
        return call
    bound.arguments[names[0]] = draw(st.integers(-3, 2))
    return replace(call, row=replace(call.row, arguments=bound.args, keywords=bound.kwargs))


@st.composite
def partly_unknown(draw, call):
    """The tensors' shapes, some sizes of which are unknown."""
    return [tuple(None if draw(st.booleans()) else size for size in array.shape) for array in call.arrays]


def inferred(call, shapes):
    """What the declaration gives for tensors of these shapes."""
    dtypes = [standardize_dtype(array.dtype) for array in call.arrays]
    with SymbolicScope():
        return call.run([KerasTensor(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)])
