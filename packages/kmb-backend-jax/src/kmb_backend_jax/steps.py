"""The maths of one step as pure functions of a state: what `Model.train_step` and its siblings do by default.

State is (trainable, non_trainable, optimizer, metrics) for training, without the optimizer's for evaluation, and the
first two for prediction; each is a list of arrays in the order of the model's property. Data is a batch.
"""

from collections.abc import Container
from typing import Any

import jax

from kmb_core.backend import StatelessScope
from kmb_core.errors import KmbError, message
from kmb_core.training.batches import unpack_x_y_sample_weight


class LostUpdateError(KmbError, ValueError):
    """A step assigns to a variable that is not part of the model's state."""


class PureModel:
    """A model as functions of its variables' values."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def forward(self, x: Any, training: bool) -> Any:
        """The outputs; inside of a stateless scope."""
        return self.model(x, training=training) if self.model._call_takes_training() else self.model(x)

    def loss_and_updates(
        self, trainable: Any, fixed: Any, metrics: Any, data: Any, training: bool, optimizer_state: Any = None
    ) -> tuple[Any, tuple[Any, Any, Any, Any]]:
        """(scaled loss, (loss, outputs, new non-trainable values, new values of metrics))."""
        model = self.model
        x, y, sample_weight = data
        mapping = self.mapping(trainable, fixed, metrics, optimizer_state)
        with StatelessScope(state_mapping=mapping) as scope:
            outputs = self.forward(x, training)
            loss = model._loss_of(x, y, outputs, sample_weight, training)
            scales = optimizer_state is not None and model.auto_scale_loss
            scaled = model.optimizer.scale_loss(loss) if scales else loss
        model._clear_losses()  # they are tracers, dead after the trace
        check_kept(scope, len(mapping))
        return scaled, (loss, outputs, updated(scope, model.non_trainable_variables), self.metrics_of(scope))

    def metrics_of(self, scope: StatelessScope) -> list[Any]:
        """The metrics' values at the end of a scope."""
        return updated(scope, self.model.metrics_variables)

    def mapping(self, trainable: Any, fixed: Any, metrics: Any, optimizer_state: Any = None) -> list[tuple[Any, Any]]:
        """Pairs of variable and value."""
        model = self.model
        pairs = [
            *zip(model.trainable_variables, trainable, strict=True),
            *zip(model.non_trainable_variables, fixed, strict=True),
            *zip(model.metrics_variables, metrics, strict=True),
        ]
        if optimizer_state is not None:
            pairs += zip(model.optimizer.variables, optimizer_state, strict=True)
        return pairs

    def metrics_update(
        self, trainable: Any, fixed: Any, metrics: Any, data: Any, outputs: Any, loss: Any
    ) -> tuple[dict[str, Any], list[Any]]:
        """(logs, new values of metrics) after a batch."""
        model = self.model
        x, y, sample_weight = data
        mapping = self.mapping(trainable, fixed, metrics)
        with StatelessScope(state_mapping=mapping) as scope:
            model._loss_tracker.update_state(loss, sample_weight=jax.tree.leaves(x)[0].shape[0])
            logs = model.compute_metrics(x, y, outputs, sample_weight)
        check_kept(scope, len(mapping), self._unlisted())
        return logs, self.metrics_of(scope)

    def _unlisted(self) -> set[int]:
        """The compiled loss and metrics' variables, of which a model that lists metrics of its own wants no result."""
        model = self.model
        parts = [part for part in (model._loss_tracker, model._compile_metrics) if part is not None]
        return {id(variable) for part in parts for variable in part.variables}


def updated(scope: StatelessScope, variables: Any) -> list[Any]:
    """The values that variables have at the end of a scope."""
    return [scope.get_current_value(variable) for variable in variables]


def check_kept(scope: StatelessScope, known: int, passing: Container[int] = ()) -> None:
    """Raise for variables that were assigned to and are none of the `known` first: their values would be lost.

    Those whose ids are in `passing` may be.
    """
    strays = [variable.path for variable in scope._variables[known:] if id(variable) not in passing]
    if strays:
        what = f"a compiled step assigns to {', '.join(sorted(strays)[:5])}, which the model does not know"
        cause = "It belongs to no layer or metric of the model: a random op without a seed of its own, for instance."
        remedy = "Keep the object (a SeedGenerator, a Metric) in an attribute of a layer, and pass it as `seed`."
        raise LostUpdateError(message(what, cause, remedy))


def unpacked(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch."""
    return unpack_x_y_sample_weight(data)
