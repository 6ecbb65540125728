"""Adagrad and Adadelta: steps divided by the root of all, or of recent, squares of gradients."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core import initializers
from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import add, multiply, square, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import sqrt
from kmb_core.optimizers.fused import through
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class Adagrad(Optimizer):
    """Steps along gradients, divided by the root of the sum of all their squares so far.

    Args:
        learning_rate: see `Optimizer`.
        initial_accumulator_value: what the sums begin with.
        epsilon: added to the sums, against division by zero.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See Duchi et al., Adaptive subgradient methods for online learning and stochastic optimization, 2011.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Adagrad(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.9047
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
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
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the sum of squares of each variable."""
        if self.built:
            return
        super().build(var_list)
        start = initializers.Constant(self.initial_accumulator_value)
        self._accumulators_of_squares = self.add_optimizer_variables(var_list, "accumulator", start)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype = variable._dtype
        gradient = cast(gradient, dtype)
        held = self._accumulators_of_squares[self._position(variable)]
        squares = add(held.value, square(gradient))
        self.assign(held, squares)
        step = multiply(gradient, cast(learning_rate, dtype))
        self.assign_sub(variable, true_divide(step, sqrt(add(squares, self.epsilon))))

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        kernel = kernels.get("adagrad_update")
        return through(kernel, self, self._accumulators_of_squares, epsilon=self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


@saved_as("keras.optimizers")
class Adadelta(Optimizer):
    """Steps whose size follows the sizes of recent steps, over that of recent gradients.

    Args:
        learning_rate: see `Optimizer`.
        rho: how slowly the means of squares move.
        epsilon: added to the means of squares.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See Zeiler, ADADELTA: an adaptive learning rate method, 2012.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Adadelta(1.0, epsilon=1e-2).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.5918
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
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
        self.epsilon = epsilon

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the mean squares of gradients and of steps of each variable."""
        if self.built:
            return
        super().build(var_list)
        names = ("accumulated_grad", "accumulated_delta_var")
        pairs = [self.add_optimizer_variables([variable], names) for variable in var_list]
        self._accumulated_grads = [of_gradients[0] for of_gradients, _ in pairs]
        self._accumulated_delta_vars = [of_steps[0] for _, of_steps in pairs]

    def update_step(self, grad: Any, variable: Variable, learning_rate: Any) -> None:  # type: ignore[override]  # Keras's name
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient = cast(grad, dtype)
        of_steps = self._accumulated_delta_vars[position]
        squares = self._moved(self._accumulated_grads[position], square(gradient))
        size = true_divide(sqrt(add(of_steps.value, self.epsilon)), sqrt(add(squares, self.epsilon)))
        step = multiply(gradient, size)
        self._moved(of_steps, square(step))
        self.assign_sub(variable, multiply(step, cast(learning_rate, dtype)))

    def _moved(self, held: Variable, value: Any) -> Any:
        after = add(multiply(held.value, self.rho), multiply(value, 1 - self.rho))
        self.assign(held, after)
        return after

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        slots = (self._accumulated_grads, self._accumulated_delta_vars)
        return through(kernels.get("adadelta_update"), self, *slots, rho=self.rho, epsilon=self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {"rho": self.rho, "epsilon": self.epsilon}
