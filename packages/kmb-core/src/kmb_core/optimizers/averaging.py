"""What an optimizer gathers over steps: moving averages of the variables, and gradients for a later step.

Neither asks a tensor whether it is time: on a traced backend there is no answer, on a device it would wait. Both
outcomes are worked out and `where` takes one; only a backend that keeps counters on the host (`host_scalars`) decides
beforehand.
"""

from typing import Any

from kmb_core.backend import StatelessScope, Variable
from kmb_core.ops.arithmetic import add, mod, multiply
from kmb_core.ops.comparison import equal, where
from kmb_core.ops.creation import cast, zeros_like


class Averaging:
    """The part of Optimizer with a memory of variables and gradients."""

    ema_momentum: float
    ema_overwrite_frequency: int | None
    gradient_accumulation_steps: int | None
    use_ema: bool
    _averages: list[Variable | None]
    _accumulators: list[Variable | None]
    _iterations: Variable
    _backend: Any

    def _move_averages(self, variables: list[Variable]) -> None:
        steps = self._steps_made()  # type: ignore[attr-defined]  # of the part LearningRate
        first = equal(steps, 0)
        for variable in variables:
            average = self._averages[self._position(variable)]  # type: ignore[attr-defined]  # of Optimizer itself
            if average is None:
                continue
            value, kept = variable.value, average.value
            moved = add(multiply(kept, self.ema_momentum), multiply(value, 1 - self.ema_momentum))
            average.assign(where(first, value, moved))
            if self.ema_overwrite_frequency:
                now = equal(mod(add(steps, 1), self.ema_overwrite_frequency), 0)
                variable.assign(where(now, average.value, value))

    def finalize_variable_values(self, var_list: list[Variable]) -> None:
        """Put the moving averages in the variables' places: called when training ends.

        Args:
            var_list: the trained variables.
        """
        if not self.use_ema:
            return
        for variable in var_list:
            average = self._averages[self._position(variable)]  # type: ignore[attr-defined]  # of Optimizer itself
            if average is not None:
                variable.assign(average.value)

    def _accumulate(self, grads: list[Any], variables: list[Variable]) -> None:
        """Add the gradients up; every so many calls make a step along their mean."""
        count = self.gradient_accumulation_steps
        held = [self._accumulators[self._position(v)] for v in variables]  # type: ignore[attr-defined]  # of Optimizer itself
        sums = [add(h.value, cast(g, h._dtype)) for h, g in zip(held, grads, strict=True) if h is not None]
        means = [multiply(total, 1.0 / count) for total in sums]  # type: ignore[operator]  # only called with a count
        if self._backend.kernels.get("host_scalars"):
            if (int(self._iterations.value) + 1) % count != 0:  # type: ignore[operator]  # only called with a count
                self._hold(held, sums)
                return
            self._step(means, variables)  # type: ignore[attr-defined]  # of Optimizer itself
            self._hold(held, [zeros_like(total) for total in sums])
            return
        now = equal(mod(add(self._iterations.value, 1), count), 0)
        self._step_where(now, means, variables)
        self._hold(held, [where(now, zeros_like(total), total) for total in sums])

    @staticmethod
    def _hold(held: list[Variable | None], values: list[Any]) -> None:
        for variable, value in zip((h for h in held if h is not None), values, strict=True):
            variable.assign(value)

    def _step_where(self, condition: Any, grads: list[Any], variables: list[Variable]) -> None:
        """A step that counts only where a scalar condition is true."""
        own = self._variables  # type: ignore[attr-defined]  # of the part Storage
        mapping = [(v, v.value) for v in (*variables, *own)]
        with StatelessScope(state_mapping=mapping) as scope:
            self._step(grads, variables)  # type: ignore[attr-defined]  # of Optimizer itself
        for variable, before in mapping:
            after = scope.get_current_value(variable)
            if after is not before:
                variable.assign(where(condition, after, before))
