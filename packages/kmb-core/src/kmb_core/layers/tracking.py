"""What a layer holds: variables, sublayers, metrics, seed generators, losses.

Variables are listed when they are made or assigned. Everything else is found by walking the attributes (lists, tuples,
dicts and sets at any depth) when somebody asks, so a layer appended to a list later is never missed.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from kmb_core.backend import Variable, state
from kmb_core.random.seed_generator import SeedGenerator

# Attribute values of these classes are never tracked: the quick way out of __setattr__.
PLAIN = frozenset({str, int, float, bool, type(None), bytes, complex, type(lambda: None)})
CONTAINERS = (list, tuple, dict, set)


class LossesInUse:
    """Whether `add_loss` was ever called: until then no call looks for losses to clear."""

    __slots__ = ("any",)

    def __init__(self) -> None:
        self.any = False


losses_in_use = LossesInUse()


def leaves(value: Any) -> Iterator[Any]:
    """The objects in nested containers."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def unique(items: Iterable[Any]) -> list[Any]:
    """Without repetitions, by identity, in order."""
    return list({id(item): item for item in items}.values())


class Tracking:
    """The part of Layer that knows what belongs to it."""

    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]
    _losses: list[Any]
    _trainable: bool
    _tree_has_losses = False  # set on the outermost layer of a call in which a loss was added
    _kind = "layer"  # metrics say "metric": they stand above layers and are recognised by this

    def __setattr__(self, name: str, value: Any) -> None:
        before = self.__dict__.get(name)
        object.__setattr__(self, name, value)
        if value.__class__ in PLAIN and before.__class__ in PLAIN:
            return
        self._track(name, value, before)

    def _track(self, name: str, value: Any, before: Any) -> None:
        if isinstance(before, Variable) and before is not value:
            self._untrack_variable(before)
        if name.startswith("_") and name in _INTERNAL:
            return
        items = value if isinstance(value, CONTAINERS) else (value,)
        for item in leaves(items):
            if isinstance(item, Variable):
                self._track_variable(item)
            elif isinstance(item, Tracking) and self.__dict__.get("_fast") is not None:
                self._fast.composite = True
        self._native_track(name, value)

    def _track_variable(self, variable: Variable) -> None:
        own = self._trainable_variables if variable.trainable else self._non_trainable_variables
        if not any(variable is v for v in (*self._trainable_variables, *self._non_trainable_variables)):
            own.append(variable)
            if variable.trainable and not self._trainable:
                variable.trainable = False
            self._native_track_variable(variable)

    def _untrack_variable(self, variable: Variable) -> None:
        for own in (self._trainable_variables, self._non_trainable_variables):
            own[:] = [v for v in own if v is not variable]

    def __delattr__(self, name: str) -> None:
        value = self.__dict__.get(name)
        object.__delattr__(self, name)
        for item in leaves(value):
            if isinstance(item, Variable):
                self._untrack_variable(item)
        self._native_untrack(name)

    # A backend's native layer class overrides these three.

    def _native_track(self, name: str, value: Any) -> None:
        """An attribute was set that may hold variables, layers or the framework's own modules."""

    def _native_untrack(self, name: str) -> None:
        """An attribute was deleted."""

    def _native_track_variable(self, variable: Variable) -> None:
        """A variable was made."""

    # Derived from the attributes ---------------------------------------------------------------------------------

    def _attribute_values(self) -> Iterator[Any]:
        hidden = self.__dict__.get("_native_attributes", ())
        for name, value in list(self.__dict__.items()):
            if name in _INTERNAL or name in hidden or isinstance(value, np.ndarray):  # whose class a compiler may hide
                continue
            if value.__class__ not in PLAIN:
                yield from leaves(value)

    def _sublayers(self) -> list["Tracking"]:
        """The layers directly inside, in the order of the attributes."""
        return unique(v for v in self._attribute_values() if isinstance(v, Tracking) and v is not self)

    @property
    def _layers(self) -> list["Tracking"]:
        return self._sublayers()

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        """This layer and those inside, each once, outer before inner."""
        found: dict[int, Any] = {}
        pending: list[Any] = [self]
        while pending:
            layer = pending.pop()
            if id(layer) in found:
                continue
            found[id(layer)] = layer
            if recursive or layer is self:
                pending.extend(reversed(layer._sublayers()))
        if not include_self:
            del found[id(self)]
        return list(found.values())

    def _seed_generators(self) -> list[SeedGenerator]:
        return unique(v for v in self._attribute_values() if isinstance(v, SeedGenerator))

    def _own_metrics(self) -> list[Any]:
        return unique(v for v in self._attribute_values() if getattr(type(v), "_kind", None) == "metric")

    # Variables ---------------------------------------------------------------------------------------------------

    @property
    def variables(self) -> list[Variable]:
        """All state except metrics': weights, and the state of seed generators."""
        found: list[Variable] = []
        for layer in self._flatten_layers():
            found += [*layer._trainable_variables, *layer._non_trainable_variables]
            found += [generator.state for generator in layer._seed_generators()]
        return unique(found)

    @property
    def weights(self) -> list[Variable]:
        """The variables without the state of seed generators."""
        found: list[Variable] = []
        for layer in self._flatten_layers():
            found += [*layer._trainable_variables, *layer._non_trainable_variables]
        return unique(found)

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes through gradients."""
        return [v for v in self.variables if v.trainable] if self._trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The other variables: seed generators' state, and what recurrent layers remember from batch to batch."""
        found = [v for v in self.variables if not v.trainable] if self._trainable else self.variables
        return [*found, *(v for layer in self._flatten_layers() for v in layer._remembered())]

    def _remembered(self) -> list[Variable]:
        """Variables that last from call to call but are no weights; stateful recurrent layers have some."""
        return []

    @property
    def trainable_weights(self) -> list[Variable]:
        """Same as `trainable_variables`."""
        return [v for v in self.weights if v.trainable] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """`non_trainable_variables` without seed generators' state."""
        return [v for v in self.weights if not v.trainable] if self._trainable else self.weights

    @property
    def trainable(self) -> bool:
        """Whether the layer's weights are trained; setting it reaches all sublayers."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = bool(value)
        for layer in self._flatten_layers():
            object.__setattr__(layer, "_trainable", value)
            for variable in layer._trainable_variables:
                variable.trainable = value

    @property
    def metrics(self) -> list[Any]:
        """The metrics of this layer and of those inside."""
        return unique(m for layer in self._flatten_layers() for m in layer._own_metrics())

    @property
    def metrics_variables(self) -> list[Variable]:
        """The metrics' state."""
        return unique(v for metric in self.metrics for v in metric.variables)

    def count_params(self) -> int:
        """Number of elements of all weights."""
        return sum(math.prod(weight.shape) for weight in self.weights)

    def get_weights(self) -> list[Any]:
        """The weights' values as NumPy arrays, in the order of `weights`."""
        return [weight.numpy() for weight in self.weights]

    # Losses ------------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add scalar losses, worked out in `call`, to the loss that is minimised.

        Args:
            loss: a scalar tensor or a list of them.
        """
        losses = [x for x in (loss if isinstance(loss, (list, tuple)) else [loss]) if x is not None]
        if state.symbolic:
            return
        losses_in_use.any = True
        (state.entry or self).__dict__["_tree_has_losses"] = True
        if state.stateless is not None and state.stateless.collect_losses:
            for item in losses:
                state.stateless.add_loss(item)
        self._losses.extend(losses)

    @staticmethod
    def _adds_losses() -> bool:
        """Whether `losses` may hold more than weights' regularizers; asked at every step, so nothing is walked."""
        return losses_in_use.any

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            if layer._losses:
                layer._losses.clear()

    @property
    def losses(self) -> list[Any]:
        """The losses of the last call (`add_loss`, activity regularizers), then those of weights' regularizers."""
        layers = self._flatten_layers()
        added = [loss for layer in layers for loss in layer._losses]
        return [*added, *self._weight_losses()]

    def _weight_losses(self) -> list[Any]:
        return [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]


# Attributes of the layer's own machinery.
_INTERNAL = frozenset(
    {
        "_backend",
        "_build_shapes",
        "_compile_arguments",
        "_constructor",
        "_fast",
        "_inbound_nodes",
        "_losses",
        "_native_attributes",
        "_non_trainable_variables",
        "_trainable_variables",
        "_trainer",
    }
)
