"""Recurrent layers by torch's own kernels: the weights of a torch module, turned, give what the module gives."""

import numpy as np
import pytest
import torch

from kmb_core.ops.declaration import OPS
from kmb_core.ops.rnn import gru, lstm, simple_rnn

X = torch.randn((3, 7, 5), generator=torch.Generator().manual_seed(0))
MASK = torch.tensor([[1, 1, 0, 1, 0, 0, 1], [0] * 7, [1] * 7], dtype=torch.bool)


def zeros():
    return torch.zeros(3, 4)


def keras_order(weight, order):
    """Rows of gates in torch's order as columns in Keras's."""
    parts = weight.detach().t().chunk(len(order), -1)
    return torch.cat([parts[i] for i in order], -1)


def test_lstm_is_torchs():
    module = torch.nn.LSTM(5, 4, batch_first=True)
    kernels = [keras_order(w, range(4)) for w in (module.weight_ih_l0, module.weight_hh_l0)]
    bias = (module.bias_ih_l0 + module.bias_hh_l0).detach()
    _, outputs, h, c = lstm(X, zeros(), zeros(), *kernels, bias)
    wanted, (h_wanted, c_wanted) = module(X)
    for got, right in ((outputs, wanted), (h, h_wanted[0]), (c, c_wanted[0])):
        torch.testing.assert_close(got, right.detach(), atol=1e-6, rtol=1e-5)


def test_gru_is_torchs():
    module = torch.nn.GRU(5, 4, batch_first=True)
    kernels = [keras_order(w, (1, 0, 2)) for w in (module.weight_ih_l0, module.weight_hh_l0)]
    bias = torch.stack([keras_order(b, (1, 0, 2)) for b in (module.bias_ih_l0, module.bias_hh_l0)])
    _, outputs, _ = gru(X, zeros(), *kernels, bias)
    torch.testing.assert_close(outputs, module(X)[0].detach(), atol=1e-6, rtol=1e-5)


def test_simple_rnn_is_torchs():
    module = torch.nn.RNN(5, 4, batch_first=True)
    kernels = [keras_order(w, range(1)) for w in (module.weight_ih_l0, module.weight_hh_l0)]
    _, outputs, _ = simple_rnn(X, zeros(), *kernels, (module.bias_ih_l0 + module.bias_hh_l0).detach())
    torch.testing.assert_close(outputs, module(X)[0].detach(), atol=1e-6, rtol=1e-5)


CELLS = [(simple_rnn, 1, 1, (4,)), (lstm, 4, 2, (16,)), (gru, 3, 1, (2, 12))]


@pytest.mark.parametrize(("op", "gates", "states", "bias"), CELLS)
@pytest.mark.parametrize("go_backwards", [False, True])
def test_masked_sequences_and_their_gradients_are_those_of_the_loop(op, gates, states, bias, go_backwards):
    generator = torch.Generator().manual_seed(1)
    shapes = [(3, 7, 5), *[(3, 4)] * states, (5, 4 * gates), (4, 4 * gates), bias]
    results = []
    for function in (op, OPS[op.__name__].body):
        generator.manual_seed(1)
        leaves = [torch.randn(s, generator=generator, dtype=torch.float64).requires_grad_() for s in shapes]
        outputs = function(*leaves, MASK, go_backwards=go_backwards)
        factors = [torch.randn(y.shape, generator=generator, dtype=torch.float64) for y in outputs]
        gradients = torch.autograd.grad(sum((y * f).sum() for y, f in zip(outputs, factors, strict=True)), leaves)
        results.append([*outputs, *gradients])
    for fused, looped in zip(*results, strict=True):
        torch.testing.assert_close(fused, looped, atol=1e-10, rtol=1e-8)


def test_a_masked_sequence_compiles_without_a_break():
    kernel, recurrent, bias = torch.randn(5, 16), torch.randn(4, 16), torch.randn(16)
    compiled = torch.compile(
        lambda x, mask: lstm(x, zeros(), zeros(), kernel, recurrent, bias, mask)[1], fullgraph=True
    )
    np.testing.assert_allclose(
        compiled(X, MASK), lstm(X, zeros(), zeros(), kernel, recurrent, bias, MASK)[1], atol=1e-5
    )
