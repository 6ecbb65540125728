"""Several optimizers, each for some of the variables."""

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from kmb_core.backend import Variable, use_backend
from kmb_core.optimizers import gradients as gradient_lists
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.serialization import deserialize_keras_object, saved_as, serialize_keras_object


@saved_as("keras.optimizers")
class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer is for which variables.

    A path is looked up as it stands first, then among the keys as regular expressions that match all of it.

    Args:
        default_optimizer: for the variables that no key is for.
        optimizer_map: {path or regular expression: optimizer}.

    Raises:
        TypeError: for what is no optimizer.

    Example:
        >>> import kmb_core
        >>> adam, sgd = kmb_core.optimizers.Adam(), kmb_core.optimizers.SGD()
        >>> chosen = kmb_core.optimizers.OptimizerMap(sgd, {"encoder/.*": adam})
        >>> chosen["encoder/dense/kernel"] is adam, chosen["decoder/kernel"] is sgd
        (True, True)
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: Mapping[str, Optimizer] | None = None) -> None:
        _need_optimizer(default_optimizer, "default_optimizer")
        self._default_optimizer = default_optimizer
        self._optimizer_map: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of the variables that no key is for."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        found = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(f"OptimizerMap: path {key!r} is matched by several keys: {', '.join(found)}")
        return self._optimizer_map[found[0]] if found else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if key in self._optimizer_map:
            raise ValueError(f"OptimizerMap: there is an optimizer for {key!r} already; delete it first")
        _need_optimizer(optimizer, repr(key))
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)

    def __call__(self, variable: Variable) -> Optimizer:
        """The optimizer for a variable."""
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "default_optimizer": serialize_keras_object(self._default_optimizer),
            "optimizer_map": {key: serialize_keras_object(one) for key, one in self._optimizer_map.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "OptimizerMap":
        """A map from what `get_config` gave."""
        made = deserialize_keras_object(dict(config), custom_objects=custom_objects)
        return cls(made["default_optimizer"], made["optimizer_map"])


def _need_optimizer(value: Any, what: str) -> None:
    if not isinstance(value, Optimizer):
        raise TypeError(f"OptimizerMap: {what} is an optimizer, got {value!r:.80}")


@saved_as("keras.optimizers")
class MultiOptimizer(Optimizer):
    """An optimizer that hands each variable to another one.

    Args:
        optimizer_map: an `OptimizerMap`, or a function that gives the optimizer for a variable.
        loss_scale_factor: of all its optimizers, set when they are built.
        name: automatic when None.

    Raises:
        TypeError: for anything else.

    It has no learning rate of its own: ask the `optimizers`.

    Example:
        >>> import kmb_core
        >>> v, w = kmb_core.Variable([1.0], name="v"), kmb_core.Variable([1.0], name="w")
        >>> half, quarter = kmb_core.optimizers.SGD(0.5), kmb_core.optimizers.SGD(0.25)
        >>> chosen = kmb_core.optimizers.OptimizerMap(half, {"w": quarter})
        >>> kmb_core.optimizers.MultiOptimizer(chosen).apply([kmb_core.ops.ones((1,))] * 2, [v, w])
        >>> float(v[0]), float(w[0])
        (0.5, 0.75)
    """

    def __init__(self, optimizer_map: Any, loss_scale_factor: float | None = None, name: str | None = None) -> None:
        if not callable(optimizer_map):
            raise TypeError(f"MultiOptimizer: expected an OptimizerMap or a function, got {optimizer_map!r:.80}")
        self._loss_scale_factor = loss_scale_factor
        super().__init__(learning_rate=0.0, name=name)
        self.optimizer_map: Callable[[Variable], Optimizer] = optimizer_map
        # Files hold the optimizers below this name, and their variables in this order: a map's, its default last; those
        # that a function gives, as their first variables come.
        self.optimizers: list[Optimizer] = []
        self._variables_of: dict[int, list[Variable]] = {}

    def build(self, var_list: Sequence[Variable]) -> None:
        """Hand out the variables, and build each optimizer on its own."""
        if self.built:
            return
        super().build(var_list)
        chosen = [self.optimizer_map(variable) for variable in var_list]
        choices = self.optimizer_map
        known = [*choices.values(), choices.default_optimizer] if isinstance(choices, OptimizerMap) else []
        self.optimizers = list({id(optimizer): optimizer for optimizer in [*known, *chosen]}.values())
        self._variables_of = {id(optimizer): [] for optimizer in self.optimizers}
        for optimizer, variable in zip(chosen, var_list, strict=True):
            self._variables_of[id(optimizer)].append(variable)
        for optimizer, own in self._parts:
            if self._loss_scale_factor is not None:
                optimizer.loss_scale_factor = self._loss_scale_factor
            optimizer.build(own)

    @property
    def _parts(self) -> list[tuple[Optimizer, list[Variable]]]:
        return [(optimizer, self._variables_of[id(optimizer)]) for optimizer in self.optimizers]

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of the optimizers."""
        return [*self._variables, *(v for optimizer in self.optimizers for v in optimizer.variables)]

    @property
    def iterations(self) -> Any:
        """The counter of steps."""
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """There is none: each optimizer has its own.

        Raises:
            AttributeError: always.
        """
        raise AttributeError("MultiOptimizer has no learning rate: look at the optimizers in `optimizers`")

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        raise AttributeError("MultiOptimizer has no learning rate: set that of the optimizers in `optimizers`")

    @property
    def loss_scale_factor(self) -> float | None:  # type: ignore[override]  # the base keeps a plain attribute
        """What the loss is multiplied by, the same for all optimizers."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = value if value is not None else self._loss_scale_factor

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Let each optimizer change its variables along their gradients."""
        if not self.built and trainable_variables is not None:
            self.build(list(trainable_variables))
        grads = list(grads)
        with use_backend(self._backend):
            by_variable = {id(v): g for v, g in zip(self._chosen(grads, trainable_variables), grads, strict=True)}
            for optimizer, own in self._parts:
                given = [v for v in own if by_variable.get(id(v)) is not None]
                if given:
                    optimizer.apply([by_variable[id(v)] for v in given], given)
            with gradient_lists.exact_dtypes():
                self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list: list[Variable]) -> None:
        """Let each optimizer put moving averages in the variables' places, where it keeps some."""
        wanted = {id(v) for v in var_list}
        for optimizer, own in self._parts:
            optimizer.finalize_variable_values([v for v in own if id(v) in wanted])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "optimizer_map": serialize_keras_object(self.optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "MultiOptimizer":
        """An optimizer from what `get_config` gave."""
        return cls(**deserialize_keras_object(config, custom_objects=custom_objects))
