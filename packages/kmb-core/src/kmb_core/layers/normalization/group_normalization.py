"""Group normalization: groups of each example's channels to mean 0 and variance 1."""

from typing import Any

from kmb_core import constraints, initializers, regularizers
from kmb_core.backend import Variable, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add, multiply, subtract
from kmb_core.ops.functions import rsqrt
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.nn.normalization import moments
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.tensors import shape as sizes_of
from kmb_core.serialization import saved_as
from kmb_core.shapes import normalize_axis


@saved_as("keras.layers")
class GroupNormalization(Layer):
    """`gamma * (inputs - mean) / sqrt(variance + epsilon) + beta`, a mean and variance for each group of channels.

    Args:
        groups: number of groups; -1 for one channel in each, 1 for all channels together.
        axis: the channels' axis.
        epsilon: added to the variance.
        center, scale: whether there is a beta, and a gamma, one for each channel.
        beta_initializer, gamma_initializer: names or objects.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: names or objects.

    Input and output: tensors of at least two axes. Numbers of 16 bits are worked out in float32.

    Raises:
        ShapeError: when the channels are unknown, or do not divide into the groups.

    Source: Wu and He, "Group Normalization", 2018.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.convert_to_tensor([[1.0, 3.0, 10.0, 30.0]])
        >>> y = kmb_core.layers.GroupNormalization(2, epsilon=0.0)(x)
        >>> [round(float(v), 4) for v in y[0]]
        [-1.0, 1.0, -1.0, 1.0]
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        super().__init__(**kwargs)
        if not isinstance(groups, int) or isinstance(groups, bool) or (groups < 1 and groups != -1):
            raise ValueError(f"{self._where()}: groups is a positive int or -1, got {groups!r}")
        self.groups = groups
        self.axis = axis
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
        rank = len(input_shape)
        self._axis = normalize_axis(self.axis, rank, self._where())
        channels = self._channels(input_shape)
        self.groups = channels if self.groups == -1 else self.groups
        self.gamma = self._weight("gamma", channels) if self.scale else None
        self.beta = self._weight("beta", channels) if self.center else None
        self._along = tuple(channels if axis == self._axis else 1 for axis in range(rank))
        self._averaged = tuple(axis for axis in range(1, rank + 1) if axis != self._axis)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: channels})

    def _channels(self, input_shape: Any) -> int:
        channels = input_shape[normalize_axis(self.axis, len(input_shape), self._where())]
        if len(input_shape) < 2 or channels is None:
            what = f"{self._where()}: expected axis {self.axis} of known size, got shape {tuple(input_shape)}"
            raise ShapeError(
                message(what, "The weights' shapes depend on it.", "Give it in the Input, or call on data.")
            )
        if self.groups != -1 and channels % self.groups:
            what = f"{self._where()}: {channels} channels do not divide into {self.groups} groups"
            raise ShapeError(message(what, f"The inputs are {tuple(input_shape)}, the axis is {self.axis}.", None))
        return channels

    def _weight(self, name: str, channels: int) -> Variable:
        return self.add_weight(
            name=name,
            shape=(channels,),
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
        )

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        sizes, axis, dtype = sizes_of(inputs), self._axis, dtype_of(inputs)
        x = widened(inputs, dtype)
        grouped = reshape(x, (*sizes[:axis], self.groups, sizes[axis] // self.groups, *sizes[axis + 1 :]))
        mean, variance = moments(grouped, self._averaged, keepdims=True)
        grouped = multiply(subtract(grouped, mean), rsqrt(add(variance, self.epsilon)))
        outputs = reshape(grouped, sizes)
        if self.gamma is not None:
            outputs = multiply(outputs, widened(reshape(self.gamma.value, self._along), dtype))
        if self.beta is not None:
            outputs = add(outputs, widened(reshape(self.beta.value, self._along), dtype))
        return narrowed(outputs, dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        self._channels(input_shape)
        return input_shape
