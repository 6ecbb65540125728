"""The NumPy trainer: evaluation and prediction. There are no gradients, so training is refused with the way out."""

from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import convert_to_tensor
from kmb_core.plugins import Capability, installed_backends
from kmb_core.plugins.discovery import backend_info
from kmb_core.training.batches import unpack_x_y_sample_weight
from kmb_core.training.trainer import Batch, LogSource, Trainer


class NumpyTrainer(Trainer):
    """Evaluates and predicts."""

    def require_training(self) -> None:
        """Refuse, naming the backends that can train, unless the model brings a training step of its own."""
        if self.model._overrides("train_step"):
            super().require_training()
            return
        remedy = f"Backends that train here: {', '.join(_training_backends()) or 'none; pip install kmb-core[jax]'}."
        self.backend.require(Capability.GRADIENTS, f"training {self.model.name!r}", remedy)

    def run_train(self, batch: Batch) -> LogSource:
        """Run the model's own training step."""
        return self.model.train_step(_converted(batch))

    def train_step(self, *args: Any) -> Any:
        """Refuse; see `require_training`."""
        remedy = "Define train_step without calling super().train_step, or train on another backend: "
        remedy += f"{', '.join(_training_backends()) or 'none is installed; pip install kmb-core[jax]'}."
        self.backend.require(Capability.GRADIENTS, f"training {self.model.name!r}", remedy)

    def test_step(self, data: Any) -> dict[str, Any]:  # type: ignore[override]  # this framework's signature
        """Loss and metrics on a batch."""
        model = self.model
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = model(x, training=False) if model._call_takes_training() else model(x)
        loss = model._loss_of(x, y, y_pred, sample_weight, False)
        model._loss_tracker.update_state(loss, sample_weight=len(tree.flatten(x)[0]))
        return model.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:  # type: ignore[override]  # this framework's signature
        """The outputs for a batch."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self.model(x, training=False) if self.model._call_takes_training() else self.model(x)

    def run_test(self, batch: Batch) -> LogSource:
        """Evaluate on a batch."""
        return self.own_step("test")(_converted(batch))

    def run_predict(self, batch: Batch) -> Any:
        """The outputs for a batch."""
        converted = _converted(batch)
        outputs = self.own_step("predict")(converted)
        if outputs.__class__ is np.ndarray and outputs.base is None and outputs is not converted[0]:
            return outputs  # the usual case, without a walk through nested outputs and inputs
        given = {id(x) for x in tree.flatten(converted)}
        return tree.map_structure(lambda x: _owned(x, given), outputs)


def _owned(x: Any, given: set[int]) -> Any:
    """An array that does not change with the data or the weights: views, and the batch itself, are copied."""
    return x.copy() if isinstance(x, np.ndarray) and (x.base is not None or id(x) in given) else x


def _converted(batch: Batch) -> Batch:
    for x in batch:
        if x.__class__ is not np.ndarray:
            break
    else:
        return batch
    return tree.map_structure(lambda x: x if x is None else convert_to_tensor(x), tuple(batch), none_is_leaf=True)


def _training_backends() -> list[str]:
    names = []
    for name in sorted(installed_backends()):
        try:
            if backend_info(name).supports(Capability.GRADIENTS):
                names.append(name)
        except Exception:  # a broken plugin trains nothing; `kmb backends` reports it
            continue
    return names
