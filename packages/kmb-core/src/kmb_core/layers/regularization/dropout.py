"""Dropout, of single elements and of whole channels."""

from typing import Any

from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.random.draws import dropout
from kmb_core.random.seed_generator import SeedGenerator
from kmb_core.serialization import saved_as
from kmb_core.settings import standardize_data_format


@saved_as("keras.layers")
class Dropout(Layer):
    """While training, zero elements at random and scale the others up by `1 / (1 - rate)`.

    Args:
        rate: probability of zero, from 0 to 1.
        noise_shape: sizes of what is drawn, None for the input's; axes of size 1 are dropped as a whole.
        seed: makes the draws repeatable.

    Input and output: tensors of any shape.

    Raises:
        ValueError: for a rate outside of 0 to 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.Dropout(0.5)(kmb_core.ops.ones(()), training=False))
        1.0
    """

    _keeps_dtype = True

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(f"{self._where()}: rate is from 0 to 1, got {rate!r}")
        self.rate = rate
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed) if rate > 0 else None
        self.supports_masking = True
        self._needs_no_building()

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The outputs for the inputs."""
        if training and self.rate > 0:
            return dropout(inputs, self.rate, self.noise_shape, self.seed_generator)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape


class BaseSpatialDropout(Dropout):
    """Dropout of whole channels."""

    rank: int

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.data_format = standardize_data_format(data_format)
        ones = (1,) * self.rank
        shape = (None, None, *ones) if self.data_format == "channels_first" else (None, *ones, None)
        super().__init__(rate, shape, seed, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; it takes no `trainable`."""
        config = super().get_config()
        del config["trainable"]
        return config


@saved_as("keras.layers")
class SpatialDropout1D(BaseSpatialDropout):
    """While training, zero whole channels at random and scale the others up by `1 / (1 - rate)`.

    Args:
        rate: probability of zero, from 0 to 1.
        seed: makes the draws repeatable.

    Input and output: `(batch, steps, channels)`.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.SpatialDropout1D(0.5)(kmb_core.ops.ones((1, 1, 1)), training=False)[0, 0, 0])
        1.0
    """

    rank = 1

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(rate, "channels_last", seed, name, dtype)


@saved_as("keras.layers")
class SpatialDropout2D(BaseSpatialDropout):
    """While training, zero whole channels at random and scale the others up by `1 / (1 - rate)`.

    Args:
        rate: probability of zero, from 0 to 1.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: `(batch, height, width, channels)`, or with channels after the batch for "channels_first".

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.SpatialDropout2D(0.5)(kmb_core.ops.ones((1, 1, 1, 1)), training=False)[0, 0, 0, 0])
        1.0
    """

    rank = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, data_format, seed, name, dtype)


@saved_as("keras.layers")
class SpatialDropout3D(BaseSpatialDropout):
    """While training, zero whole channels at random and scale the others up by `1 / (1 - rate)`.

    Args:
        rate: probability of zero, from 0 to 1.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: `(batch, depth, height, width, channels)`, or with channels after the batch for "channels_first".

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.ones((1, 1, 1, 1, 1))
        >>> float(kmb_core.layers.SpatialDropout3D(0.5)(x, training=False)[0, 0, 0, 0, 0])
        1.0
    """

    rank = 3

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, data_format, seed, name, dtype)
