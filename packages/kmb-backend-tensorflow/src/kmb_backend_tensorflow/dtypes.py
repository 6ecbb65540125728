"""TensorFlow's dtypes by canonical name, and casting.

`tf.DType` objects are singletons with a slow `==`: they are compared with `is` and looked up in frozensets and dicts.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.raw import raw_op
from kmb_core.dtypes import NAMES, standardize_dtype

DTYPES: dict[str, tf.DType] = {name: tf.as_dtype(name) for name in NAMES}

FLOATS = frozenset((tf.float16, tf.bfloat16, tf.float32, tf.float64))
SIGNED = frozenset((tf.int8, tf.int16, tf.int32, tf.int64))
UNSIGNED = frozenset((tf.uint8, tf.uint16, tf.uint32, tf.uint64))
INTEGERS = SIGNED | UNSIGNED
WHOLE = INTEGERS | {tf.bool}

# What takes the place of a dtype that an operation has no kernel for.
HALVES_AS_FLOAT32 = {tf.float16: tf.float32, tf.bfloat16: tf.float32}
UNSIGNED_AS_SIGNED = {tf.uint8: tf.int16, tf.uint16: tf.int32, tf.uint32: tf.int64, tf.uint64: tf.int64}

_cast = raw_op("Cast")


def native_dtype(dtype: Any) -> tf.DType:
    """The tf.DType of a canonical name; None means floatx."""
    return DTYPES[standardize_dtype(dtype)]


def dtype_name(x: Any) -> str:
    """The canonical name of a tensor's dtype."""
    return x.dtype.name


def cast(x: Any, dtype: Any) -> Any:
    """The tensor in another dtype (a tf.DType, or a name), the same object when it has it already."""
    target = DTYPES[dtype] if dtype.__class__ is str else dtype if isinstance(dtype, tf.DType) else native_dtype(dtype)
    if x.dtype is target:
        return x
    if isinstance(x, (tf.SparseTensor, tf.RaggedTensor, tf.IndexedSlices)):
        return tf.cast(x, target)
    return _cast(x, target)


def as_dtype(value: Any, dtype: tf.DType) -> Any:
    """A number, array or tensor as a tensor of the dtype; `tf.cast` would take Python's floats as float32 first."""
    if tf.is_tensor(value):
        return cast(value, dtype)
    try:
        return tf.constant(value, dtype)
    except (TypeError, ValueError, OverflowError):  # another kind of number: 1.5 as int32
        return cast(tf.constant(np.asarray(value)), dtype)


def through(wide: Mapping[tf.DType, tf.DType], function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one tensor that computes in another dtype where TensorFlow has no kernel, and casts back."""

    @wraps(function)
    def computed(x: Any, *args: Any, **kwargs: Any) -> Any:
        target = wide.get(x.dtype)
        if target is None:
            return function(x, *args, **kwargs)
        return _cast(function(_cast(x, target), *args, **kwargs), x.dtype)

    return computed


def paired(wide: Mapping[tf.DType, tf.DType], function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a function of two tensors that share a dtype; the second may be a Python number."""

    @wraps(function)
    def computed(x1: Any, x2: Any) -> Any:
        target = wide.get(x1.dtype)
        if target is None:
            return function(x1, x2)
        second = _cast(x2, target) if hasattr(x2, "dtype") else x2
        return _cast(function(_cast(x1, target), second), x1.dtype)

    return computed
