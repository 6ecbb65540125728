"""The loss by torch's kernel. Where no path is short enough, torch's gradient is NaN; here it is zero."""

import math

import torch
from torch.nn import functional

from kmb_core.ops.nn.ctc_checks import check_loss

Tensor = torch.Tensor


def ctc_loss(
    target: Tensor, output: Tensor, target_length: Tensor, output_length: Tensor, mask_index: int = 0
) -> Tensor:
    """The negative logarithm of the target's probability."""
    blank = check_loss(target, output, target_length, output_length, mask_index)
    if not output.shape[0]:  # torch's kernel takes no empty batch
        return output.sum((1, 2))
    if output.dtype.itemsize == 2:
        return ctc_loss(target, output.float(), target_length, output_length, mask_index).to(output.dtype)
    target, logs = target.to(torch.int64), torch.log_softmax(output, -1).transpose(0, 1)
    lengths, times = target_length.to(torch.int64), output_length.to(torch.int64)
    loss = functional.ctc_loss(logs, target, times, lengths, blank, "none", True)
    return torch.where(_shortest(target, lengths) <= times, loss, math.inf)


def _shortest(target: Tensor, lengths: Tensor) -> Tensor:
    """The number of times that the labels need: one each, and one for the blank between equal neighbours."""
    inside = torch.arange(1, target.shape[1], device=target.device) < lengths.unsqueeze(1)
    return lengths + ((target[:, 1:] == target[:, :-1]) & inside).sum(1)
