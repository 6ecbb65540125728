"""ScheduleFreeAdamW: Adam whose averaging replaces a learning-rate schedule."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import add, minimum, multiply, square, subtract, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import sqrt
from kmb_core.optimizers.adam_kin import moved, to_the
from kmb_core.optimizers.fused import through
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class ScheduleFreeAdamW(Optimizer):
    """Adam along a fast sequence of points, gradients taken between it and its running average.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how near to the average gradients are taken.
        beta_2: how slowly the mean of squares moves.
        epsilon: added to the root, against division by zero.
        warmup_steps: steps over which the learning rate rises to its value.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See Defazio et al., The road less scheduled, 2024.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.ScheduleFreeAdamW(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
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
        self.warmup_steps = warmup_steps

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the fast point ("momentum") and the mean of squares of each variable."""
        if self.built:
            return
        super().build(var_list)
        names = ("momentum", "velocity")
        pairs = [self.add_optimizer_variables([variable], names) for variable in var_list]
        self._points = [points[0] for points, _ in pairs]
        self._velocities = [velocities[0] for _, velocities in pairs]
        for point, variable in zip(self._points, var_list, strict=True):
            if point is not None:
                point.assign(variable.value)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient, rate = cast(gradient, dtype), cast(learning_rate, dtype)
        step = cast(add(self._steps_made(), 1), dtype)
        if self.warmup_steps:
            rate = multiply(rate, minimum(true_divide(step, float(self.warmup_steps)), 1.0))
        squares = moved(self, self._velocities[position], square(gradient), self.beta_2)
        root = sqrt(true_divide(squares, subtract(1.0, to_the(self.beta_2, step))))
        point, here = self._points[position], variable.value
        before = point.value
        average = true_divide(subtract(here, multiply(before, 1 - self.beta_1)), self.beta_1)
        after = subtract(before, true_divide(multiply(gradient, rate), add(root, self.epsilon)))
        share = true_divide(1.0, step)
        average = add(multiply(average, subtract(1.0, share)), multiply(after, share))
        self.assign(point, after)
        self.assign(variable, add(multiply(after, 1 - self.beta_1), multiply(average, self.beta_1)))

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        settings = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "warmup": self.warmup_steps}
        kernel = kernels.get("schedule_free_update")
        return through(kernel, self, self._points, self._velocities, **settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
        return super().get_config() | own
