"""Adam, and AdamW: the same with weight decay switched on.

The maths is that of Kingma and Ba, 2015, in the form before their section 2.1: `epsilon` is added to the root of the
uncorrected second moment. AMSGrad is Reddi et al., 2018; decoupled weight decay Loshchilov and Hutter, 2019.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import add, maximum, multiply, negative, square, subtract, true_divide
from kmb_core.ops.creation import cast, ones_like
from kmb_core.ops.functions import expm1, sqrt
from kmb_core.optimizers.fused import storages
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class Adam(Optimizer):
    """Steps along a moving mean of gradients, divided by the root of that of their squares.

    Args:
        learning_rate: see `Optimizer`.
        beta_1: how slowly the mean of gradients moves.
        beta_2: how slowly the mean of squares moves.
        epsilon: added to the root, against division by zero.
        amsgrad: divide by the largest root so far.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Adam(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self.amsgrad = amsgrad

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make both moments of each variable; with AMSGrad the largest second one too."""
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._velocities = self.add_optimizer_variables(var_list, ("momentum", "velocity"))
        self._velocity_hats = self.add_optimizer_variables(var_list, "velocity_hat") if self.amsgrad else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient, rate = cast(gradient, dtype), cast(learning_rate, dtype)
        step = cast(add(self._steps_made(), 1), dtype)
        correction_1, correction_2 = _correction(self.beta_1, step), _correction(self.beta_2, step)
        alpha = true_divide(multiply(rate, sqrt(correction_2)), correction_1)
        first, second = self._momentums[position], self._velocities[position]
        mean = self._moved(first, gradient, self.beta_1)
        squares = self._moved(second, square(gradient), self.beta_2)
        if self.amsgrad:
            largest = self._velocity_hats[position]
            squares = maximum(largest.value, squares)
            self.assign(largest, squares)
        self.assign_sub(variable, true_divide(multiply(mean, alpha), add(sqrt(squares), self.epsilon)))

    def _moved(self, held: Variable, value: Any, beta: float) -> Any:
        """A moving mean, moved on by one value."""
        before = held.value
        after = add(before, multiply(subtract(value, before), 1 - beta))
        self.assign(held, after)
        return after

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        kernel = kernels.get("adam_update")
        if kernel is None:
            return None
        variables, first, second, largest = (
            self._trainable_variables,
            self._momentums,
            self._velocities,
            self._velocity_hats,
        )
        decay = self.weight_decay if self._all_decay() else 0.0
        beta_1, beta_2, epsilon = self.beta_1, self.beta_2, self.epsilon

        def update(gradients: Any, step: Any, learning_rate: Any) -> None:
            kernel(
                storages(variables),
                gradients,
                storages(first),
                storages(second),
                step,
                learning_rate,
                beta_1,
                beta_2,
                epsilon,
                decay,
                storages(largest) if largest else None,
            )

        return update

    def _all_decay(self) -> bool:
        """Whether the kernel, which knows one decay for all, can see to it."""
        return all(map(self._decays, self._trainable_variables))

    def _separate_decays(self, kernels: Any) -> list[tuple[list[Variable], float]]:
        return [] if self._all_decay() else super()._separate_decays(kernels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return super().get_config() | own


def _correction(beta: float, step: Any) -> Any:
    """`1 - beta ** step`, exact to the last digits also in float32, where 0.999 ** 1 has lost five of them."""
    return negative(expm1(multiply(step, math.log(beta)))) if beta > 0 else ones_like(step)


@saved_as("keras.optimizers")
class AdamW(Adam):
    """Adam with decoupled weight decay.

    Args:
        learning_rate: see `Optimizer`.
        weight_decay: this part of each variable, times the learning rate, is taken off before each step.
        beta_1, beta_2, epsilon, amsgrad: see `Adam`.
        clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: when `weight_decay` is None, and for wrong settings.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.AdamW(0.1, weight_decay=0.5).apply([kmb_core.ops.zeros((1,))], [v])
        >>> round(float(v[0]), 4)
        0.95
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            amsgrad=amsgrad,
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
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay is a number, got None; use Adam to train without")
