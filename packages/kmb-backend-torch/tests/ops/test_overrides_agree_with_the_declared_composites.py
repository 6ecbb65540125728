"""Each composite that this backend overrides gives what the core's declaration of it gives, forward and backward."""

import numpy as np
import pytest
import torch

import kmb_core.ops.nn.integer_projection  # declares ops that are not public
import kmb_core.ops.nn.projection  # noqa: F401 - so does this
from kmb_core import ops
from kmb_core.backend import current_backend
from kmb_core.ops.declaration import OPS

for public in ops.__all__:
    getattr(ops, public)  # an op is declared when it is first asked for

RANDOM = np.random.default_rng(0)


def tensor(*shape, low=-3.0, high=3.0):
    return torch.from_numpy(RANDOM.uniform(low, high, shape))


X = tensor(4, 5)
Y = tensor(4, 5)
POSITIVE = tensor(4, 5, low=0.1)
UNIT = tensor(4, 5, low=-0.9, high=0.9)
PROBABILITIES = torch.softmax(tensor(4, 5), -1)
SQUARE = tensor(3, 5, 5)
IMAGE = tensor(2, 6, 5, 3)
INTEGERS = torch.from_numpy(RANDOM.integers(-5, 5, (4, 5), dtype="int32"))
BYTES = torch.from_numpy(RANDOM.integers(-128, 128, (4, 5), dtype="int8"))
BOOLEANS = INTEGERS > 0
CLASSES = torch.tensor([0, 3, 4, 1], dtype=torch.int32)

CASES = [
    ("divide", (X, POSITIVE), {}),
    ("abs", (X,), {}),
    ("abs", (INTEGERS,), {}),
    ("trunc", (X,), {}),
    ("trunc", (INTEGERS,), {}),
    ("square", (X,), {}),
    ("square", (BOOLEANS,), {}),
    ("reciprocal", (POSITIVE,), {}),
    ("clip", (X, -1.0, 1.0), {}),
    ("clip", (X, Y - 1, Y + 1), {}),
    ("clip", (INTEGERS, -1, 2), {}),
    ("not_equal", (INTEGERS, 1), {}),
    ("greater", (X, Y), {}),
    ("greater_equal", (INTEGERS, 2), {}),
    ("logical_or", (BOOLEANS, INTEGERS == 0), {}),
    ("logical_xor", (BOOLEANS, INTEGERS == 0), {}),
    ("isinf", (torch.tensor([1.0, float("inf"), float("nan")]),), {}),
    ("isclose", (X, X + 1e-9), {}),
    ("isclose", (torch.tensor([float("nan"), 1.0]), torch.tensor([float("nan"), 1.1])), {"equal_nan": True}),
    ("nan_to_num", (torch.tensor([float("nan"), float("inf"), -float("inf"), 2.0]),), {}),
    ("nan_to_num", (torch.tensor([float("nan"), float("inf"), 2.0]),), {"nan": 1.0, "posinf": 5.0}),
    ("nan_to_num", (INTEGERS,), {}),
    ("zeros", ((2, 3),), {}),
    ("ones", ((2, 3), "int32"), {}),
    ("zeros_like", (INTEGERS,), {}),
    ("ones_like", (X,), {"dtype": "float32"}),
    ("full_like", (INTEGERS, torch.tensor(3)), {}),
    ("linspace", (torch.tensor(0.0), torch.tensor(1.0), 7), {}),
    ("linspace", (tensor(3), tensor(3), 5), {"axis": 1, "endpoint": False}),
    ("linspace", (torch.tensor(0.0), torch.tensor(9.0), 4), {"dtype": "int32"}),
    ("eye", (4,), {}),
    ("eye", (3, 5), {"k": -1}),
    ("eye", (3, 5), {"k": 2, "dtype": "int32"}),
    ("identity", (3,), {}),
    ("tri", (3, 5, 1), {}),
    ("tril", (SQUARE,), {"k": -1}),
    ("triu", (SQUARE,), {"k": 1}),
    ("rsqrt", (POSITIVE,), {}),
    ("log2", (POSITIVE,), {}),
    ("log10", (POSITIVE,), {}),
    ("logaddexp", (X, Y), {}),
    ("arcsinh", (X,), {}),
    ("arccosh", (POSITIVE + 1,), {}),
    ("arctanh", (UNIT,), {}),
    ("mean", (X,), {}),
    ("mean", (X, 0, True), {}),
    ("mean", (IMAGE, (0, -1)), {}),
    ("var", (X, -1), {}),
    ("std", (IMAGE, (1, 2), True), {}),
    ("sort", (X, 0), {}),
    ("sort", (X, None), {}),
    ("amax", (X, 1), {}),
    ("amin", (IMAGE, (0, 1)), {}),
    ("count_nonzero", (INTEGERS, 1), {}),
    ("count_nonzero", (INTEGERS,), {}),
    ("logsumexp", (X,), {}),
    ("logsumexp", (X, 1, True), {}),
    ("expand_dims", (X, (0, -1)), {}),
    ("expand_dims", (X, 1), {}),
    ("squeeze", (tensor(1, 3, 1),), {}),
    ("squeeze", (tensor(1, 3, 1), -1), {}),
    ("stack", ([X, Y], 1), {}),
    ("split", (IMAGE, 2, 1), {}),
    ("split", (IMAGE, [1, 4], 2), {}),
    ("tile", (X, (2, 1, 3)), {}),
    ("tile", (X, 2), {}),
    ("repeat", (X, 2, 0), {}),
    ("repeat", (X, [1, 0, 2, 1], 0), {}),
    ("repeat", (X, 3), {}),
    ("ravel", (X,), {}),
    ("swapaxes", (IMAGE, 0, -1), {}),
    ("moveaxis", (IMAGE, (0, 1), (-1, 0)), {}),
    ("roll", (X, 2), {}),
    ("roll", (X, -1, 0), {}),
    ("roll", (X, (1, 2), (0, 1)), {}),
    ("unstack", (X,), {"axis": 1}),
    ("slice", (IMAGE, (0, 1, 2, 0), (2, 3, -1, 1)), {}),
    ("slice", (X, torch.tensor([1, 2]), (2, 3)), {}),
    ("dot", (X, Y.T), {}),
    ("dot", (IMAGE, tensor(2, 3, 4)), {}),
    ("tensordot", (IMAGE, tensor(5, 3, 2), ((2, 3), (0, 1))), {}),
    ("tensordot", (IMAGE, tensor(3, 2), 1), {}),
    ("outer", (X, tensor(3)), {}),
    ("inner", (X, Y), {}),
    ("norm", (X,), {}),
    ("norm", (X, None, 1, True), {}),
    ("norm", (X, 1, 0), {}),
    ("norm", (X, np.inf, 1), {}),
    ("relu", (X,), {}),
    ("relu", (INTEGERS,), {}),
    ("relu6", (X * 4,), {}),
    ("relu6", (INTEGERS * 3,), {}),
    ("sigmoid", (X * 9,), {}),
    ("softplus", (X * 5,), {}),
    ("softsign", (X,), {}),
    ("silu", (X,), {}),
    ("log_sigmoid", (X * 9,), {}),
    ("leaky_relu", (X,), {}),
    ("elu", (X, 0.7), {}),
    ("selu", (X,), {}),
    ("celu", (X, 1.3), {}),
    ("gelu", (X,), {}),
    ("gelu", (X, False), {}),
    ("hard_sigmoid", (X * 2,), {}),
    ("hard_silu", (X * 2,), {}),
    ("hard_tanh", (X,), {}),
    ("hard_shrink", (X,), {}),
    ("soft_shrink", (X, 0.8), {}),
    ("tanh_shrink", (X,), {}),
    ("threshold", (X, 0.5, -7.0), {}),
    ("glu", (IMAGE,), {"axis": 1}),
    ("softmax", (X,), {}),
    ("softmax", (IMAGE, (1, 3)), {}),
    ("softmax", (X, None), {}),
    ("log_softmax", (X, 0), {}),
    ("log_softmax", (IMAGE, (-1, 0)), {}),
    ("moments", (IMAGE, (0, 1, 2)), {}),
    ("moments", (IMAGE, -1, True), {}),
    ("batch_normalization", (IMAGE, tensor(3), tensor(3, low=0.1), -1, tensor(3), tensor(3)), {}),
    ("batch_normalization", (IMAGE, tensor(6), tensor(6, low=0.1), 1), {}),
    ("layer_normalization", (IMAGE, tensor(3), tensor(3)), {"epsilon": 1e-3}),
    ("layer_normalization", (IMAGE, tensor(5, 3), None, (2, 3)), {}),
    ("layer_normalization", (IMAGE, tensor(6), tensor(6), 1), {}),
    ("rms_normalization", (IMAGE, tensor(3)), {}),
    ("rms_normalization", (IMAGE, None, (1, 2)), {"epsilon": 1e-2}),
    ("binary_crossentropy", (PROBABILITIES, torch.sigmoid(X)), {}),
    ("binary_crossentropy", (PROBABILITIES, X * 9, True), {}),
    ("binary_crossentropy", (X, torch.sigmoid(X)), {}),
    ("binary_crossentropy", (BOOLEANS.double(), BOOLEANS.double()), {}),
    ("categorical_crossentropy", (PROBABILITIES, torch.sigmoid(X)), {}),
    ("categorical_crossentropy", (PROBABILITIES, X, True), {"axis": 0}),
    ("sparse_categorical_crossentropy", (CLASSES, X, True), {}),
    ("sparse_categorical_crossentropy", (CLASSES[:, None], PROBABILITIES), {}),
    ("sparse_categorical_crossentropy", (CLASSES, tensor(5, 4), True), {"axis": 0}),
    ("one_hot", (torch.tensor([0, 2, -1, 7]), 3), {}),
    ("one_hot", (INTEGERS, 4), {"axis": 1, "dtype": "int32"}),
    ("normalize_batch", (IMAGE, -1, tensor(3), tensor(3)), {}),
    ("normalize_batch", (IMAGE, 1, None, tensor(6)), {}),
    ("dense", (X, tensor(5, 3), tensor(3)), {}),
    ("integer_dense", (BYTES, BYTES.t().contiguous()), {}),
    ("dense", (IMAGE, tensor(3, 2)), {}),
    ("embed", (X, INTEGERS.abs() % 4), {}),
    ("erfc", (X,), {}),
    ("adaptive_average_pool", (IMAGE, (4, 2)), {}),
    ("adaptive_max_pool", (IMAGE, (4, 2)), {}),
    ("conv_transpose", (IMAGE, tensor(2, 3, 4, 3), 2, "same"), {}),
    ("biased_conv", (IMAGE, tensor(2, 2, 3, 4), tensor(4)), {"strides": 2, "padding": "same"}),
    ("depthwise_conv", (IMAGE, tensor(2, 2, 3, 2)), {"padding": "same"}),
    ("separable_conv", (IMAGE, tensor(2, 2, 3, 2), tensor(1, 1, 6, 4)), {}),
    ("depth_to_space", (tensor(1, 2, 3, 8), 2), {}),
    ("space_to_depth", (tensor(1, 4, 6, 2), 2), {}),
    ("unfold", (tensor(2, 3, 6, 5), (2, 3)), {"stride": 2, "padding": 1}),
    ("fold", (tensor(2, 12, 12), (4, 5), 2), {}),
    ("dot_product_attention", (tensor(2, 3, 4, 5), tensor(2, 6, 2, 5), tensor(2, 6, 2, 3)), {}),
    ("dot_product_attention", (tensor(2, 3, 2, 5), tensor(2, 3, 2, 5), tensor(2, 3, 2, 3)), {"is_causal": True}),
    (
        "ctc_loss",
        (torch.tensor([[1, 2, 2], [3, 1, 0]]), tensor(2, 7, 4), torch.tensor([3, 2]), torch.tensor([7, 5])),
        {},
    ),
]


def flat(result):
    return list(result) if isinstance(result, (list, tuple)) else [result]


def leaf(value):
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return value.detach().clone().requires_grad_()
    return [leaf(v) for v in value] if isinstance(value, list) else value


def leaves(args):
    return [x for a in args for x in (a if isinstance(a, list) else [a]) if getattr(x, "requires_grad", False)]


def gradients(outputs, inputs):
    total = sum((o.ravel() * torch.arange(1.0, o.numel() + 1)).sum() for o in outputs if o.requires_grad)
    return torch.autograd.grad(total, inputs, allow_unused=True, materialize_grads=True)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_override_agrees_with_declaration_in_values_dtypes_and_gradients(name, args, kwargs):
    assert name in current_backend().overridden
    own, declared = ([leaf(a) for a in args], [leaf(a) for a in args])
    found = flat(OPS[name].function(*own, **kwargs))
    expected = flat(OPS[name].body(*declared, **kwargs))
    assert len(found) == len(expected)
    for f, e in zip(found, expected, strict=True):
        assert f.dtype == e.dtype
        torch.testing.assert_close(f, e, equal_nan=True)
    if any(f.requires_grad for f in found):
        for f, e in zip(gradients(found, leaves(own)), gradients(expected, leaves(declared)), strict=True):
            torch.testing.assert_close(f, e, rtol=1e-6, atol=1e-8)


FAMILIES = ["arithmetic", "comparison", "creation", "functions", "indexing", "linalg", "manipulation", "reduction"]


def test_every_overridden_composite_has_a_case():
    covered = {name for name, _, _ in CASES} | {"empty", "converted"}  # memory that holds anything; the identity
    families = {f"ops.{name}" for name in FAMILIES} | {
        op.family for op in OPS.values() if op.family.startswith("ops.nn")
    }
    composites = {name for name, op in OPS.items() if not op.primitive and op.family in families}
    assert composites & current_backend().overridden <= covered


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("add", {"x1": X, "x2": Y}),
        ("exp", {"x": X}),
        ("isclose", {"x1": X, "x2": Y, "rtol": 0.1}),
        ("matmul", {"x1": X, "x2": Y.T}),
        ("broadcast_to", {"x": X, "shape": (2, 4, 5)}),
        ("concatenate", {"xs": [X, Y], "axis": 1}),
        ("stack", {"x": [X, Y], "axis": 1}),
        ("moveaxis", {"x": IMAGE, "source": 0, "destination": 2}),
        ("ravel", {"x": X}),
        ("relu", {"x": X}),
        ("softplus", {"x": X}),
        ("hard_silu", {"x": X}),
        ("log_sigmoid", {"x": X}),
    ],
)
def test_functions_of_torch_that_are_bound_take_the_declared_parameter_names(name, arguments):
    function = current_backend().functions[name]
    torch.testing.assert_close(function(**arguments), function(*arguments.values()))
