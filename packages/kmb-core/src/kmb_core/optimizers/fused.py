"""A whole step as a few calls of the backend's kernels, each for all variables at once.

Clipping, decay and moving averages have kernels of their own; gradient accumulation, loss scales and constraints take
the general way. Where the backend's kernels want numbers of the host ("host_scalars" tells how often a variable's
storage was written), the counter of steps and the learning rate are mirrored there and read again only after somebody
else has written them.
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
        o, kernels = optimizer, optimizer._backend.kernels
        if o.loss_scale_factor or o.gradient_accumulation_steps or not o._trainable_variables:
            return None
        if not all(v._dtype in _WIDE and not v.overwrite_with_gradient for v in o._trainable_variables):
            return None
        decays = o._separate_decays(kernels)
        needed = {"clip_gradients": _clips(o), "decay_update": decays, "average_update": o.use_ema}
        if any(wanted and name not in kernels for name, wanted in needed.items()) or not steps_as_declared(o):
            return None
        update = o._fused_update(kernels)
        return None if update is None else cls(o, update, decays)

    def __init__(
        self, optimizer: "Optimizer", update: Callable[..., None], decays: list[tuple[list[Variable], float]]
    ) -> None:
        kernels = optimizer._backend.kernels
        self.optimizer = optimizer
        self.update = _surrounded(optimizer, update, decays)
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
        return not any_special(self.variables)

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


def any_special(variables: Sequence[Variable]) -> bool:
    """Whether there is more to do for one of the variables than the optimizer's maths."""
    return bool([1 for v in variables if v._constraint is not None or v._overwrite_with_gradient])


def steps_as_declared(optimizer: "Optimizer") -> bool:
    """Whether the steps are this package's: a subclass that steps in its own way is not replaced by a kernel."""
    own = {name for kind in type(optimizer).__mro__ if not kind.__module__.startswith(_HERE) for name in vars(kind)}
    return not any(name in _STEPS or "update" in name or "step" in name for name in own)


_HERE = "kmb_core.optimizers"
_STEPS = frozenset({"apply", "assign", "assign_add", "assign_sub", "lr_adjust", "transpose_last_axis", "iterations"})


def _clips(optimizer: "Optimizer") -> tuple[Any, Any, Any] | None:
    limits = (optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm)
    return limits if any(limit is not None for limit in limits) else None


def _surrounded(
    optimizer: "Optimizer", update: Callable[..., None], decays: list[tuple[list[Variable], float]]
) -> Callable[..., None]:
    """The update, with clipping and decay before it and moving averages behind it."""
    kernels, limits, variables = optimizer._backend.kernels, _clips(optimizer), optimizer._trainable_variables
    if not (limits or decays or optimizer.use_ema):
        return update

    def surrounded(gradients: Any, step: Any, learning_rate: Any) -> None:
        if limits:
            gradients = kernels["clip_gradients"](gradients, *limits)
        for decayed, decay in decays:
            kernels["decay_update"](storages(decayed), learning_rate * decay)
        update(gradients, step, learning_rate)
        if optimizer.use_ema:
            every = optimizer.ema_overwrite_frequency
            overwrites = bool(every) and step % every == 0
            momentum = 0.0 if step == 1 else optimizer.ema_momentum
            kernels["average_update"](storages(optimizer._averages), storages(variables), momentum, overwrites)

    return surrounded


def storages(variables: Sequence[Any]) -> list[Any]:
    """What variables keep their values in."""
    return [variable._value for variable in variables]


def through(kernel: Callable[..., None] | None, optimizer: "Optimizer", *slots: Any, **settings: Any) -> Any:
    """An update by a kernel (parameters, gradients, *slots, step, learning_rate, **settings); None without a kernel."""
    if kernel is None:
        return None
    variables = optimizer._trainable_variables

    def update(gradients: Any, step: Any, learning_rate: Any) -> None:
        kernel(storages(variables), gradients, *map(storages, slots), step, learning_rate, **settings)

    return update
