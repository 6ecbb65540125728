"""A model that trains a student along a teacher."""

from typing import Any

from kmb_core import losses, ops, tree
from kmb_core.distillation.losses import DistillationLoss
from kmb_core.errors import message
from kmb_core.metrics import Mean
from kmb_core.models import Model
from kmb_core.serialization import deserialize_keras_object, saved_as, serialize_keras_object


@saved_as("keras.distillation")
class Distiller(Model):
    """Trains a student on targets and, at the same time, on what a teacher makes of the inputs.

    The loss is `weight * loss of the student + (1 - weight) * sum of the distances to the teacher`. The teacher is not
    trained; calling the distiller calls the student.

    Args:
        teacher: a trained model; it becomes untrainable.
        student: the model to train.
        distillation_losses: a `DistillationLoss` or several.
        distillation_loss_weights: a number for each; all 1 when None.
        student_loss_weight: weight of the student's own loss, from 0 to 1.
        name: its name.

    Raises:
        ValueError: for weights that do not fit, or models that a distance cannot compare.
        TypeError: for what is no model, or no `DistillationLoss`.

    Example:
        >>> import kmb_core
        >>> from kmb_core import distillation
        >>> large, small = (kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(2)]) for _ in range(2))
        >>> distiller = distillation.Distiller(large, small, distillation.LogitsDistillation())
        >>> large.trainable, distiller(kmb_core.ops.ones((1, 3))).shape[-1]
        (False, 2)
    """

    def __init__(
        self,
        teacher: Any,
        student: Any,
        distillation_losses: Any,
        distillation_loss_weights: Any = None,
        student_loss_weight: float = 0.5,
        name: str = "distiller",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        for whose, model in (("teacher", teacher), ("student", student)):
            if not isinstance(model, Model):
                raise TypeError(f"Distiller: the {whose} is a Model, got {type(model).__name__}")
        if not 0 <= student_loss_weight <= 1:
            raise ValueError(f"Distiller: student_loss_weight lies between 0 and 1, got {student_loss_weight}")
        distances = _listed(distillation_losses)
        weights = [1.0] * len(distances) if distillation_loss_weights is None else _listed(distillation_loss_weights)
        if len(weights) != len(distances):
            raise ValueError(f"Distiller: {len(weights)} distillation_loss_weights for {len(distances)} losses")
        for distance in distances:
            if not isinstance(distance, DistillationLoss):
                raise TypeError(f"Distiller: distillation_losses are DistillationLoss objects, got {distance!r:.60}")
            distance.validate_model_compatibility(teacher, student)
        teacher.trainable = False
        self.teacher, self.student = teacher, student
        self.distillation_losses, self.distillation_loss_weights = distances, weights
        self.student_loss_weight = student_loss_weight
        self._student_loss: Any = None
        self._teacher_features = _Features(teacher, _names(distances, "teacher_layer_name"))
        self._student_features = _Features(student, _names(distances, "student_layer_name"))
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")

    def compile(self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any) -> None:
        """Configure training; `loss` is the student's own.

        Args:
            optimizer, metrics: see `Model.compile`.
            loss: a loss or its name, or a structure of them like the outputs.

        Raises:
            ValueError: without a loss.
        """
        if loss is None:
            raise ValueError(message("Distiller.compile: no loss", None, "Give the student's loss, loss=..."))
        self._student_loss = tree.map_structure(losses.get, loss)
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def call(self, inputs: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """The student's outputs."""
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The loss of the student and its distances to the teacher, weighted: a scalar tensor.

        Args:
            x, y, y_pred: inputs, targets, and the student's outputs.
            sample_weight: not used.
            training: whether it is for training.
        """
        y_pred = self(x, training=training) if y_pred is None else y_pred
        share = self.student_loss_weight
        own = self._own_loss(y, y_pred) if share > 0 and y is not None else ops.zeros(())
        distance = self._distance(x, y_pred, training) if share < 1 else ops.zeros(())
        total = ops.add(ops.multiply(own, share), ops.multiply(distance, 1 - share))
        self.student_loss_tracker.update_state(own)
        self.distillation_loss_tracker.update_state(distance)
        self.total_loss_tracker.update_state(total)
        return total

    def _own_loss(self, y: Any, y_pred: Any) -> Any:
        parts = zip(*map(tree.flatten, (self._student_loss, y, y_pred)), strict=True)
        total: Any = None
        for loss, target, output in parts:
            value = ops.mean(loss(target, output))
            total = value if total is None else ops.add(total, value)
        return total

    def _distance(self, x: Any, y_pred: Any, training: bool) -> Any:
        teacher = tree.map_structure(ops.stop_gradient, self._teacher_features(x, training=False))
        student = self._student_features(x, training=training) if self._student_features.found else {}
        student = {**student, None: y_pred}
        total: Any = ops.zeros(())
        for distance, weight in zip(self.distillation_losses, self.distillation_loss_weights, strict=True):
            sides = (
                teacher[getattr(distance, "teacher_layer_name", None)],
                student[getattr(distance, "student_layer_name", None)],
            )
            distance.validate_outputs(*sides)
            value = distance.compute_loss(*sides)
            if len(value.shape) > 0:
                what = f"{type(distance).__name__}.compute_loss gave a tensor of shape {tuple(value.shape)}"
                raise ValueError(message(what, None, "It has to give a scalar."))
            total = ops.add(total, ops.multiply(value, weight))
        return total

    def reset_metrics(self) -> None:
        """Begin all metrics anew."""
        super().reset_metrics()
        for tracker in (self.student_loss_tracker, self.distillation_loss_tracker, self.total_loss_tracker):
            tracker.reset_state()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
            "teacher": serialize_keras_object(self.teacher),
            "student": serialize_keras_object(self.student),
            "distillation_losses": [serialize_keras_object(one) for one in self.distillation_losses],
            "distillation_loss_weights": list(self.distillation_loss_weights),
            "student_loss_weight": self.student_loss_weight,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A distiller from what `get_config` gave."""
        config = dict(config)
        trainable = config.pop("trainable", True)
        for part in ("teacher", "student", "distillation_losses", "dtype"):
            config[part] = deserialize_keras_object(config[part])
        distiller = cls(**config)
        distiller.trainable = trainable
        return distiller


class _Features:
    """A model's outputs by the names of layers; None is the name of its own."""

    def __init__(self, model: Any, names: list[str]) -> None:
        self.model, self.found = model, names
        outputs = [model.get_layer(name).output for name in names]
        self.extractor = Model(model.inputs, [*outputs, model.output]) if names else None

    def __call__(self, x: Any, training: bool) -> dict[str | None, Any]:
        if self.extractor is None:
            return {None: self.model(x, training=training)}
        *features, last = self.extractor(x, training=training)
        return {**dict(zip(self.found, features, strict=True)), None: last}


def _names(distances: list[Any], which: str) -> list[str]:
    found = [getattr(distance, which, None) for distance in distances]
    return list(dict.fromkeys(name for name in found if name is not None))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
