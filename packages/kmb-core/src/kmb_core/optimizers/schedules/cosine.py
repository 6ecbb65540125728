"""Learning rates that fall along half a cosine (Loshchilov and Hutter, SGDR, 2017)."""

import math
from typing import Any

from kmb_core.ops.arithmetic import add, floor, minimum, multiply, power, subtract, true_divide
from kmb_core.ops.comparison import less, where
from kmb_core.ops.creation import ones_like
from kmb_core.ops.functions import cos, log
from kmb_core.optimizers.schedules.decays import check_positive
from kmb_core.optimizers.schedules.schedule import Configured, as_float
from kmb_core.serialization import saved_as


def half_cosine(part: Any, alpha: float) -> Any:
    """From 1, where part is 0, to alpha, where it is 1."""
    wave = multiply(add(cos(multiply(part, math.pi)), 1.0), 0.5)
    return add(multiply(wave, 1 - alpha), alpha)


@saved_as("keras.optimizers.schedules")
class CosineDecay(Configured):
    """Along half a cosine to `alpha` times the rate, after a linear warm-up if wanted.

    Args:
        initial_learning_rate: the rate of step 0.
        decay_steps: how many steps the fall takes.
        alpha: the part of the rate that remains.
        name: kept in the config.
        warmup_target: the rate at the end of the warm-up, where the fall starts; None for no warm-up.
        warmup_steps: how many steps the warm-up takes.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.optimizers.schedules.CosineDecay(0.1, 10)(5)), 4)
        0.05
    """

    arguments = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        check_positive(decay_steps, "decay_steps", "CosineDecay")
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step."""
        step = as_float(step)
        if self.warmup_target is None:
            return self._fallen(step, self.initial_learning_rate)
        since = subtract(step, float(self.warmup_steps))
        fallen = self._fallen(since, self.warmup_target)
        if not self.warmup_steps:
            return fallen
        rise = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        return where(less(since, 0.0), add(multiply(step, rise), self.initial_learning_rate), fallen)

    def _fallen(self, step: Any, start: float) -> Any:
        whole = float(self.decay_steps)
        return multiply(half_cosine(true_divide(minimum(step, whole), whole), self.alpha), start)


@saved_as("keras.optimizers.schedules")
class CosineDecayRestarts(Configured):
    """Along half a cosine to `alpha` times the rate, again and again.

    Args:
        initial_learning_rate: the rate of step 0.
        first_decay_steps: how many steps the first fall takes.
        t_mul: each fall takes so many times the steps of the last.
        m_mul: each starts at so many times the rate of the last.
        alpha: the part of the rate that remains at the end of a fall.
        name: kept in the config.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.optimizers.schedules.CosineDecayRestarts(0.1, 10)(10)), 4)
        0.1
    """

    arguments = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        check_positive(first_decay_steps, "first_decay_steps", "CosineDecayRestarts")
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step."""
        done = true_divide(as_float(step), float(self.first_decay_steps))
        if self.t_mul == 1.0:
            restarts = floor(done)
            part = subtract(done, restarts)
        else:
            restarts, part = self._growing(done)
        start = power(multiply(ones_like(part), float(self.m_mul)), restarts)
        return multiply(multiply(half_cosine(part, self.alpha), start), self.initial_learning_rate)

    def _growing(self, done: Any) -> tuple[Any, Any]:
        """How many falls are over, and which part of the current one; falls are a geometric series."""
        growth = float(self.t_mul)
        grown = subtract(1.0, multiply(done, 1.0 - growth))
        restarts = floor(true_divide(log(grown), math.log(growth)))
        length = power(multiply(ones_like(done), growth), restarts)
        before = true_divide(subtract(1.0, length), 1.0 - growth)
        return restarts, true_divide(subtract(done, before), length)
