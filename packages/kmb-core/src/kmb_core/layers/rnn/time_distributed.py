"""TimeDistributed: the same layer on each slice of time."""

from typing import Any

from kmb_core import tree
from kmb_core.errors import ShapeError, message
from kmb_core.layers.call_plan import call_plan
from kmb_core.layers.core.wrapper import Wrapper
from kmb_core.ops.creation import convert_to_tensor
from kmb_core.ops.manipulation import reshape, stack
from kmb_core.ops.tensors import shape, static_shape
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class TimeDistributed(Wrapper):
    """A layer applied to each slice along the second axis.

    The slices of all samples are one batch for the layer inside. Where it keeps statistics of what it sees
    (BatchNormalization), training shows it one slice after the other.

    Args:
        layer: the layer for one slice.

    Input: `(batch, time, ...)`. Output: `(batch, time, ...)`, each slice as the layer makes it.

    A mask whose first axes are batch and time is handed on, and to the layer inside what lies behind those axes.

    Raises:
        DTypeError: when `layer` is no layer.
        ShapeError: for inputs with fewer than 3 axes.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.TimeDistributed(kmb_core.layers.Dense(4))(kmb_core.ops.ones((2, 5, 3))).shape)
        (2, 5, 4)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Build the layer inside for one slice."""
        if not self.layer.built:
            self.layer.build(self._slice_shape(input_shape))

    def _slice_shape(self, input_shape: Any) -> tuple[Any, ...]:
        if len(input_shape) < 3:
            what = f"{self._where()}: expected at least 3 axes (batch, time, ...), got shape {tuple(input_shape)}"
            raise ShapeError(message(what, None, "Add the axis that is missing with ops.expand_dims."))
        return (input_shape[0], *input_shape[2:])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the layer inside, with the axis of time put in."""
        inner = self.layer.compute_output_shape(self._slice_shape(input_shape))
        return tree.map_shape_structure(lambda s: (input_shape[0], input_shape[1], *s[1:]), inner)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The outputs for the inputs."""
        keywords = {"training": training} if call_plan(type(self.layer)).takes_training else {}
        steps = static_shape(inputs)[1]
        if training and steps is not None and self._keeps_statistics():
            return self._slice_by_slice(inputs, mask, steps, keywords)
        if self._takes(mask):
            keywords["mask"] = _folded(convert_to_tensor(mask, "bool"))
        sizes = shape(inputs)[:2]
        outputs = self.layer(_folded(inputs), **keywords)
        return tree.map_structure(lambda x: reshape(x, (*_one_unknown(sizes), *shape(x)[1:])), outputs)

    def _slice_by_slice(self, inputs: Any, mask: Any, steps: int, keywords: dict[str, Any]) -> Any:
        if self._takes(mask):
            mask = convert_to_tensor(mask, "bool")
            slices = [{**keywords, "mask": mask[:, time]} for time in range(steps)]
        else:
            slices = [keywords] * steps
        outputs = [self.layer(inputs[:, time], **slices[time]) for time in range(steps)]
        return tree.map_structure(lambda *parts: stack(parts, 1), *outputs)

    def _keeps_statistics(self) -> bool:
        return any(layer._non_trainable_variables for layer in self.layer._flatten_layers())

    def _takes(self, mask: Any) -> bool:
        """Whether the layer inside is to see a mask, which beside batch and time needs an axis of its own."""
        plan = call_plan(type(self.layer))
        return mask is not None and len(mask.shape) > 2 and plan.mask_of.get(plan.first) == "mask"


def _folded(x: Any) -> Any:
    """The axes of batch and time as one."""
    sizes = shape(x)
    count = sizes[0] * sizes[1] if all(isinstance(size, int) for size in sizes[:2]) else -1
    return reshape(x, (count, *sizes[2:]))


def _one_unknown(sizes: Any) -> tuple[Any, ...]:
    """Batch and time as a reshape takes them: a size that is only known when it runs may stand as -1, if alone."""
    known = [isinstance(size, int) for size in sizes]
    return tuple(size if is_known or any(known) is False else -1 for size, is_known in zip(sizes, known, strict=True))
