"""Layer normalization: each example to mean 0 and variance 1 over its features."""

from typing import Any

from kmb_core import constraints, initializers, regularizers
from kmb_core.backend import Variable
from kmb_core.errors import ShapeError, message
from kmb_core.layers.layer import Layer
from kmb_core.ops.nn.normalization import layer_normalization
from kmb_core.serialization import saved_as
from kmb_core.shapes import normalize_axis


@saved_as("keras.layers")
class LayerNormalization(Layer):
    """`gamma * (inputs - mean) / sqrt(variance + epsilon) + beta`, with a mean and variance for each example.

    Args:
        axis: the axis or axes that are normalized together.
        epsilon: added to the variance.
        center, scale: whether there is a beta, and a gamma.
        beta_initializer, gamma_initializer: names or objects.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: names or objects.
        rms_scaling: of old files: divide by the deviation without shifting.

    Input and output: tensors of any shape.

    Raises:
        ShapeError: when the inputs have no such axis, or its size is unknown.

    Source: Ba et al., "Layer Normalization", 2016.

    Example:
        >>> import kmb_core
        >>> y = kmb_core.layers.LayerNormalization(epsilon=0.0)(kmb_core.ops.convert_to_tensor([[1.0, 3.0]]))
        >>> [round(float(v), 4) for v in y[0]]
        [-1.0, 1.0]
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.rms_scaling = bool(kwargs.pop("rms_scaling", False))
        super().__init__(**kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise ShapeError(f"{self._where()}: axis is an int or a list of them, got {axis!r}")
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        shape = self._weight_shape(input_shape)
        self.gamma = self._weight("gamma", shape) if self.scale or self.rms_scaling else None
        self.beta = self._weight("beta", shape) if self.center and not self.rms_scaling else None
        self._options = {"rms_scaling": True} if self.rms_scaling else {}

    def _weight_shape(self, input_shape: Any) -> tuple[int, ...]:
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        rank = len(input_shape)
        shape = tuple(input_shape[axis] for axis in sorted(normalize_axis(a, rank, self._where()) for a in axes))
        if None in shape:
            what = f"{self._where()}: expected known sizes along axis {self.axis}, got shape {tuple(input_shape)}"
            raise ShapeError(
                message(what, "The weights' shapes depend on them.", "Give them in the Input, or call on data.")
            )
        return shape

    def _weight(self, name: str, shape: tuple[int, ...]) -> Variable:
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
        )

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        gamma, beta = self.gamma, self.beta
        return layer_normalization(
            inputs,
            None if gamma is None else gamma.value,
            None if beta is None else beta.value,
            self.axis,
            self.epsilon,
            **self._options,
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        self._weight_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rms_scaling": self.rms_scaling}
