"""What torch adds: gradients through Python's loops, second derivatives, what torch.compile traces."""

import numpy as np
import pytest
import torch

from kmb_core import ops


def test_gradients_reach_what_a_loop_reads_from_outside():
    x, factor = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    found, _ = ops.while_loop(lambda y, i: i < 3, lambda y, i: (y * factor, i + 1), (x, 0))
    found.backward()
    assert (float(x.grad), float(factor.grad)) == (27.0, 2 * 3 * 9.0)


@ops.custom_gradient
def cubed(x):
    kept = x * x
    return kept * x, lambda upstream: upstream * 3.0 * kept


def test_a_gradient_of_ones_own_can_be_differentiated():
    x = torch.tensor(2.0, requires_grad=True)
    (first,) = torch.autograd.grad(cubed(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    assert (float(first), float(second)) == (12.0, 12.0)


def test_an_argument_that_is_the_result_has_the_gradient_of_the_function():
    x = torch.ones(3, requires_grad=True)
    ops.custom_gradient(lambda x: (x, lambda upstream: upstream * 5.0))(x).sum().backward()
    assert x.grad.tolist() == [5.0, 5.0, 5.0]


def test_slices_of_a_vectorized_map_draw_numbers_of_their_own():
    found = ops.vectorized_map(lambda x: x + torch.rand(()), torch.zeros(16))
    assert len(set(found.tolist())) > 1


def test_loops_of_known_length_are_one_graph():
    def function(x):
        carry, outputs = ops.scan(lambda c, row: (c * 0.5 + row, {"y": c * row}), torch.zeros(3), x)
        return ops.fori_loop(0, 3, lambda i, y: y * 2.0 + i, carry), ops.map(torch.sum, outputs["y"])

    x = torch.arange(12.0).reshape(4, 3)
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    for found, expected in zip(compiled(x), function(x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_branch_on_data_is_compiled_in_parts(sign):
    function = torch.compile(lambda x: ops.cond(x.sum() > 0, lambda: x * 2, lambda: -x) + 1, backend="aot_eager")
    x = torch.ones(3) * sign
    np.testing.assert_allclose(function(x), np.full(3, 3.0 if sign > 0 else 2.0))


def test_gradients_of_ones_own_are_compiled():
    def function(x):
        return cubed(x * 2.0).sum()

    compiled = torch.compile(function, backend="aot_eager")
    for run in (function, compiled):
        x = torch.ones(3, requires_grad=True)
        run(x).backward()
        assert x.grad.tolist() == [24.0, 24.0, 24.0]
