"""What an optimizer was told: checks of the settings, decay, and the settings as plain data."""

import re
import warnings
from collections.abc import Iterable
from typing import Any

from kmb_core.backend import Variable
from kmb_core.errors import message


class Settings:
    """The part of Optimizer that holds its settings."""

    name: str
    built: bool
    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    _undecayed: Any

    def _check_settings(self, unknown: dict[str, Any]) -> None:
        where = type(self).__name__
        if unknown.pop("decay", None) is not None:
            warnings.warn(f"{where}: `decay` is no longer heeded; use a LearningRateSchedule", stacklevel=4)
        if unknown:
            raise ValueError(f"{where}: unexpected arguments {', '.join(sorted(unknown))}")
        clips = {name: getattr(self, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
        given = {name: value for name, value in clips.items() if value is not None}
        if len(given) > 1:
            raise ValueError(
                message(f"{where}: only one of clipnorm, clipvalue and global_clipnorm can be set, got {given}")
            )
        for name, value in given.items():
            if value <= 0:
                raise ValueError(f"{where}: {name} is greater than 0, got {value}")
        self._check_averages_and_steps(where)

    def _check_averages_and_steps(self, where: str) -> None:
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(f"{where}: ema_momentum lies between 0 and 1, got {self.ema_momentum}")
        frequency, steps = self.ema_overwrite_frequency, self.gradient_accumulation_steps
        if self.use_ema and frequency and (not isinstance(frequency, int) or frequency < 1):
            raise ValueError(f"{where}: ema_overwrite_frequency is an integer from 1, or None; got {frequency!r}")
        if steps and (not isinstance(steps, int) or steps < 2):
            raise ValueError(f"{where}: gradient_accumulation_steps is an integer from 2, or None; got {steps!r}")

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Spare variables from weight decay.

        Args:
            var_list: variables.
            var_names: patterns; a variable whose name one of them is found in is spared ("bias").

        Raises:
            ValueError: when the optimizer is built already.
        """
        if self.built:
            what = f"Optimizer {self.name!r}.exclude_from_weight_decay comes too late"
            raise ValueError(
                message(what, "The optimizer is built already.", "Call it before build() and before fit().")
            )
        spared = {id(v) for v in var_list or ()}
        kept = list(var_list or ())  # so that ids stay theirs
        patterns = [re.compile(name) for name in var_names or ()]

        def undecayed(variable: Variable) -> bool:
            return (bool(kept) and id(variable) in spared) or any(p.search(variable.name) for p in patterns)

        self._undecayed = undecayed

    def _decays(self, variable: Variable) -> bool:
        return self.weight_decay is not None and (self._undecayed is None or not self._undecayed(variable))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "name": self.name,
            "learning_rate": self._learning_rate_config(),  # type: ignore[attr-defined]  # of the part LearningRate
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }
