import pytest
import torch

import kmb_core.ops.nn.projection
from kmb_backend_torch import implementation
from kmb_core import ops
from kmb_core.backend import KerasTensor, Variable, state, use_backend


def test_torch_compile_traces_ops_through_the_thread_local_state_in_one_graph():
    # `ContextVar.get` would break the graph, and a thread-local whose default is a class attribute crashes Dynamo:
    # the state's fields are set in `__init__`.
    assert "override" not in type(state).__dict__

    def function(x, kernel):
        h = ops.relu(ops.matmul(x, kernel) + 1.0)
        return ops.sum(ops.softmax(ops.exp(-h), axis=-1) * h, axis=1)

    x, kernel = torch.randn(3, 4), torch.randn(4, 5)
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x, kernel), function(x, kernel))


def test_one_graph_holds_variables_convolutions_losses_and_a_change_of_backend():
    kernel = Variable(torch.randn(3, 3, 2, 4))

    def function(x, target):
        with use_backend("torch"):
            h = ops.conv(x, kernel.value, padding="same")
        h = ops.mean(ops.max_pool(h, 2), axis=(1, 2))
        return ops.mean(ops.sparse_categorical_crossentropy(target, h, from_logits=True))

    x, target = torch.randn(2, 6, 6, 2), torch.tensor([1, 3])
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x, target), function(x, target))


def test_dense_is_one_graph():
    dense = kmb_core.ops.nn.projection.dense
    x, kernel, bias = torch.randn(3, 4), torch.randn(4, 5), torch.randn(5)
    compiled = torch.compile(lambda *a: dense(*a), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x, kernel, bias), x @ kernel + bias)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.isin(x, [0.5, 2.0]),
        lambda x: ops.quantile(x, [0.25, 0.5], axis=-1),
        lambda x: ops.nanmedian(x, axis=0),
        lambda x: ops.stft(x, 4, 2, 6)[0],
        lambda x: ops.image.scale_and_translate(
            x, (5, 7), ops.array([1.5, 0.5]), ops.array([0.0, 1.0]), (0, 1), "linear"
        ),
    ],
)
def test_numbers_and_windows_are_constants_of_one_graph(function):
    x = torch.randn(3, 8)
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), function(x))


def test_an_abstract_call_gives_shapes_with_unknown_sizes_and_runs_nothing():
    ran = []

    def function(x, scale=1.0):
        ran.append(type(x))
        return {"doubled": torch.cat([x, x]), "sum": x.sum(-1) * scale, "fixed": torch.ones(7)}

    result = implementation.abstract_call(function, ((KerasTensor((None, 3)),), {"scale": 2.0}))
    assert result["doubled"].shape == (None, 3)
    assert result["sum"].shape == (None,)
    assert result["fixed"].shape == (7,)
    assert torch.Tensor not in ran


def test_an_abstract_call_reads_variables():
    kernel = Variable(torch.ones(3, 5))
    result = implementation.abstract_call(lambda x: x @ kernel.value, (KerasTensor((None, 3)),))
    assert (result.shape, result.dtype) == ((None, 5), "float32")


def test_gradients_of_what_does_not_matter_are_zero():
    value, gradients = implementation.value_and_gradients(
        lambda x, y, n: (x**2).sum(), [torch.tensor([3.0]), torch.ones(2), torch.tensor([1, 2])]
    )
    assert value.item() == 9
    assert [g.tolist() for g in gradients] == [[6.0], [0.0, 0.0], [0, 0]]


@pytest.mark.slow
def test_the_compiled_form_computes_the_same():
    x = torch.randn(4, 5)
    torch.testing.assert_close(implementation.compiled(ops.softmax)(x), torch.softmax(x, -1))


def test_a_layer_of_torchs_own_functions_is_traced_where_shapes_alone_are_worked_out():
    class Counting(kmb_core.Layer):
        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], 2))
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.calls.assign_add(1.0)
            return torch.tanh(x @ self.kernel.value)

    model = kmb_core.Sequential([Counting()])
    model.compile("sgd", "mse")
    model.fit(torch.ones(4, 3), torch.ones(4, 2), verbose=0)
    assert float(model.layers[0].calls) == 1.0
