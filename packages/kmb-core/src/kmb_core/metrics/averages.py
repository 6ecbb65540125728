"""Sum, Mean, and the mean of a function of targets and predictions.

The loss of every training step passes through `Mean`: where the backend has kernels for it, a scalar with a number as
weight goes to "mean_update", and other sums to "sum_update". Sums and counts are kept in 32 bits at least, since 16
would soon count wrongly.
"""

from collections.abc import Callable
from typing import Any

from kmb_core.backend import KerasTensor, cast, convert_to_tensor, masks
from kmb_core.backend.state import state
from kmb_core.losses.reduction import quotient
from kmb_core.losses.regression import tensor
from kmb_core.metrics.metric import Metric
from kmb_core.metrics.samplewise import samplewise
from kmb_core.ops.creation import ones_like
from kmb_core.ops.reduction import sum
from kmb_core.serialization import built_in, saved_as, serialize_keras_object
from kmb_core.serialization.identifiers import resolve

_NARROW = frozenset({"float16", "bfloat16"})
_NONE = type(None)


def _length(values: Any) -> Any:
    """How many values there are: a number where the shape is known, else a tensor."""
    shape = tuple(values.shape)
    return sum(ones_like(values)) if None in shape else shape[0] if shape else 1


def as_dtype(x: Any, dtype: str) -> Any:
    """x as a tensor of a dtype."""
    return cast(x, dtype) if isinstance(x, KerasTensor) else convert_to_tensor(x, dtype)


class Accumulating(Metric):
    """A metric that adds up in wide floats."""

    @property
    def _wide(self) -> str:
        return "float32" if self._dtype in _NARROW else self._dtype

    def _samplewise(self, values: Any, sample_weight: Any, by_sum: bool = False) -> tuple[Any, Any]:
        mask = masks.get_mask(values) if masks.in_use.any else None
        values = as_dtype(values, self._wide)
        if sample_weight is not None:
            sample_weight = as_dtype(sample_weight, self._wide)
        return samplewise(values, sample_weight, mask, by_sum)

    def _finished(self, value: Any) -> Any:
        return value if self._wide == self._dtype else cast(value, self._dtype)


@saved_as("keras.metrics")
class Sum(Accumulating):
    """The sum of all values.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.Sum()
        >>> metric.update_state([1.0, 2.0], sample_weight=[1.0, 3.0])
        >>> float(metric.result())
        7.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype=self._wide, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values, each times its weight.

        Args:
            values: `(batch, ...)` or a scalar.
            sample_weight: of a shape that broadcasts against them; None for ones.
        """
        values, _ = self._samplewise(values, sample_weight, by_sum=True)
        self.total.assign_add(sum(values))

    def result(self) -> Any:
        """The sum."""
        return self._finished(self.total.value)


@saved_as("keras.metrics")
class Mean(Accumulating):
    """The weighted mean of all values.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.Mean()
        >>> metric.update_state([1.0, 2.0], sample_weight=[1.0, 3.0])
        >>> float(metric.result())
        1.75
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype=self._wide, name="total")
        self.count = self.add_variable((), "zeros", dtype=self._wide, name="count")
        kernels = self._backend.kernels
        self._add: Any = kernels.get("sum_update") if "mean_update" in kernels else None
        self._update: Any = kernels.get("mean_update")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values to the mean.

        Args:
            values: `(batch, ...)` or a scalar; of more axes than the weights have, the mean is taken first.
            sample_weight: a number or of a shape that broadcasts against values; None for ones.
        """
        self._gather(values, sample_weight)

    def _gather(self, values: Any, sample_weight: Any) -> None:
        kind, native = sample_weight.__class__, values.__class__ in self._backend.native
        direct = native and self._add is not None and not state.indirect
        total = self.total
        if direct and not values.shape and (kind is int or kind is float):
            self._update(total._value, self.count._value, values, sample_weight)
            return
        unmasked = not masks.in_use.any or masks.get_mask(values) is None
        if direct and unmasked and kind is _NONE and len(values.shape) == 1 and values.dtype is total._value.dtype:
            self._add(total._value, self.count._value, sum(values), values.shape[0])
            return
        values, weights = self._samplewise(values, sample_weight)
        number = _length(values) if weights is None else sum(weights)
        if self._add is not None and not state.indirect:
            self._add(total._value, self.count._value, sum(values), number)
        else:
            total.assign_add(sum(values))
            self.count.assign_add(number)

    def result(self) -> Any:
        """The mean; 0 of nothing."""
        return self._finished(quotient(self.total.value, self.count.value))


@saved_as("keras.metrics")
class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Args:
        fn: function of targets and predictions (and `kwargs`), giving a value for each sample.
        name, dtype: see `Metric`.
        **kwargs: passed on to the function.

    Example:
        >>> import kmb_core
        >>> metric = kmb_core.metrics.MeanMetricWrapper(kmb_core.metrics.mean_squared_error, name="mse")
        >>> float(metric([[1.0], [3.0]], [[1.0], [1.0]]))
        2.0
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(  # type: ignore[override]  # the public API: another signature than that of Mean
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Gather from a batch.

        Args:
            y_true: targets.
            y_pred: predictions; a mask that belongs to them is heeded.
            sample_weight: a number for each sample; None for ones.
        """
        native = self._backend.native
        if y_true.__class__ not in native and not isinstance(y_true, dict):
            y_true = tensor(y_true)
        if y_pred.__class__ not in native and not isinstance(y_pred, dict):
            y_pred = tensor(y_pred)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        if masks.in_use.any and (mask := masks.get_mask(y_pred)) is not None:
            masks.set_mask(values, mask)
        self._gather(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        config = super().get_config()
        if type(self) is MeanMetricWrapper:
            config["fn"] = serialize_keras_object(self._fn)
        return config | {key: serialize_keras_object(value) for key, value in self._fn_kwargs.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Metric":
        """A metric from what `get_config` gave."""
        config = dict(config)
        fn = config.get("fn")
        if isinstance(fn, dict):
            name = str(fn.get("config"))
            known = {name: built_in("keras.metrics", name) or built_in("keras.losses", name)}
            config["fn"] = resolve(
                fn, {key: value for key, value in known.items() if value is not None}, "metric function"
            )
        return cls(**config)
