"""Sums of probabilities that are held as logarithms."""

from kmb_core.ops.arithmetic import add, maximum, subtract
from kmb_core.ops.creation import stop_gradient
from kmb_core.ops.functions import exp, log
from kmb_core.typing import Tensor

IMPOSSIBLE = -1e30  # the logarithm of zero, as a finite number: infinities would give NaN in differences and gradients


def log_of_sum(x: Tensor, y: Tensor) -> Tensor:
    """`log(exp(x) + exp(y))` of finite numbers; its gradient is right where they are equal, too."""
    largest = stop_gradient(maximum(x, y))
    return add(log(add(exp(subtract(x, largest)), exp(subtract(y, largest)))), largest)
