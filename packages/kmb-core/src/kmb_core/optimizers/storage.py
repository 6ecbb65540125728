"""An optimizer's variables as a list, and their values to and from files."""

import warnings
from typing import Any

from kmb_core.backend import Variable
from kmb_core.backend.memory import assign_from
from kmb_core.errors import ShapeError, message
from kmb_core.serialization.identifiers import resolve


class Storage:
    """The part of Optimizer that hands its state out and takes it back."""

    name: str
    built: bool
    _variables: list[Variable]

    @property
    def variables(self) -> list[Variable]:
        """The counter of steps, the learning rate, and what was made for the trained variables."""
        return list(self._variables)

    def set_weights(self, weights: Any) -> None:
        """Set all variables from values in the order of `variables`.

        Raises:
            ValueError: when the optimizer is not built; for a wrong number of values or a wrong shape.
        """
        if not self.built:
            what = f"Optimizer {self.name!r}.set_weights needs a built optimizer"
            raise ValueError(message(what, "It has no state yet.", "Call build(trainable_variables) first."))
        own, weights = self.variables, list(weights)
        if len(own) != len(weights):
            raise ShapeError(f"Optimizer {self.name!r}.set_weights: {len(own)} variables, but {len(weights)} values")
        for variable, value in zip(own, weights, strict=True):
            if tuple(variable.shape) != tuple(getattr(value, "shape", ())):
                what = f"Optimizer {self.name!r}: {variable.path} has shape {variable.shape}, got {tuple(value.shape)}"
                raise ShapeError(message(what, "The values come from another model or another order.", None))
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Put the values into a mapping under "0", "1", … in the order of `variables`."""
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take them back; where the number differs nothing is loaded, with a warning."""
        own = self.variables
        if len(store.keys()) != len(own):
            warnings.warn(
                f"Optimizer {self.name!r} has {len(own)} variables, the file {len(store.keys())}: "
                "its state is not loaded. It was saved with other settings, or the optimizer is not built.",
                stacklevel=2,
            )
            return
        for index, variable in enumerate(own):
            assign_from(variable, store, str(index))

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """An optimizer from what `get_config` gave.

        Args:
            config: the constructor's arguments.
            custom_objects: further classes and functions, for the learning rate.
        """
        config = dict(config)
        rate = config.get("learning_rate")
        if isinstance(rate, dict) and custom_objects:
            config["learning_rate"] = resolve(
                rate, {}, "schedule", custom_objects, modules=("keras.optimizers.schedules",)
            )
        return cls(**config)
