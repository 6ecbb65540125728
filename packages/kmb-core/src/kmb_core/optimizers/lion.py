"""Lion: steps of one size, in the direction of the sign of a moving mean."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import add, multiply, sign
from kmb_core.ops.creation import cast
from kmb_core.optimizers.fused import through
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class Lion(Optimizer):
    """Steps of the learning rate's size, in the direction of the sign of a moving mean of gradients.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how much of the mean goes into the step, the rest being the gradient; above 0, up to 1.
        beta_2: how slowly the mean moves.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See Chen et al., Symbolic discovery of optimization algorithms, 2023.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Lion(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        if not 0 < beta_1 <= 1:
            raise ValueError(f"Lion: beta_1 lies above 0 and is at most 1, got {beta_1}")
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make the mean gradient of each variable."""
        if self.built:
            return
        super().build(var_list)
        self._momentums = self.add_optimizer_variables(var_list, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype = variable._dtype
        gradient = cast(gradient, dtype)
        held = self._momentums[self._position(variable)]
        before = held.value
        direction = sign(add(multiply(before, self.beta_1), multiply(gradient, 1 - self.beta_1)))
        self.assign(held, add(multiply(before, self.beta_2), multiply(gradient, 1 - self.beta_2)))
        self.assign_sub(variable, multiply(direction, cast(learning_rate, dtype)))

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        settings = {"beta_1": self.beta_1, "beta_2": self.beta_2}
        return through(kernels.get("lion_update"), self, self._momentums, **settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2}
