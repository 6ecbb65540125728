"""Adam's kin: Adamax, Nadam and LAMB."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import absolute, add, maximum, multiply, power, square, subtract, true_divide
from kmb_core.ops.comparison import greater, logical_and, where
from kmb_core.ops.creation import cast, ones_like
from kmb_core.ops.functions import sqrt
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.optimizers.fused import through
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


def moved(optimizer: Optimizer, held: Variable, value: Any, beta: float) -> Any:
    """A moving mean, moved on by one value."""
    before = held.value
    after = add(before, multiply(subtract(value, before), 1 - beta))
    optimizer.assign(held, after)
    return after


def to_the(base: float, exponent: Any) -> Any:
    """A number to the power of a tensor, in its dtype."""
    return power(multiply(ones_like(exponent), base), exponent)


@saved_as("keras.optimizers")
class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the root of the mean square.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how slowly the mean of gradients moves.
        beta_2: how slowly the mean of squares (Adamax: the norm) moves.
        epsilon: against division by zero.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See Kingma and Ba, Adam: a method for stochastic optimization, 2015, section 7.1.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Adamax(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the mean and the norm of the gradients of each variable."""
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._norms = _pairs(self, var_list, ("momentum", "norm"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient, rate = cast(gradient, dtype), cast(learning_rate, dtype)
        step = cast(add(self._steps_made(), 1), dtype)
        mean = moved(self, self._momentums[position], gradient, self.beta_1)
        held = self._norms[position]
        norm = maximum(multiply(held.value, self.beta_2), absolute(gradient))
        self.assign(held, norm)
        corrected = true_divide(multiply(rate, mean), subtract(1.0, to_the(self.beta_1, step)))
        self.assign_sub(variable, true_divide(corrected, add(norm, self.epsilon)))

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        settings = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return through(kernels.get("adamax_update"), self, self._momentums, self._norms, **settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


@saved_as("keras.optimizers")
class Nadam(Optimizer):
    """Adam with Nesterov's look ahead, along a momentum that grows towards beta_1.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how slowly the mean of gradients moves.
        beta_2: how slowly the mean of squares (Adamax: the norm) moves.
        epsilon: against division by zero.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See Dozat, Incorporating Nesterov momentum into Adam, 2016.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Nadam(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.8937
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make both moments of each variable, and the product of the momentums so far."""
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._velocities = _pairs(self, var_list, ("momentum", "velocity"))
        self._u_product = self.add_variable((), "ones", self._trainable_dtype(var_list), "none", None, "variable")

    def _trainable_dtype(self, var_list: Sequence[Variable]) -> str:
        return var_list[0]._dtype if var_list else "float32"

    def _step(self, grads: list[Any], variables: list[Variable]) -> None:
        product = self._u_product.value
        self.assign(self._u_product, multiply(product, cast(self._momentum_at(1), self._u_product._dtype)))
        super()._step(grads, variables)

    def _momentum_at(self, ahead: int) -> Any:
        """`beta_1 * (1 - 0.96^t / 2)`, t counted from one."""
        step = cast(add(self._steps_made(), ahead), self._u_product._dtype)
        return multiply(subtract(1.0, multiply(to_the(0.96, step), 0.5)), self.beta_1)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient, rate = cast(gradient, dtype), cast(learning_rate, dtype)
        now, later = cast(self._momentum_at(1), dtype), cast(self._momentum_at(2), dtype)
        product = cast(self._u_product.value, dtype)
        step = cast(add(self._steps_made(), 1), dtype)
        mean = moved(self, self._momentums[position], gradient, self.beta_1)
        squares = moved(self, self._velocities[position], square(gradient), self.beta_2)
        of_mean = true_divide(multiply(mean, later), subtract(1.0, multiply(product, later)))
        of_gradient = true_divide(multiply(gradient, subtract(1.0, now)), subtract(1.0, product))
        root = sqrt(true_divide(squares, subtract(1.0, to_the(self.beta_2, step))))
        self.assign_sub(variable, true_divide(multiply(add(of_mean, of_gradient), rate), add(root, self.epsilon)))

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        slots = (self._momentums, self._velocities, [self._u_product])
        settings = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return through(kernels.get("nadam_update"), self, *slots, **settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


@saved_as("keras.optimizers")
class Lamb(Optimizer):
    """Adam's direction, its length that of the variable: for large batches.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how slowly the mean of gradients moves.
        beta_2: how slowly the mean of squares (Adamax: the norm) moves.
        epsilon: against division by zero.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See You et al., Large batch optimization for deep learning: training BERT in 76 minutes, 2020.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Lamb(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make both moments of each variable."""
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._velocities = _pairs(self, var_list, ("momentum", "velocity"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient, rate = cast(gradient, dtype), cast(learning_rate, dtype)
        step = cast(add(self._steps_made(), 1), dtype)
        mean = moved(self, self._momentums[position], gradient, self.beta_1)
        squares = moved(self, self._velocities[position], square(gradient), self.beta_2)
        mean = true_divide(mean, subtract(1.0, to_the(self.beta_1, step)))
        squares = true_divide(squares, subtract(1.0, to_the(self.beta_2, step)))
        direction = true_divide(mean, add(sqrt(squares), self.epsilon))
        own, other = _length(variable.value), _length(direction)
        ratio = where(logical_and(greater(own, 0.0), greater(other, 0.0)), true_divide(own, maximum(other, _TINY)), 1.0)
        self.assign_sub(variable, multiply(direction, multiply(cast(ratio, dtype), rate)))

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        settings = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return through(kernels.get("lamb_update"), self, self._momentums, self._velocities, **settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


_TINY = 1e-30


def _length(x: Any) -> Any:
    return sqrt(sum_of(square(x)))


def _pairs(optimizer: Optimizer, variables: Sequence[Variable], names: tuple[str, str]) -> tuple[list[Any], list[Any]]:
    """Two variables beside each, in the order in which they are saved."""
    pairs = [optimizer.add_optimizer_variables([variable], names) for variable in variables]
    return [first[0] for first, _ in pairs], [second[0] for _, second in pairs]
