"""RMSprop (Tieleman and Hinton, 2012)."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import add, multiply, square, subtract
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import rsqrt
from kmb_core.optimizers.fused import through
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class RMSprop(Optimizer):
    """Steps along gradients, divided by the root of a moving mean of their squares.

    Args:
        learning_rate: see `Optimizer`.
        rho: how slowly the mean of squares moves.
        momentum: how much of the last step is kept.
        epsilon: added under the root, against division by zero.
        centered: take the square of the mean gradient off the mean square.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.RMSprop(0.1, rho=0.0).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the mean square of each variable; its last step and mean gradient where they are needed."""
        if self.built:
            return
        super().build(var_list)
        self._velocities = self.add_optimizer_variables(var_list, "velocity")
        self._momentums = self.add_optimizer_variables(var_list, "momentum") if self.momentum > 0 else []
        self._average_gradients = self.add_optimizer_variables(var_list, "average_gradient") if self.centered else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient = cast(gradient, dtype)
        squares = self._moved(self._velocities[position], square(gradient))
        if self.centered:
            squares = subtract(squares, square(self._moved(self._average_gradients[position], gradient)))
        step = multiply(multiply(gradient, cast(learning_rate, dtype)), rsqrt(add(squares, self.epsilon)))
        if self.momentum > 0:
            held = self._momentums[position]
            step = add(multiply(held.value, self.momentum), step)
            self.assign(held, step)
        self.assign_sub(variable, step)

    def _moved(self, held: Variable, value: Any) -> Any:
        """A moving mean, moved on by one value."""
        after = add(multiply(held.value, self.rho), multiply(value, 1 - self.rho))
        self.assign(held, after)
        return after

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        slots = (self._velocities, self._momentums, self._average_gradients)
        settings = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon}
        return through(kernels.get("rmsprop_update"), self, *slots, **settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return super().get_config() | own
