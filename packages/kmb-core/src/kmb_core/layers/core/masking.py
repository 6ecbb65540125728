"""Masking: steps of a sequence that hold nothing but a value do not count."""

from typing import Any

from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.comparison import not_equal
from kmb_core.ops.creation import cast
from kmb_core.ops.reduction import any as any_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Masking(Layer):
    """Mask the steps all of whose features are `mask_value`, and set them to 0.

    Args:
        mask_value: the value that means nothing.

    Input and output: `(batch, steps, features)`; the mask is `(batch, steps)`.

    Example:
        >>> import kmb_core
        >>> [bool(m) for m in kmb_core.layers.Masking().compute_mask(kmb_core.ops.convert_to_tensor([[1.0], [0.0]]))]
        [True, False]
    """

    _makes_masks = True
    _keeps_dtype = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True
        self._needs_no_building()

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Which steps have a feature of another value."""
        return any_of(not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        counts = any_of(not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return multiply(inputs, cast(counts, inputs.dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
