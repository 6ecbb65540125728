"""Learning rates that fall: by a factor, with the step's number, along a polynomial, or in stairs."""

from collections.abc import Sequence
from typing import Any

from kmb_core.errors import message
from kmb_core.ops.arithmetic import add, ceil, floor, maximum, minimum, multiply, power, subtract, true_divide
from kmb_core.ops.comparison import less_equal, where
from kmb_core.ops.creation import ones_like
from kmb_core.optimizers.schedules.schedule import Configured, as_float
from kmb_core.serialization import saved_as


def check_positive(value: float, argument: str, where: str) -> None:
    """Refuse a number of steps that is not greater than 0."""
    if value <= 0:
        raise ValueError(f"{where}: {argument} is greater than 0, got {value}")


@saved_as("keras.optimizers.schedules")
class ExponentialDecay(Configured):
    """`rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: the rate of step 0.
        decay_steps: after so many steps the rate has fallen by one factor.
        decay_rate: the factor.
        staircase: fall at once after each `decay_steps`, instead of a little with every step.
        name: kept in the config.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)(10)), 4)
        0.025
    """

    arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        check_positive(decay_steps, "decay_steps", "ExponentialDecay")
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step."""
        falls = true_divide(as_float(step), float(self.decay_steps))
        falls = floor(falls) if self.staircase else falls
        return multiply(power(multiply(ones_like(falls), self.decay_rate), falls), self.initial_learning_rate)


@saved_as("keras.optimizers.schedules")
class InverseTimeDecay(Configured):
    """`rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: the rate of step 0.
        decay_steps: how many steps count as one.
        decay_rate: how much the divisor grows with one.
        staircase: fall at once after each `decay_steps`, instead of a little with every step.
        name: kept in the config.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.optimizers.schedules.InverseTimeDecay(0.1, 5, 0.5)(10)), 4)
        0.05
    """

    arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        check_positive(decay_steps, "decay_steps", "InverseTimeDecay")
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step."""
        falls = true_divide(as_float(step), float(self.decay_steps))
        falls = floor(falls) if self.staircase else falls
        return true_divide(self.initial_learning_rate, add(multiply(falls, self.decay_rate), 1.0))


@saved_as("keras.optimizers.schedules")
class PiecewiseConstantDecay(Configured):
    """One value up to the first boundary, the next up to the second, and so on.

    Args:
        boundaries: rising numbers of steps; a boundary belongs to what lies before it.
        values: rates, one more than boundaries.
        name: kept in the config.

    Raises:
        ValueError: for another number of values.

    Example:
        >>> import kmb_core
        >>> schedule = kmb_core.optimizers.schedules.PiecewiseConstantDecay([3], [1.0, 0.5])
        >>> float(schedule(3)), float(schedule(4))
        (1.0, 0.5)
    """

    arguments = ("boundaries", "values", "name")

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) + 1 != len(values):
            what = f"PiecewiseConstantDecay: {len(values)} values for {len(boundaries)} boundaries"
            raise ValueError(message(what, None, "There is one value more than boundaries."))
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step."""
        step = as_float(step)
        rate = multiply(ones_like(step), float(self.values[-1]))
        for boundary, value in reversed(list(zip(self.boundaries, self.values, strict=False))):
            rate = where(less_equal(step, float(boundary)), float(value), rate)
        return rate


@saved_as("keras.optimizers.schedules")
class PolynomialDecay(Configured):
    """From one rate to another along `(1 - step / decay_steps) ** power`.

    Args:
        initial_learning_rate: the rate of step 0.
        decay_steps: the step at which the end is reached.
        end_learning_rate: the rate from then on.
        power: of the polynomial.
        cycle: start anew when the end is reached, over a longer time.
        name: kept in the config.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.optimizers.schedules.PolynomialDecay(0.1, 10, 0.0)(5)), 4)
        0.05
    """

    arguments = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        check_positive(decay_steps, "decay_steps", "PolynomialDecay")
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step."""
        step, whole = as_float(step), float(self.decay_steps)
        if self.cycle:
            part = true_divide(step, multiply(maximum(ceil(true_divide(step, whole)), 1.0), whole))
        else:
            part = true_divide(minimum(step, whole), whole)
        left = power(subtract(1.0, part), float(self.power))
        return add(multiply(left, self.initial_learning_rate - self.end_learning_rate), self.end_learning_rate)
