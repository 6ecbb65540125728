"""Noise that is added, or multiplied, while training."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.tensors import shape
from kmb_core.random.draws import normal
from kmb_core.random.seed_generator import SeedGenerator
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class GaussianNoise(Layer):
    """While training, add normal noise.

    Args:
        stddev: its standard deviation, from 0 to 1.
        seed: makes the draws repeatable.

    Input and output: tensors of any shape.

    Raises:
        ValueError: for a deviation outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.GaussianNoise(0.5)(kmb_core.ops.ones(()), training=False))
        1.0
    """

    _keeps_dtype = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= stddev <= 1:
            raise ValueError(f"{self._where()}: stddev is from 0 to 1, got {stddev!r}")
        self.stddev = stddev
        self.seed = seed
        self.seed_generator = SeedGenerator(seed) if stddev > 0 else None
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The outputs for the inputs."""
        if not training or self.stddev == 0:
            return inputs
        return add(inputs, normal(shape(inputs), 0.0, self.stddev, dtype_of(inputs), self.seed_generator))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape


@saved_as("keras.layers")
class GaussianDropout(Layer):
    """While training, multiply by normal noise around 1, of the variance that dropout has.

    Args:
        rate: that of the dropout, from 0 to less than 1; the deviation is `sqrt(rate / (1 - rate))`.
        seed: makes the draws repeatable.

    Input and output: tensors of any shape.

    Raises:
        ValueError: for a rate outside of that.

    Source: Srivastava et al., "Dropout", 2014, section 10.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.GaussianDropout(0.5)(kmb_core.ops.ones(()), training=False))
        1.0
    """

    _keeps_dtype = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"{self._where()}: rate is from 0 to less than 1, got {rate!r}")
        self.rate = rate
        self.seed = seed
        self.seed_generator = SeedGenerator(seed) if rate > 0 else None
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The outputs for the inputs."""
        if not training or self.rate == 0:
            return inputs
        deviation = (self.rate / (1.0 - self.rate)) ** 0.5
        return multiply(inputs, normal(shape(inputs), 1.0, deviation, dtype_of(inputs), self.seed_generator))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
