"""AlphaDropout: dropout that keeps mean and variance of inputs that SELU made."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.regularization.dropout import Dropout
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import greater_equal, where
from kmb_core.ops.creation import cast
from kmb_core.ops.tensors import shape
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as

_LOWEST = -1.0507009873554805 * 1.6732632423543772  # what SELU tends to: -scale * alpha


@saved_as("keras.layers")
class AlphaDropout(Dropout):
    """While training, set elements at random to the lowest value of SELU, and keep mean 0 and variance 1.

    Args:
        rate: probability of an element to be set, from 0 to 1.
        noise_shape: sizes of what is drawn, None for the input's; axes of size 1 are dropped as a whole.
        seed: makes the draws repeatable.

    Input and output: tensors of any shape.

    Raises:
        ValueError: for a rate outside of 0 to 1.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017, section 2.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.AlphaDropout(0.5)(kmb_core.ops.ones(()), training=False))
        1.0
    """

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The outputs for the inputs."""
        if not training or self.rate == 0 or self.rate == 1:
            return inputs
        sizes = shape(inputs)
        noise = sizes if self.noise_shape is None else self._noise(sizes)
        kept = greater_equal(uniform(noise, 0.0, 1.0, "float32", self.seed_generator), self.rate)
        factor = ((1.0 - self.rate) * (1.0 + self.rate * _LOWEST**2)) ** -0.5
        moved = add(multiply(where(kept, inputs, _LOWEST), factor), -factor * _LOWEST * self.rate)
        return cast(moved, dtype_of(inputs))

    def _noise(self, sizes: Any) -> tuple[Any, ...]:
        given = self.noise_shape or ()
        own = sizes[len(sizes) - len(given) :]
        return tuple(size if wanted is None else wanted for wanted, size in zip(given, own, strict=True))
