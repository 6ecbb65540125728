"""Stochastic gradient descent, with momentum and Nesterov's."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import multiply, subtract
from kmb_core.ops.creation import cast
from kmb_core.optimizers.fused import storages
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class SGD(Optimizer):
    """Gradient descent: `w = w - rate * g`; with momentum `v = momentum * v - rate * g` and `w = w + v`.

    Args:
        learning_rate: see `Optimizer`.
        momentum: how much of the last step is kept, from 0 to 1.
        nesterov: step to `w + momentum * v - rate * g` instead (Sutskever et al., 2013, section 2).
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for a momentum outside of 0 to 1, and for wrong settings.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.SGD(0.5).apply([kmb_core.ops.ones((1,))], [v])
        >>> float(v[0])
        0.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        if not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ValueError(f"SGD: momentum lies between 0 and 1, got {momentum!r}")
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a velocity for each variable, where there is momentum."""
        if self.built:
            return
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        step = multiply(cast(gradient, variable._dtype), cast(learning_rate, variable._dtype))
        if not self.momentum:
            self.assign_sub(variable, step)
            return
        held = self.momentums[self._position(variable)]
        velocity = subtract(multiply(held.value, self.momentum), step)
        self.assign(held, velocity)
        self.assign_add(variable, subtract(multiply(velocity, self.momentum), step) if self.nesterov else velocity)

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        kernel = kernels.get("sgd_update")
        if kernel is None:
            return None
        variables, held, momentum, nesterov = self._trainable_variables, self.momentums, self.momentum, self.nesterov

        def update(gradients: Any, step: Any, learning_rate: Any) -> None:
            velocities = storages(held) if held else None
            kernel(storages(variables), gradients, velocities, learning_rate, momentum, nesterov)

        return update

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {"momentum": self.momentum, "nesterov": self.nesterov}
