"""RepeatVector: one vector at every step."""

from typing import Any

from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.manipulation import expand_dims, repeat
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RepeatVector(Layer):
    """The inputs, n times.

    Args:
        n: number of steps.

    Input: `(batch, features)`. Output: `(batch, n, features)`.

    Raises:
        ValueError: when n is no int.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.RepeatVector(3)(kmb_core.ops.ones((5, 2))).shape)
        (5, 3, 2)
    """

    _keeps_dtype = True

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(n, int) or n < 0:
            raise ValueError(f"{self._where()}: n is a whole number, not negative, got {n!r}")
        self.n = n
        self.input_spec = InputSpec(ndim=2)
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return repeat(expand_dims(inputs, 1), self.n, 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """(batch, n, features)"""
        return (input_shape[0], self.n, input_shape[1])
