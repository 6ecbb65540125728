"""Replicas of a model in several processes, which behave like one model that is given the whole batch.

Each process works on its rows of a batch. Its loss counts by its share of the rows, so the gradients' sum over the
processes is the gradient of the whole batch's loss, whatever the parts' sizes. All processes make the same step from
it. What a step adds to the metrics is summed too, and statistics that it moves (batch normalization's) are averaged; so
every process has the same weights and the same logs after each step, and callbacks decide alike.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import distributed
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors
from torch.utils import _pytree as pytree

from kmb_backend_torch.distribution import process_index_and_count

BUCKET = 25 * 2**20  # bytes that travel together


class Replicas:
    """This process among those that train one model."""

    training: "Replicas | None" = None  # whose step is running

    def __init__(self, wanted: Any) -> None:
        self.index, self.count = process_index_and_count()
        self.splits = wanted.auto_shard_dataset
        self.share = 1.0

    def part(self, batch: Any) -> Any:
        """This process's rows of a batch. Of fewer rows than processes some get one that counts nothing."""
        leaves = [leaf for leaf in pytree.tree_leaves(batch) if getattr(leaf, "shape", ())]
        rows = leaves[0].shape[0] if leaves else 1
        if not self.splits:
            self.share = rows / self._total(rows)
            return batch
        first, last = (rows * index // self.count for index in (self.index, self.index + 1))
        self.share = (last - first) / rows
        chosen = slice(first, last) if last > first else slice(0, 1)

        def cut(leaf: Any) -> Any:
            return leaf[chosen] if getattr(leaf, "shape", ())[:1] == (rows,) else leaf

        return pytree.tree_map(cut, batch)

    def _total(self, rows: int) -> int:
        total = torch.tensor(rows)
        distributed.all_reduce(total)
        return int(total)

    def same_state(self, variables: list[Any]) -> None:
        """Give all processes the variables of the first."""
        tensors = [variable._value.detach() for variable in variables]
        for part in _buckets(tensors):
            flat = _flatten_dense_tensors(part)
            distributed.broadcast(flat, 0)
            for tensor, value in zip(part, _unflatten_dense_tensors(flat, part), strict=True):
                tensor.copy_(value)

    def summed(self, gradients: list[Any]) -> list[Any]:
        """The gradients' sums over the processes; None stays None, as it is one everywhere."""
        totals = iter(self._sums([gradient for gradient in gradients if gradient is not None]))
        return [None if gradient is None else next(totals) for gradient in gradients]

    @staticmethod
    def _sums(tensors: list[Any]) -> list[Any]:
        """The sums of tensors: all buckets travel at once."""
        under_way = []
        for part in _buckets(tensors):
            flat = _flatten_dense_tensors(part)
            under_way.append((part, flat, distributed.all_reduce(flat, async_op=True)))
        sums: list[Any] = []
        for part, flat, work in under_way:
            work.wait()
            sums += _unflatten_dense_tensors(flat, part)
        return _in_order(tensors, sums)

    def add_up(self, variables: list[Any], before: list[Any]) -> None:
        """Let variables, which had the values `before` everywhere, hold what all processes added to them."""
        counts = 1 if self.share else 0
        added = [(variable._value - value) * counts for variable, value in zip(variables, before, strict=True)]
        for variable, value, total in zip(variables, before, self._sums(added), strict=True):
            variable._value.copy_(value + total)

    def average(self, variables: list[Any]) -> None:
        """Let variables hold their mean over the processes, by shares of rows."""
        for variable, mean in zip(variables, self._sums([v._value * self.share for v in variables]), strict=True):
            variable._value.copy_(mean)

    def gathered(self, outputs: Any, rows: int) -> Any:
        """The outputs for all rows of a batch, from those for the parts."""
        if not self.splits:
            return outputs
        sizes = [rows * (index + 1) // self.count - rows * index // self.count for index in range(self.count)]
        return pytree.tree_map(lambda output: self._gathered(output, sizes), outputs)

    def _gathered(self, output: torch.Tensor, sizes: list[int]) -> torch.Tensor:
        padded = output.new_zeros((max(sizes), *output.shape[1:]))
        padded[: len(output)] = output
        parts = [torch.empty_like(padded) for _ in sizes]
        distributed.all_gather(parts, padded)
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    def moments(self, mean: torch.Tensor, variance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The whole batch's mean and variance from those of this process's part."""
        whole = _Sum.apply(mean * self.share)
        return whole, _Sum.apply((variance + (mean - whole) ** 2) * self.share)  # nothing cancels


class _Sum(torch.autograd.Function):
    """The sum over the processes; what it contributes to every process's loss comes back."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        total = x.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total


def _buckets(tensors: list[Any]) -> Iterator[list[Any]]:
    """Tensors of one dtype, as many as travel together."""
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        bucket: list[Any] = []
        size = 0
        for tensor in tensors:
            if tensor.dtype is dtype:
                bucket.append(tensor)
                size += tensor.nbytes
                if size >= BUCKET:
                    yield bucket
                    bucket, size = [], 0
        if bucket:
            yield bucket


def _in_order(tensors: list[Any], found: list[Any]) -> list[Any]:
    """What was found bucket by bucket, in the order of the tensors."""
    dtypes = list(dict.fromkeys(tensor.dtype for tensor in tensors))
    remaining = {dtype: iter([one for one in found if one.dtype is dtype]) for dtype in dtypes}
    return [next(remaining[tensor.dtype]) for tensor in tensors]


def rows_of(batch: Any) -> int:
    """How many rows a batch has."""
    return next(np.shape(leaf)[0] for leaf in pytree.tree_leaves(batch) if len(np.shape(leaf)))
