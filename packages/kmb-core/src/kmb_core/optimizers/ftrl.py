"""FTRL: follow the regularized leader."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core import initializers
from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import absolute, add, clip, multiply, power, square, subtract, true_divide
from kmb_core.ops.comparison import greater, where
from kmb_core.ops.creation import cast, zeros_like
from kmb_core.optimizers.fused import through
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class Ftrl(Optimizer):
    """Variables that minimise the sum of all linearized losses so far plus regularization: for large sparse models.

    Args:
        learning_rate: see `Optimizer`.
        learning_rate_power: 0 or less; how the learning rate falls with the sum of squares, 0 for not at all.
        initial_accumulator_value: what the sums of squares begin with.
        l1_regularization_strength, l2_regularization_strength: weights of the penalties, 0 or more.
        l2_shrinkage_regularization_strength: of a penalty that acts on gradients alone.
        beta: added to the root of the sums in the paper's formula for the learning rate.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See McMahan et al., Ad click prediction: a view from the trenches, 2013.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Ftrl(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.6031
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        if initial_accumulator_value < 0:
            raise ValueError(f"Ftrl: initial_accumulator_value is 0 or more, got {initial_accumulator_value}")
        if learning_rate_power > 0:
            raise ValueError(f"Ftrl: learning_rate_power is 0 or less, got {learning_rate_power}")
        strengths = (l1_regularization_strength, l2_regularization_strength, l2_shrinkage_regularization_strength)
        if min(strengths) < 0:
            raise ValueError(f"Ftrl: strengths of regularization are 0 or more, got {strengths}")
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the sum of squares and the linear part of each variable."""
        if self.built:
            return
        super().build(var_list)
        starts = (initializers.Constant(self.initial_accumulator_value), "zeros")
        names = ("accumulator", "linear")
        pairs = [self.add_optimizer_variables([variable], names, starts) for variable in var_list]
        self._sums = [sums[0] for sums, _ in pairs]
        self._linears = [linears[0] for _, linears in pairs]

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient, rate = cast(gradient, dtype), cast(learning_rate, dtype)
        held, linear = self._sums[position], self._linears[position]
        value, before = variable.value, held.value
        after = add(before, square(gradient))
        shrunk = add(gradient, multiply(value, 2.0 * self.l2_shrinkage_regularization_strength))
        slope_before = power(before, -self.learning_rate_power)
        slope = power(after, -self.learning_rate_power)
        change = multiply(true_divide(subtract(slope, slope_before), rate), value)
        sums = add(linear.value, subtract(shrunk, change))
        strength = add(self.l2_regularization_strength, true_divide(self.beta, multiply(rate, 2.0)))
        quadratic = add(true_divide(slope, rate), multiply(strength, 2.0))
        l1 = self.l1_regularization_strength
        rest = subtract(clip(sums, -l1, l1), sums)
        kept = greater(absolute(sums), l1)
        self.assign(held, after)
        self.assign(linear, sums)
        self.assign(variable, where(kept, true_divide(rest, quadratic), zeros_like(value)))

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        settings = {
            "power": -self.learning_rate_power,
            "l1": self.l1_regularization_strength,
            "l2": self.l2_regularization_strength,
            "shrinkage": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
        return through(kernels.get("ftrl_update"), self, self._sums, self._linears, **settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
        return super().get_config() | own
