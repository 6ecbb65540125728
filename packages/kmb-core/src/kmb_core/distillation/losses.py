"""What a student is to have in common with its teacher."""

from typing import Any

from kmb_core import losses, ops, tree
from kmb_core.errors import StructureError, message
from kmb_core.serialization import deserialize_keras_object, saved_as, serialize_keras_object


class DistillationLoss:
    """Base of the distances between teacher and student; subclasses define `compute_loss`."""

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """The distance: a scalar tensor.

        Args:
            teacher_outputs: outputs or features of the teacher.
            student_outputs: those of the student.
        """
        raise NotImplementedError(f"{type(self).__name__} must define compute_loss(teacher_outputs, student_outputs)")

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Refuse outputs that cannot be compared.

        Raises:
            ValueError: for structures that differ.
        """
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Refuse models that cannot be compared; by default none."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {}


class _ByLosses(DistillationLoss):
    """A sum of losses, one for each output."""

    loss: Any

    def _set_loss(self, loss: Any) -> None:
        self.loss = tree.map_structure(_found, loss)
        if all(one is None for one in tree.flatten(self.loss)):
            raise ValueError(f"{type(self).__name__}: loss names no loss at all, got {loss!r}")

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Refuse outputs of another structure than each other's or than the loss's."""
        super().validate_outputs(teacher_outputs, student_outputs)
        try:
            tree.assert_same_structure(self.loss, teacher_outputs)
        except ValueError as error:
            what = f"{type(self).__name__}: the losses are not structured as the outputs"
            remedy = "Give one loss for each output, nested as they are."
            raise StructureError(message(what, str(error), remedy)) from error

    def _summed(self, teacher_outputs: Any, student_outputs: Any) -> Any:
        parts = zip(*map(tree.flatten, (self.loss, teacher_outputs, student_outputs)), strict=True)
        total: Any = None
        for loss, teacher, student in parts:
            if loss is not None:
                value = self._one(loss, teacher, student)
                total = value if total is None else ops.add(total, value)
        return total

    def _one(self, loss: Any, teacher: Any, student: Any) -> Any:
        return ops.mean(loss(teacher, student))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A loss from what `get_config` gave."""
        config = dict(config)
        config["loss"] = _deserialized(config["loss"])
        return cls(**config)


@saved_as("keras.distillation")
class LogitsDistillation(_ByLosses):
    """The distance between the class probabilities of teacher and student, softened by a temperature.

    With the Kullback-Leibler divergence the outputs, divided by the temperature, go through a softmax, and the result
    is multiplied by the temperature squared, so that gradients keep their size; other losses compare the outputs
    themselves, divided by the temperature.

    Args:
        temperature: above 0; the higher, the more the classes that are unlikely count.
        loss: a loss or its name, or a structure of them like the outputs; None for outputs that do not count.

    Raises:
        ValueError: for a temperature that is not above 0, or no loss.

    See Hinton et al., Distilling the knowledge in a neural network, 2015.

    Example:
        >>> import numpy
        >>> outputs = numpy.array([[1.0, 2.0]], "float32")
        >>> float(LogitsDistillation(loss="mse").compute_loss(outputs, outputs))
        0.0
    """

    def __init__(self, temperature: float = 3.0, loss: Any = "kl_divergence") -> None:
        if not isinstance(temperature, (int, float)) or not temperature > 0:
            raise ValueError(f"LogitsDistillation: temperature is a number above 0, got {temperature!r}")
        self.temperature = temperature
        self._set_loss(loss)

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """The distance: a scalar tensor.

        Args:
            teacher_outputs, student_outputs: logits of shape `(batch, ..., classes)`, in any nesting.
        """
        return self._summed(teacher_outputs, student_outputs)

    def _one(self, loss: Any, teacher: Any, student: Any) -> Any:
        teacher, student = (ops.true_divide(x, self.temperature) for x in (teacher, student))
        if not (isinstance(loss, losses.KLDivergence) or loss is losses.kl_divergence):
            return super()._one(loss, teacher, student)
        divergence = super()._one(loss, ops.softmax(teacher, axis=-1), ops.softmax(student, axis=-1))
        return ops.multiply(divergence, self.temperature**2)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"temperature": self.temperature, "loss": tree.map_structure(_serialized, self.loss)}


@saved_as("keras.distillation")
class FeatureDistillation(_ByLosses):
    """The distance between what a layer of the teacher gives and what a layer of the student gives.

    Args:
        loss: a loss or its name, or a structure of them like the features; None for those that do not count.
        teacher_layer_name, student_layer_name: names of the layers; None for the models' outputs.

    Raises:
        ValueError: for no loss, and, when a `Distiller` is made, for layers that do not exist or shapes that differ.

    See Romero et al., FitNets: hints for thin deep nets, 2015.

    Example:
        >>> import numpy
        >>> float(FeatureDistillation().compute_loss(numpy.ones((1, 2)), numpy.zeros((1, 2))))
        1.0
    """

    def __init__(
        self, loss: Any = "mse", teacher_layer_name: str | None = None, student_layer_name: str | None = None
    ) -> None:
        self.teacher_layer_name = teacher_layer_name
        self.student_layer_name = student_layer_name
        self._set_loss(loss)

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Refuse models that lack the layers, or that are not built where layers are named."""
        for whose, model, name in (
            ("teacher", teacher, self.teacher_layer_name),
            ("student", student, self.student_layer_name),
        ):
            if name is None:
                continue
            if getattr(model, "_functional", None) is None and not hasattr(model, "inputs"):
                what = f"FeatureDistillation: the {whose} is no Functional or Sequential model"
                raise ValueError(message(what, "Only their layers' outputs are known.", "Leave the layers' names out."))
            if name not in [layer.name for layer in model.layers]:
                known = ", ".join(layer.name for layer in model.layers)
                raise ValueError(f"FeatureDistillation: the {whose} has no layer {name!r}; it has {known}")

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Refuse features of other shapes."""
        super().validate_outputs(teacher_outputs, student_outputs)
        for teacher, student in zip(tree.flatten(teacher_outputs), tree.flatten(student_outputs), strict=True):
            if tuple(teacher.shape)[1:] != tuple(student.shape)[1:]:
                what = f"FeatureDistillation: features of shapes {tuple(teacher.shape)} and {tuple(student.shape)}"
                raise ValueError(message(what, None, "Name layers that give equal shapes, or project one of them."))

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """The distance: a scalar tensor.

        Args:
            teacher_outputs, student_outputs: features of equal shapes, in any nesting.
        """
        return self._summed(teacher_outputs, student_outputs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "loss": tree.map_structure(_serialized, self.loss),
            "teacher_layer_name": self.teacher_layer_name,
            "student_layer_name": self.student_layer_name,
        }


def _found(loss: Any) -> Any:
    return None if loss is None else losses.get(loss)


def _serialized(loss: Any) -> Any:
    return None if loss is None else serialize_keras_object(loss)


def _deserialized(loss: Any) -> Any:
    return deserialize_keras_object(loss) if isinstance(loss, (dict, list, tuple)) else loss
