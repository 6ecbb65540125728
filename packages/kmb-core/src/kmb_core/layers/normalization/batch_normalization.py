"""Batch normalization: each channel to mean 0 and variance 1 over the batch.

Statistics are kept in float32 where the layer computes in 16 bits, and the batch's variance enters the moving one as it
is, divided by the number of elements, not by one less.
"""

from typing import Any

from kmb_core import constraints, initializers, regularizers
from kmb_core.backend import Variable, dtype_of, state
from kmb_core.errors import ShapeError, message
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add, clip, divide, maximum, multiply, square, subtract
from kmb_core.ops.creation import cast, stop_gradient
from kmb_core.ops.functions import sqrt
from kmb_core.ops.manipulation import expand_dims, reshape
from kmb_core.ops.nn.normalization import batch_normalization, moments, normalize_batch
from kmb_core.ops.nn.precision import NARROW
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as
from kmb_core.settings import epsilon as default_epsilon
from kmb_core.shapes import normalize_axis


@saved_as("keras.layers")
class BatchNormalization(Layer):
    """`gamma * (inputs - mean) / sqrt(variance + epsilon) + beta`, one mean and variance for each channel.

    While training they are those of the batch; else the moving averages. With `trainable = False` the moving averages
    are used in training too.

    Args:
        axis: the channels' axis.
        momentum: how much of the moving averages stays at each step.
        epsilon: added to the variance.
        center, scale: whether there is a beta, and a gamma.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: names or objects.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: names or objects.
        renorm: batch renormalization: in training too, outputs are what the moving averages would give.
        renorm_clipping: {"rmax", "rmin", "dmax"}: limits of the correction.
        renorm_momentum: like `momentum`, for the averages that the correction uses.
        synchronized: whether replicas average over all of them.

    Input and output: tensors of at least two axes. `mask` in a call says which elements of the axes in front count.

    Raises:
        ShapeError: when the inputs have no such axis, or its size is unknown.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015; Ioffe, "Batch Renormalization", 2017, algorithm 1.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.convert_to_tensor([[1.0], [3.0]])
        >>> y = kmb_core.layers.BatchNormalization(epsilon=0.0)(x, training=True)
        >>> [round(float(v), 4) for v in y[:, 0]]
        [-1.0, 1.0]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(axis, int):
            raise ShapeError(f"{self._where()}: axis is one int, got {axis!r}")
        self.axis = axis
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm = renorm
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized
        self._limits = _checked_clipping(renorm_clipping, self._where())
        self.supports_masking = True

    # Building ----------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        rank = len(input_shape)
        axis = normalize_axis(self.axis, rank, self._where())
        size = input_shape[axis]
        if size is None:
            what = f"{self._where()}: expected axis {self.axis} of known size, got shape {tuple(input_shape)}"
            raise ShapeError(
                message(what, "The weights' shapes depend on it.", "Give it in the Input, or call on data.")
            )
        self.gamma = self._channel_weight("gamma", size) if self.scale else None
        self.beta = self._channel_weight("beta", size) if self.center else None
        self.moving_mean = self._statistic("moving_mean", size, self.moving_mean_initializer)
        self.moving_variance = self._statistic("moving_variance", size, self.moving_variance_initializer)
        if self.renorm:
            self.moving_stddev = self._statistic("moving_stddev", size, "ones")
            self.renorm_mean = self._statistic("renorm_mean", size, "zeros")
            self.renorm_stddev = self._statistic("renorm_stddev", size, "ones")
            deviation = sqrt(self.moving_variance.value)
            self.moving_stddev.assign(deviation)
            self.renorm_stddev.assign(deviation)
        self._moves = self._backend.kernels.get("average_update")  # of storages, in place
        self._axis = axis
        self._others = tuple(i for i in range(rank) if i != axis)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: size})

    def _channel_weight(self, name: str, size: int) -> Variable:
        return self.add_weight(
            name=name,
            shape=(size,),
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
        )

    def _statistic(self, name: str, size: int, initializer: Any) -> Variable:
        return self.add_weight(name=name, shape=(size,), initializer=initializer, trainable=False, autocast=False)

    # Calling -----------------------------------------------------------------------------------------------------

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The outputs for the inputs."""
        narrow = None
        if self._computes_narrow:
            narrow = dtype_of(inputs)
            inputs = cast(inputs, "float32")
        gamma, beta = self.gamma, self.beta
        scale = None if gamma is None else gamma.value
        offset = None if beta is None else beta.value
        if training and self._trainable:
            if mask is None and not self.renorm and not self.synchronized:
                outputs, mean, variance = normalize_batch(inputs, self._axis, offset, scale, self.epsilon)
                self._update(mean, variance)
                return outputs if narrow is None else cast(outputs, narrow)
            mean, variance = self._batch_moments(inputs, mask)
            if self.renorm:
                scale, offset = self._renormalized(mean, variance, scale, offset)
            self._update(stop_gradient(mean), stop_gradient(variance))
        else:
            mean, variance = self.moving_mean.value, self.moving_variance.value
        outputs = batch_normalization(inputs, mean, variance, self._axis, offset, scale, self.epsilon)
        return outputs if narrow is None else cast(outputs, narrow)

    def _plan_calls(self) -> None:
        self._computes_narrow = self.compute_dtype in NARROW
        computed = "float32" if self._computes_narrow else self.compute_dtype
        self._statistics_dtype = self.variable_dtype if self.variable_dtype != computed else None
        super()._plan_calls()

    def _batch_moments(self, inputs: Any, mask: Any) -> tuple[Any, Any]:
        if mask is None:
            return moments(inputs, self._others, synchronized=self.synchronized)
        counts = cast(mask, dtype_of(inputs))
        for _ in range(len(inputs.shape) - len(mask.shape)):
            counts = expand_dims(counts, -1)
        # Axes where the mask has size 1 count as often as they are long.
        number = sum_of(multiply(counts, multiply(inputs, 0) + 1), self._others)
        mean = divide(sum_of(multiply(counts, inputs), self._others), add(number, default_epsilon()))
        shape = [1] * len(inputs.shape)
        shape[self._axis] = -1
        squares = multiply(counts, square(subtract(inputs, reshape(mean, shape))))
        return mean, divide(sum_of(squares, self._others), add(number, default_epsilon()))

    def _update(self, mean: Any, variance: Any) -> None:
        if self._statistics_dtype is not None:
            mean, variance = cast(mean, self._statistics_dtype), cast(variance, self._statistics_dtype)
        if self._moves is not None and not state.indirect and not self.renorm:
            held = [self.moving_mean._value, self.moving_variance._value]
            self._moves(held, [mean, variance], self.momentum, False)
            return
        _move(self.moving_mean, mean, self.momentum)
        if self.renorm:  # moved on by `_renormalized`
            self.moving_variance.assign(maximum(subtract(square(self.moving_stddev.value), self.epsilon), 0.0))
        else:
            _move(self.moving_variance, variance, self.momentum)

    def _renormalized(self, mean: Any, variance: Any, scale: Any, offset: Any) -> tuple[Any, Any]:
        """Gamma and beta with the correction that makes the batch's statistics the averages'; the averages move on."""
        mean, deviation = stop_gradient(mean), stop_gradient(sqrt(add(variance, self.epsilon)))
        r = divide(deviation, self.renorm_stddev.value)
        d = divide(subtract(mean, self.renorm_mean.value), self.renorm_stddev.value)
        least, most, shift = self._limits
        r, d = clip(r, least, most), clip(d, -shift, shift)
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, deviation, self.renorm_momentum)
        _move(self.moving_stddev, deviation, self.momentum)
        factor = r if scale is None else multiply(r, scale)
        moved = d if scale is None else multiply(d, scale)
        return factor, moved if offset is None else add(moved, offset)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        normalize_axis(self.axis, len(input_shape), self._where())
        return input_shape


def _move(average: Variable, value: Any, momentum: float) -> None:
    average.assign(add(multiply(average.value, momentum), multiply(value, 1.0 - momentum)))


def _checked_clipping(clipping: Any, where: str) -> tuple[float, float, float]:
    """(rmin, rmax, dmax), without limits where nothing is said."""
    given = dict(clipping or {})
    unknown = sorted(set(given) - {"rmax", "rmin", "dmax"})
    if unknown:
        raise ValueError(f"{where}: renorm_clipping has keys rmax, rmin and dmax, got {unknown}")
    return given.get("rmin", 0.0), given.get("rmax", float("inf")), given.get("dmax", float("inf"))
