"""Adafactor: second moments of matrices kept as one number for each row and column."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.backend import Variable
from kmb_core.ops.arithmetic import add, maximum, minimum, multiply, power, square, subtract, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import rsqrt, sqrt
from kmb_core.ops.manipulation import expand_dims
from kmb_core.ops.reduction import mean
from kmb_core.optimizers.fused import through
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import saved_as


@saved_as("keras.optimizers")
class Adafactor(Optimizer):
    """Adaptive steps with sublinear memory: of a matrix, means of the squares of rows and of columns alone are kept.

    Args:
        learning_rate: see `Optimizer`.
        beta_2_decay: how fast the means come to rest; mean t moves by t^beta_2_decay.
        epsilon_1: added to squares. epsilon_2: least size that a variable is taken to have.
        clip_threshold: steps are shortened to this root mean square.
        relative_step: whether the learning rate falls with 1 / sqrt(t), where it is larger than that.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: for wrong settings.

    See Shazeer and Stern, Adafactor: adaptive learning rates with sublinear memory cost, 2018.

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0])
        >>> kmb_core.optimizers.Adafactor(0.1).apply([kmb_core.ops.ones((1,))], [v])
        >>> round(float(v[0]), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, var_list: Sequence[Variable]) -> None:
        """Make what is kept of the squares of each variable: rows and columns where it has two axes or more."""
        if self.built:
            return
        super().build(var_list)
        self._rows: list[Any] = []
        self._columns: list[Any] = []
        self._velocities: list[Any] = []
        for variable in var_list:
            if variable.overwrite_with_gradient:
                kept: tuple[Any, Any, Any] = (None, None, None)
            else:
                kept = (*self._factors(variable), self.add_variable_from_reference(variable, "velocity"))
            for held, one in zip((self._rows, self._columns, self._velocities), kept, strict=True):
                held.append(one)

    def _factors(self, variable: Variable) -> tuple[Variable, Variable]:
        shape, name = tuple(variable.shape), variable.name
        if len(shape) < 2:  # nothing to factor; two numbers keep their places, as in Keras's files
            return self.add_variable((), "zeros", "int32", name=name), self.add_variable(
                (), "zeros", "int32", name=name
            )
        rows, columns = shape[:-1], (*shape[:-2], shape[-1])
        return self.add_variable(rows, name=name), self.add_variable(columns, name=name)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable along its gradient."""
        dtype, position = variable._dtype, self._position(variable)
        gradient, rate = cast(gradient, dtype), cast(learning_rate, dtype)
        step = cast(add(self._steps_made(), 1), dtype)
        if self.relative_step:
            rate = minimum(rate, rsqrt(step))
        size = maximum(_root_mean_square(variable.value), self.epsilon_2)
        keep = subtract(1.0, power(step, self.beta_2_decay))
        squares = add(square(gradient), self.epsilon_1)
        scaled = multiply(gradient, self._inverse_root(squares, keep, position, len(variable.shape)))
        excess = maximum(1.0, true_divide(_root_mean_square(scaled), self.clip_threshold))
        self.assign_sub(variable, multiply(true_divide(scaled, excess), multiply(rate, size)))

    def _inverse_root(self, squares: Any, keep: Any, position: int, rank: int) -> Any:
        """One over the root of the moving mean of squares, from rows and columns where there are some."""
        if rank < 2:
            return rsqrt(self._moved(self._velocities[position], squares, keep))
        rows = self._moved(self._rows[position], mean(squares, axis=-1), keep)
        columns = self._moved(self._columns[position], mean(squares, axis=-2), keep)
        share = true_divide(rows, mean(rows, axis=-1, keepdims=True))
        kept = multiply(expand_dims(share, -1), expand_dims(columns, -2))
        self.assign(self._velocities[position], kept)
        return rsqrt(kept)

    def _moved(self, held: Variable, value: Any, keep: Any) -> Any:
        after = add(multiply(held.value, keep), multiply(value, subtract(1.0, keep)))
        self.assign(held, after)
        return after

    def _fused_update(self, kernels: Any) -> Callable[..., None] | None:
        slots = (self._rows, self._columns, self._velocities)
        settings = {
            "decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "threshold": self.clip_threshold,
            "relative": self.relative_step,
        }
        return through(kernels.get("adafactor_update"), self, *slots, **settings)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        own = {
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }
        return super().get_config() | own


def _root_mean_square(x: Any) -> Any:
    return sqrt(mean(square(x)))
