"""The whole of an eager `apply` as one compiled computation, on backends whose eager ops are dear.

Such a backend has a kernel "compiled_step"; it is given the step as a function of gradients and the variables that this
changes, and returns a function that makes the step, or says False where it is being traced itself.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

from kmb_core.backend import Variable
from kmb_core.optimizers.fused import any_special, steps_as_declared
from kmb_core.optimizers.schedules.schedule import LearningRateSchedule

if TYPE_CHECKING:
    from kmb_core.optimizers.optimizer import Optimizer

_UNCOMPILED = 2  # steps: compiling takes longer than a few of them, and there may never be more


class CompiledStep:
    """Eager calls with a gradient for each variable; anything else is left to the general way."""

    @classmethod
    def of(cls, optimizer: "Optimizer") -> Optional["CompiledStep"]:
        """The compiled step of a built optimizer; None where there cannot be one."""
        rate = optimizer._learning_rate
        known = isinstance(rate, (Variable, LearningRateSchedule))  # a function may give another rate each time
        if "compiled_step" not in optimizer._backend.kernels or not known or not steps_as_declared(optimizer):
            return None
        return cls(optimizer) if optimizer._trainable_variables else None

    def __init__(self, optimizer: "Optimizer") -> None:
        self.optimizer = optimizer
        self.ids = list(map(id, optimizer._trainable_variables))
        self.made = 0
        self.step: Any = None

    def __call__(self, grads: Sequence[Any], variables: Any) -> bool:
        """Make the step; False where this is not the way."""
        if variables is not None and list(map(id, variables)) != self.ids:
            return False
        if len(grads) != len(self.ids) or not self.optimizer._backend.native.issuperset(map(type, grads)):
            return False
        if any_special(self.optimizer._trainable_variables):
            return False
        if self.made < _UNCOMPILED:
            self.made += 1
            return False
        if self.step is None:
            optimizer = self.optimizer
            changed = [*optimizer._trainable_variables, *optimizer.variables]
            self.step = optimizer._backend.kernels["compiled_step"](optimizer._apply_here, changed)
        return self.step(grads)
