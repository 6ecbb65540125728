"""An op takes the tensors of every framework, alone and beside its own; what has no values is refused."""

import itertools

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import current_backend, use_backend
from kmb_core.conformance import checks, misuse
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS
from kmb_core.errors import DTypeError
from kmb_core.ops.declaration import OPS
from kmb_core.plugins import installed_backends

import_all_ops()
pytestmark = [pytest.mark.mixed, pytest.mark.filterwarnings("ignore")]
BACKENDS = sorted(installed_backends())
PAIRS = list(itertools.permutations(BACKENDS, 2))
CALLS = {op: misuse.right_calls(op)[0] for op in sorted(OPS) if op in ROWS and misuse.right_calls(op)[0].arrays}
STEPS = {"jax": 24}  # of so many ops one: each is compiled before it runs
DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"),
    *("float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "complex64"),
)


def sample_of(current: str, other: str) -> list[checks.Called]:
    """All ops; of those that are compiled a share, another one for each pair."""
    step = STEPS.get(current, 1)
    return list(CALLS.values())[PAIRS.index((current, other)) % step :: step]


def compared(call: checks.Called, tensors: list) -> None:
    """What comes of the tensors is what comes of the backend's own."""
    backend = current_backend()
    own, outputs = call.run(call.tensors()), call.run(tensors)
    assert all(backend.is_tensor(output) for output in outputs), [type(output) for output in outputs]
    for output, expected in zip(outputs, own, strict=True):
        assert backend.dtype_name(output) == backend.dtype_name(expected)
        if call.row.oracle is not None:
            checks.assert_close(backend.to_numpy(output), backend.to_numpy(expected), 1e-5)


@pytest.mark.parametrize(("current", "other"), PAIRS)
def test_every_op_takes_tensors_of_another_framework(current, other):
    complaints = []
    for call in sample_of(current, other):
        with use_backend(other):
            foreign = call.tensors()
        with use_backend(current):
            if call.row.needs is not None and not current_backend().supports(call.row.needs):
                continue
            for tensors in (foreign, [*call.tensors()[:1], *foreign[1:]]):
                try:
                    compared(call, tensors)
                except Exception as error:
                    complaints.append(f"{call.described()}: {checks.told(error)}")
    assert complaints == []


@pytest.mark.parametrize(("current", "other"), PAIRS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_of_another_framework_keeps_its_dtype_and_values(current, other, dtype):
    values = np.array([[0, 1], [3, 2]]) if dtype != "bool" else np.array([[False, True], [True, True]])
    with use_backend(other):
        foreign = ops.convert_to_tensor(values, dtype)
        expected = current_backend().dtype_name(foreign)
    with use_backend(current), current_backend().implementation.wide_float_scope():
        own = ops.convert_to_tensor(foreign)
        assert current_backend().is_tensor(own)
        assert current_backend().dtype_name(own) == expected
        for given in (own, foreign):
            np.testing.assert_array_equal(ops.convert_to_numpy(given).astype("complex64"), values)
        for many in (ops.convert_to_tensor([foreign, foreign]), ops.stack([own, foreign]), ops.stack([foreign])):
            assert (ops.convert_to_numpy(many).astype("complex64") == values).all()


def unusual() -> dict:
    """Tensors that NumPy's protocol does not take, each with its values."""
    import jax
    import tensorflow as tf
    import torch

    turned = torch.tensor([1 + 2j]).conj()
    slices = tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([1, 1]), tf.constant([2, 2]))
    return {
        "with a gradient": (torch.ones(2, requires_grad=True) * 2, [2, 2]),
        "a parameter": (torch.nn.Parameter(torch.ones(2)), [1, 1]),
        "transposed": (torch.arange(4.0).reshape(2, 2).T, [[0, 2], [1, 3]]),
        "conjugated": (turned, [1 - 2j]),
        "negated": (turned.imag, [-2]),
        "sparse of torch": (torch.eye(2).to_sparse(), np.eye(2)),
        "a variable": (tf.Variable([1.0, 2.0]), [1, 2]),
        "sparse of TensorFlow": (tf.sparse.eye(2), np.eye(2)),
        "ragged": (tf.ragged.constant([[1.0], [2.0, 3.0]]), [[1, 0], [2, 3]]),
        "slices of one row": (slices, [[0, 0], [4, 6]]),
        "sparse of JAX": (jax.experimental.sparse.BCOO.fromdense(jax.numpy.eye(2)), np.eye(2)),
    }


@pytest.mark.parametrize("current", BACKENDS)
def test_tensors_that_numpy_does_not_take_have_values_all_the_same(current):
    import jax.experimental.sparse  # noqa: F401 - the submodule

    wrong = {}
    for what, (tensor, values) in unusual().items():
        with use_backend(current):
            for function, factor in ((ops.convert_to_tensor, 1), (ops.negative, -1)):
                try:
                    given = ops.convert_to_numpy(function(tensor))
                    np.testing.assert_array_equal(given, factor * np.asarray(values))
                except Exception as error:
                    wrong[what] = f"{function.__name__}: {checks.told(error)}"
    assert wrong == {}


@pytest.mark.parametrize("current", BACKENDS)
def test_a_tensor_that_another_framework_is_tracing_has_no_values(current):
    import jax
    import tensorflow as tf

    def negated(x):
        with use_backend(current):
            return ops.convert_to_numpy(ops.negative(x))

    for own, traced in (("jax", jax.jit(negated)), ("tensorflow", tf.function(negated, autograph=False))):
        if current != own:
            with pytest.raises(DTypeError, match=r"ops\.negative: .* cannot become an array"):
                traced(np.ones(2, "float32"))
