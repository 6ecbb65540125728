"""The learning rate of an optimizer: a variable, a schedule of the step's number, or a function; and that number."""

from typing import Any

import numpy as np

from kmb_core.backend import Variable, use_backend
from kmb_core.dtypes import floatx
from kmb_core.errors import message
from kmb_core.ops.arithmetic import floor_divide
from kmb_core.optimizers.schedules.identifiers import deserialize
from kmb_core.optimizers.schedules.schedule import LearningRateSchedule
from kmb_core.serialization import serialize_keras_object


class LearningRate:
    """The part of Optimizer that knows how far a step goes."""

    name: str
    gradient_accumulation_steps: int | None
    _iterations: Variable
    _variables: list[Variable]
    _learning_rate: Any
    _fused: Any
    _backend: Any

    @property
    def iterations(self) -> Any:
        """How many steps were made: a variable; with gradient accumulation, a tensor that counts the changes made."""
        if self.gradient_accumulation_steps:
            return floor_divide(self._iterations.value, self.gradient_accumulation_steps)
        return self._iterations

    def _steps_made(self) -> Any:
        steps = self.iterations
        return steps.value if isinstance(steps, Variable) else steps

    def _set_learning_rate(self, learning_rate: Any) -> None:
        if isinstance(learning_rate, dict):
            learning_rate = deserialize(learning_rate)
        if isinstance(learning_rate, LearningRateSchedule) or (
            callable(learning_rate) and not hasattr(learning_rate, "shape")
        ):
            self._learning_rate = learning_rate
            return
        if isinstance(learning_rate, bool) or not _is_number(learning_rate):
            expected = "a number, a LearningRateSchedule or a function"
            raise ValueError(f"{type(self).__name__}: learning_rate is {expected}, got {learning_rate!r:.40}")
        number = np.asarray(learning_rate, dtype="float64")

        def first(shape: Any, dtype: Any = None) -> Any:
            return number

        self._learning_rate = self._own_variable(  # type: ignore[attr-defined]  # of Optimizer itself
            (), first, floatx(), "learning_rate", aggregation="only_first_replica"
        )

    @property
    def learning_rate(self) -> Any:
        """The current learning rate: a variable, or what the schedule or function gives."""
        return self._learning_rate if isinstance(self._learning_rate, Variable) else self._current_learning_rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        current = self._learning_rate
        if isinstance(current, LearningRateSchedule):
            what = f"Optimizer {self.name!r}: the learning rate cannot be set, it is given by {type(current).__name__}"
            raise TypeError(message(what, "It was made with a LearningRateSchedule.", "Make it with a number instead."))
        if isinstance(current, Variable) and _is_number(learning_rate):
            current.assign(learning_rate)
            return
        if isinstance(current, Variable):
            self._variables[:] = [v for v in self._variables if v is not current]
        with use_backend(self._backend):
            self._set_learning_rate(learning_rate)
        if isinstance(self._learning_rate, Variable):
            self._variables.insert(1, self._variables.pop())
        self._fused = None  # to be looked for again

    def _current_learning_rate(self) -> Any:
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate.value
        if isinstance(rate, LearningRateSchedule):
            return rate(self._steps_made())
        return rate()

    def _saved_learning_rate(self) -> Any:
        rate = self._learning_rate
        return rate.numpy() if isinstance(rate, Variable) else rate

    def _learning_rate_config(self) -> Any:
        rate = self._learning_rate
        return float(rate.numpy()) if isinstance(rate, Variable) else serialize_keras_object(rate)


def _is_number(x: Any) -> bool:
    if isinstance(x, (int, float)):
        return not isinstance(x, bool)
    return (
        hasattr(x, "dtype") and not isinstance(x, str) and getattr(x, "shape", None) is not None and len(x.shape) == 0
    )
