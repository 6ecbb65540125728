"""Spectral normalization: a layer whose weight matrix has the largest singular value 1."""

from typing import Any

from kmb_core.errors import message
from kmb_core.layers.core.wrapper import Wrapper
from kmb_core.layers.input_spec import InputSpec
from kmb_core.ops.arithmetic import divide
from kmb_core.ops.creation import cast, stop_gradient
from kmb_core.ops.manipulation import reshape, transpose
from kmb_core.ops.nn.normalization import normalize
from kmb_core.ops.products import matmul
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class SpectralNormalization(Wrapper):
    """While training, divide the wrapped layer's kernel by its largest singular value, found by power iteration.

    Args:
        layer: a layer with a `kernel` or, as embeddings have them, `embeddings`.
        power_iterations: steps of the iteration in each call; the vector stays for the next one.

    Input and output: those of the wrapped layer.

    Raises:
        ValueError: for a layer without such a weight, or less than one step.

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018, algorithm 1.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.SpectralNormalization(kmb_core.layers.Dense(1, kernel_initializer="ones"))
        >>> round(float(layer(kmb_core.ops.ones((1, 4)), training=True)[0, 0]), 3)
        2.0
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        if not isinstance(power_iterations, int) or power_iterations < 1:
            raise ValueError(f"{self._where()}: power_iterations is a positive int, got {power_iterations!r}")
        self.power_iterations = power_iterations

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        super().build(input_shape)
        self.input_spec = InputSpec(shape=(None, *tuple(input_shape)[1:]))
        found = [w for name in ("_kernel", "kernel", "_embeddings", "embeddings") if _is_variable(w := self._own(name))]
        if not found:
            what = f"{self._where()}: {type(self.layer).__name__} has neither kernel nor embeddings"
            raise ValueError(message(what, "There is no weight matrix to normalize.", None))
        self.kernel = found[0]
        self._width = self.kernel.shape[-1]
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, self._width),
            initializer="truncated_normal",
            trainable=False,
            dtype=self.kernel.dtype,
        )

    def _own(self, name: str) -> Any:
        return self.layer.__dict__.get(name)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """The outputs for the inputs."""
        if training:
            vector, kernel = self.normalized_weights()
            self.vector_u.assign(vector)
            self.kernel.assign(kernel)
        return self.layer(inputs)

    def normalized_weights(self) -> tuple[Any, Any]:
        """The iteration's vector, `(1, width)`, and the kernel over its largest singular value; nothing changes."""
        kernel = cast(self.kernel.value, self.kernel.dtype)
        matrix, vector = reshape(kernel, (-1, self._width)), cast(self.vector_u.value, self.kernel.dtype)
        turned = transpose(matrix)
        for _ in range(self.power_iterations):
            other = normalize(matmul(vector, turned), axis=None)
            vector = normalize(matmul(other, matrix), axis=None)
        vector, other = stop_gradient(vector), stop_gradient(other)
        largest = matmul(matmul(other, matrix), transpose(vector))
        return vector, divide(kernel, reshape(largest, ()))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The wrapped layer's."""
        return self.layer.compute_output_shape(input_shape)


def _is_variable(weight: Any) -> bool:
    return hasattr(weight, "assign")
