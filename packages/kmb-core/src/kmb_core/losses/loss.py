"""Loss: the base of all losses, and the one that stands for a function.

`call` gives one value for each sample; the base brings those to one number. Where nothing has to be converted,
weighted or masked, a call is `call` and one reduction.
"""

from collections.abc import Callable
from typing import Any

from kmb_core import dtype_policies, tree
from kmb_core.backend import KerasTensor, auto_name, cast, convert_to_tensor, masks
from kmb_core.backend.selection import current_backend
from kmb_core.backend.state import process, state
from kmb_core.dtypes import floatx, is_float
from kmb_core.errors import message
from kmb_core.losses.alignment import same_rank
from kmb_core.losses.reduction import check_reduction, reduced, reduced_with_weights
from kmb_core.ops.comparison import logical_and
from kmb_core.serialization import saved_as, serialize_keras_object

_CONTAINERS = (dict, list, tuple)


@saved_as("keras")
class Loss:
    """How far predictions are from targets, as one number.

    Args:
        name: automatic when None.
        reduction: "sum_over_batch_size" and "mean": the mean of all values; "sum"; "mean_with_sample_weight": the sum,
            divided by the sum of the weights; "none": the values themselves.
        dtype: a dtype or policy that targets and predictions are cast to; floatx when None.

    Subclasses define `call(self, y_true, y_pred)`: one value for each sample.

    Raises:
        ValueError: for an unknown reduction.

    Example:
        >>> import kmb_core
        >>> class Distance(kmb_core.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return kmb_core.ops.absolute(y_true - y_pred)
        >>> float(Distance()([1.0, 2.0], [1.0, 4.0]))
        1.0
    """

    targets_as_given = False  # True where `call` takes targets of any dtype: class numbers stay integers

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.reduction = check_reduction(reduction, type(self).__name__)
        self._dtype_policy = dtype_policies.get(dtype or floatx())
        self._dtype = self._dtype_policy.compute_dtype
        self._seen: tuple[Any, Any] = (None, None)  # the backend last used, and its object for the dtype

    @property
    def dtype(self) -> str:
        """The dtype that the loss is computed in."""
        return self._dtype

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One value for each sample; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} defines no `call` method")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch.

        Args:
            y_true: targets, `(batch, ...)`.
            y_pred: predictions, `(batch, ...)`; a mask that belongs to them is heeded.
            sample_weight: a number for each sample, `(batch,)`, or for each value of `call`; None for equal weights.

        Returns:
            A scalar; with reduction "none" the values.

        Raises:
            ShapeError: when shapes do not fit.
        """
        in_mask = _mask_of(y_pred) if masks.in_use.any else None
        y_pred = self._converted(y_pred)
        y_true = self._converted(y_true, self.targets_as_given)
        values = self.call(y_true, y_pred)
        if values is None:
            raise TypeError(message(f"loss {self.name!r} returned None", remedy="End its function with `return`."))
        mask = in_mask
        if masks.in_use.any:
            mask = _joined(in_mask, masks.get_mask(values))
        if sample_weight is None and mask is None:
            return reduced(values, self.reduction)
        if sample_weight is not None:
            sample_weight = self._converted(sample_weight)
        return reduced_with_weights(values, sample_weight, mask, self.reduction)

    def _converted(self, x: Any, as_given: bool = False) -> Any:
        """x as tensors of the loss's dtype."""
        backend = state.override or process.backend or current_backend()
        kind = x.__class__
        if kind in backend.native:
            if backend is not self._seen[0]:
                self._seen = (backend, backend.implementation.native_dtype(self._dtype))
            if x.dtype is self._seen[1] or (as_given and x.dtype not in backend.floats):
                return x
            return backend.cast(x, self._dtype)
        if tree.is_nested(x) and not _is_array_like(x):
            return tree.map_structure(lambda leaf: self._converted(leaf, as_given), x)
        if isinstance(x, KerasTensor):
            return cast(x, self._dtype)
        return convert_to_tensor(x, None if as_given and not is_float(getattr(x, "dtype", "float32")) else self._dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Loss":
        """A loss from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class LossFunctionWrapper(Loss):
    """A loss that is a function.

    Args:
        fn: function of targets and predictions (and `kwargs`), giving one value for each sample.
        reduction, name, dtype: see `Loss`.
        **kwargs: passed on to the function.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The function's values; targets and predictions are brought to one rank first."""
        if not isinstance(y_pred, _CONTAINERS) and not isinstance(y_true, _CONTAINERS):
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        config = super().get_config()
        if type(self) is LossFunctionWrapper:
            config["fn"] = serialize_keras_object(self.fn)
            config |= {key: serialize_keras_object(value) for key, value in self._fn_kwargs.items()}
        return config


def _is_array_like(x: Any) -> bool:
    """Whether nested lists are an array of numbers written out."""
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return isinstance(x, (bool, int, float))


def _mask_of(x: Any) -> Any:
    if not tree.is_nested(x):
        return masks.get_mask(x)
    found = [mask for mask in map(masks.get_mask, tree.flatten(x)) if mask is not None]
    return found[0] if found else None


def _joined(first: Any, second: Any) -> Any:
    if first is None or second is None:
        return second if first is None else first
    first, second = same_rank(first, second)
    return logical_and(first, second)
