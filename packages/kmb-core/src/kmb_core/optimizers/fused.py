"""A whole step as one call of the backend's kernel.

It is taken where a step is nothing but the optimizer's maths: no clipping, accumulation, averages or constraints. Where
the backend's kernels want numbers of the host ("host_scalars" tells how often a variable's storage was written), the
counter of steps and the learning rate are mirrored there and read again only after somebody else has written them.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from operator import is_
from typing import TYPE_CHECKING, Any, Optional

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import add
from kmb_core.optimizers.gradients import as_tensors

if TYPE_CHECKING:
    from kmb_core.optimizers.optimizer import Optimizer


# Kernels may round their settings to the variables' dtype, and 0.999 is 1 in bfloat16: nothing would be trained.
_WIDE = frozenset({"float32", "float64"})


class Mirror:
    """The value of a scalar variable as a number of the host."""

    __slots__ = ("number", "storage", "variable", "written", "writes")

    def __init__(self, variable: Variable, writes: Callable[[Any], int]) -> None:
        self.variable = variable
        self.writes = writes
        self.storage: Any = None
        self.written = -1
        self.number: Any = None

    def read(self) -> Any:
        """The number; asked from the device only when the storage was written since."""
        storage = self.variable._value
        written = self.writes(storage)
        if storage is not self.storage or written != self.written:
            self.number = self.variable.numpy().item()
            self.storage, self.written = storage, written
        return self.number

    def advance(self) -> None:
        """The storage was counted up by one, and so is the number."""
        self.number += 1
        self.written = self.writes(self.storage)


class FusedStep:
    """The quick way through `Optimizer.apply`."""

    @classmethod
    def of(cls, optimizer: "Optimizer") -> Optional["FusedStep"]:
        """The quick way of a built optimizer; None where it has none."""
        o = optimizer
        more_than_maths = (
            o.clipnorm,
            o.clipvalue,
            o.global_clipnorm,
            o.loss_scale_factor,
            o.gradient_accumulation_steps,
        )
        if o.use_ema or any(setting for setting in more_than_maths) or not o._trainable_variables:
            return None
        if not all(v._dtype in _WIDE for v in o._trainable_variables):
            return None
        update = o._fused_update(o._backend.kernels)
        return None if update is None else cls(o, update)

    def __init__(self, optimizer: "Optimizer", update: Callable[..., None]) -> None:
        kernels = optimizer._backend.kernels
        self.optimizer = optimizer
        self.update = update
        self.variables = optimizer._trainable_variables
        self.ids = list(map(id, self.variables))
        self.native = optimizer._backend.native
        self.increment = kernels.get("increment")
        writes = kernels.get("host_scalars")
        self.steps = None if writes is None else Mirror(optimizer._iterations, writes)
        self.rate = None
        if writes is not None and isinstance(optimizer._learning_rate, Variable):
            self.rate = Mirror(optimizer._learning_rate, writes)

    def takes(self, grads: Sequence[Any], variables: Any) -> bool:
        """Whether this call is for the variables that it was made for, with a gradient for each and nothing special."""
        if variables is not None and list(map(id, variables)) != self.ids:
            return False
        if len(grads) != len(self.ids) or any(map(is_, grads, repeat(None))):
            return False
        return not [1 for v in self.variables if v._constraint is not None or v._overwrite_with_gradient]

    def __call__(self, grads: Sequence[Any]) -> None:
        """Make the step."""
        if not self.native.issuperset(map(type, grads)):
            grads = as_tensors(list(grads))
        if self.steps is None:
            self._on_device(grads)
        else:
            step = self.steps.read() + 1
            self.update(grads, step, self.rate.read() if self.rate is not None else self._host_rate())
            if self.increment is None:
                self.optimizer._iterations.assign_add(1)
            else:
                self.increment(self.steps.storage)
                self.steps.advance()

    def _on_device(self, grads: Sequence[Any]) -> None:
        optimizer = self.optimizer
        self.update(grads, add(optimizer._iterations.value, 1), optimizer._current_learning_rate())
        optimizer._iterations.assign_add(1)

    def _host_rate(self) -> float:
        """What a schedule or a function gives, as a number."""
        rate = self.optimizer._current_learning_rate()
        return float(self.optimizer._backend.to_numpy(rate)) if self.optimizer._backend.is_tensor(rate) else float(rate)
