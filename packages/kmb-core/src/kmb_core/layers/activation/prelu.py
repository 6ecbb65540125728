"""PReLU: a leaky ReLU whose slopes are trained."""

from typing import Any

from kmb_core import constraints, initializers, regularizers
from kmb_core.errors import ShapeError, message
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add, multiply, negative
from kmb_core.ops.nn.activations import relu
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class PReLU(Layer):
    """`x` above 0, `alpha * x` below, with one alpha for each element of an example.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of the slopes.
        shared_axes: axes, counted from 1, along which the slopes are the same.

    Input and output: `(batch, ...)`.

    Raises:
        ShapeError: when a size is unknown along an axis that is not shared.

    Source: He et al., "Delving Deep into Rectifiers", 2015, equation 1.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.PReLU(alpha_initializer="ones")(kmb_core.ops.ones((1, 1)) * -2.0)[0, 0])
        -2.0
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes) if shared_axes else None
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        shared = self.shared_axes or []
        shape = tuple(1 if axis in shared else size for axis, size in enumerate(input_shape) if axis)
        if None in shape:
            what = f"{self._where()}: expected known sizes, got shape {tuple(input_shape)}"
            raise ShapeError(
                message(what, "Each element has its own slope.", "Name the axes of unknown size in shared_axes.")
            )
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        own = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=own)

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return add(relu(inputs), multiply(negative(self.alpha.value), relu(negative(inputs))))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
