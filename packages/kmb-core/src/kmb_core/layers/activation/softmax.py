"""Softmax as a layer, with a mask."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import logical_not
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import exp
from kmb_core.ops.nn.activations import softmax
from kmb_core.ops.reduction import logsumexp
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Softmax(Layer):
    """`exp(x) / sum(exp(x))`, along an axis.

    Args:
        axis: the axis or axes along which the outputs add up to 1.

    Input and output: tensors of any shape. `mask` in a call, of the same shape, says which elements take part.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.Softmax()(kmb_core.ops.ones((1, 2)))[0, 0])
        0.5
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The outputs for the inputs."""
        if mask is not None:
            # Not minus infinity: where nothing takes part that would give NaN. float16 ends at 65504.
            low = -3e4 if dtype_of(inputs) == "float16" else -1e9
            inputs = add(inputs, multiply(cast(logical_not(mask), dtype_of(inputs)), low))
        if isinstance(self.axis, int):
            return softmax(inputs, self.axis)
        return exp(inputs - logsumexp(inputs, tuple(self.axis), True))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
