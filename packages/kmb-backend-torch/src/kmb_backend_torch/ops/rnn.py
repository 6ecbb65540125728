"""Recurrent layers by torch's fused kernels, on the processor too: a loop of steps costs Keras 8.9 times their time.

Kernels arrive with one column for each gate and unit, torch wants rows: a transposed view, which costs nothing. torch's
LSTM has Keras's order of gates, its GRU (r, z, n) another, so those two blocks change places on the way in.

A mask needs no packed sequence, and so no look at its values on the host: the steps that count are moved to the front
in their order, the kernel runs over all, and what came out is spread back. The steps behind are no part of the outputs;
h is the output of the last step that counts. The cell state of an LSTM is no output: each step behind has a one in an
additional column of the inputs, whose weights close the input gate and open the forget gate, so c stays as it was.
"""

from typing import Any

import torch

from kmb_core.plugins.contract import DECLARED

Tensor = torch.Tensor

_SATURATING = 1e4  # the sigmoid of it is 1, and of its negative 0, in every dtype


def simple_rnn(
    inputs: Tensor,
    h: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """tanh(x @ kernel + bias + h @ recurrent_kernel) over time."""
    _check(inputs, (h,), kernel, recurrent_kernel, bias, mask, 1)
    weights = [kernel.t(), recurrent_kernel.t()]
    weights += [] if bias is None else [bias, torch.zeros_like(bias)]
    series = _Series(inputs, mask, go_backwards)
    out, h_last = torch._VF.rnn_tanh(series.inputs, h.unsqueeze(0), *_arguments(weights, inputs))
    return series.result(out, h_last[0], h, zero_output_for_mask, return_all_outputs)


def lstm(
    inputs: Tensor,
    h: Tensor,
    c: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Long short-term memory over time."""
    _check(inputs, (h, c), kernel, recurrent_kernel, bias, mask, 4)
    series = _Series(inputs, mask, go_backwards)
    x = _followed(series.inputs, kernel)
    if series.kept is not None:
        x = torch.cat((x, series.behind().to(x.dtype).unsqueeze(-1)), -1)
        kernel = torch.cat((kernel, _holding(kernel)))
    weights = [kernel.t(), recurrent_kernel.t()]
    weights += [] if bias is None else [bias, torch.zeros_like(bias)]
    out, h_last, c_last = torch._VF.lstm(x, (h.unsqueeze(0), c.unsqueeze(0)), *_arguments(weights, inputs))
    return *series.result(out, h_last[0], h, zero_output_for_mask, return_all_outputs), c_last[0]


def _followed(x: Tensor, kernel: Tensor) -> Tensor:
    """The inputs, as values with gradients where only the weights have some and the code is compiled.

    For inputs without gradients torch.compile takes an inference kernel, whose missing output stops the training that
    the weights are in. Weights that are not finite make outputs that are not, with or without this sum.
    """
    if torch.compiler.is_compiling() and kernel.requires_grad and not x.requires_grad and not x.is_cuda:
        return x + 0 * kernel[0, 0]
    return x


def _holding(kernel: Tensor) -> Tensor:
    """One more row of the kernel, which keeps the cell state where the column of inputs is one."""
    closed = kernel.new_full((kernel.shape[1] // 4,), -_SATURATING)
    return torch.cat((closed, -closed, torch.zeros_like(closed), torch.zeros_like(closed))).unsqueeze(0)


def gru(
    inputs: Tensor,
    h: Tensor,
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    reset_after: bool = True,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gated recurrent unit over time; torch has no kernel for the form that resets before the product."""
    if not reset_after:
        settings = (go_backwards, unroll, zero_output_for_mask, return_all_outputs)
        return DECLARED["gru"].body(inputs, h, kernel, recurrent_kernel, bias, mask, reset_after, *settings)
    _check(inputs, (h,), kernel, recurrent_kernel, bias, mask, 3, 2)
    weights = [_reset_first(kernel).t(), _reset_first(recurrent_kernel).t()]
    weights += [] if bias is None else [*_reset_first(bias)]
    series = _Series(inputs, mask, go_backwards)
    out, h_last = torch._VF.gru(series.inputs, h.unsqueeze(0), *_arguments(weights, inputs))
    return series.result(out, h_last[0], h, zero_output_for_mask, return_all_outputs)


def _reset_first(weights: Tensor) -> Tensor:
    """Columns z, r, n as torch has them: r, z, n. They are copied as they lie, before they are seen as rows."""
    update, reset, candidate = weights.chunk(3, -1)
    return torch.cat((reset, update, candidate), -1)


def _arguments(weights: list[Tensor], inputs: Tensor) -> tuple[Any, ...]:
    """What follows inputs and state: weights, biases or not, layers, dropout, training, both ways, batch first."""
    if inputs.is_cuda:
        weights = _side_by_side(weights)
    return weights, len(weights) == 4, 1, 0.0, torch.is_grad_enabled(), False, True


def _side_by_side(weights: list[Tensor]) -> list[Tensor]:
    """The weights in one piece of memory, in the order of cuDNN, which otherwise copies them and warns of it."""
    flat = torch.cat([weight.reshape(-1) for weight in weights])
    parts = flat.split([weight.numel() for weight in weights])
    return [part.view(weight.shape) for part, weight in zip(parts, weights, strict=True)]


class _Series:
    """The inputs in the order in which the kernel takes them, and the way back to the order of time."""

    def __init__(self, inputs: Tensor, mask: Tensor | None, go_backwards: bool) -> None:
        if go_backwards:
            inputs, mask = inputs.flip(1), None if mask is None else mask.flip(1)
        self.kept = mask
        if mask is not None:
            order = torch.argsort(mask.logical_not().to(torch.uint8), dim=1, stable=True)
            inputs = torch.take_along_dim(inputs, order.unsqueeze(-1), 1)
            self.places = torch.cumsum(mask, 1) - 1  # of each step's output, -1 before the first that counts
        self.inputs = inputs

    def behind(self) -> Tensor:
        """Which of the kernel's steps do not count."""
        steps = torch.arange(self.places.shape[1], device=self.places.device)
        return steps > self.places[:, -1:]

    def result(self, out: Tensor, h_last: Tensor, h: Tensor, zero_output: bool, return_all: bool) -> Any:
        """The last output, all outputs, the last state."""
        if self.kept is None:
            last = out[:, -1]
            return last, out if return_all else out[:, -1:], h_last
        places = self.places.unsqueeze(-1)
        found = torch.take_along_dim(out, (places if return_all else places[:, -1:]).clamp(min=0), 1)
        outputs = torch.where(places[:, -found.shape[1] :] >= 0, found, 0.0)
        state = torch.where(places[:, -1] >= 0, found[:, -1], h)
        if zero_output:
            outputs = torch.where(self.kept[:, -found.shape[1] :].unsqueeze(-1), outputs, 0.0)
        return outputs[:, -1], outputs, state


def _check(
    inputs: Tensor,
    states: tuple[Tensor, ...],
    kernel: Tensor,
    recurrent_kernel: Tensor,
    bias: Tensor | None,
    mask: Tensor | None,
    gates: int,
    biases: int = 1,
) -> None:
    """Raise for what the op's rule then explains: torch's kernels read beyond tensors that are too small."""
    batch, steps, features = inputs.shape
    units = recurrent_kernel.shape[0]
    wide = gates * units
    fits = steps > 0 and kernel.shape == (features, wide) and recurrent_kernel.shape == (units, wide)
    fits = fits and all(state.shape == (batch, units) for state in states)
    fits = fits and (bias is None or bias.shape == ((wide,) if biases == 1 else (2, wide)))
    if not fits or (mask is not None and mask.shape != (batch, steps)):
        raise ValueError("the shapes do not fit")
