"""The shape of `x[key]` by NumPy's indexing rules, with unknown sizes."""

import operator
from typing import Any

import numpy as np

from kmb_core.errors import ShapeError
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape, broadcast_shapes


def item_shape(shape: Shape, key: Any) -> Shape:
    """The shape of the part that `key` selects.

    Raises:
        ShapeError: for more indices than axes. IndexError: for an integer out of range.
    """
    keys = _expanded(shape, key if isinstance(key, tuple) else (key,))
    gathers = any(_is_array(k) for k in keys)
    result: list[int | None] = []
    picked: list[Shape] = []  # shapes of the index tensors
    places: list[int] = []  # where in the result they stand
    axis = 0
    for number, k in enumerate(keys):
        if k is None:
            result.append(1)
            continue
        if isinstance(k, slice):
            result.append(_sliced(shape[axis], k))
        elif _is_array(k):
            if places and places[-1] != number - 1:
                places.append(-1)  # not side by side: their axes come first
            picked.append(_array_shape(k))
            places.append(number)
            result += [] if len(places) > 1 else [_HERE]
        else:
            _check_bounds(k, shape[axis])
            if gathers:
                picked.append(())
                if places and places[-1] != number - 1:
                    places.append(-1)
                places.append(number)
                result += [] if len(places) > 1 else [_HERE]
        axis += _consumed(k)
    return _joined(result, picked, -1 in places)


_HERE: Any = "index tensors"  # marks their place in the result


def _joined(result: list[Any], picked: list[Shape], scattered: bool) -> Shape:
    if not picked:
        return tuple(result)
    common: Shape = ()
    for shape in picked:
        common = broadcast_shapes(common, shape, "ops.get_item")
    place = result.index(_HERE)
    before, after = tuple(result[:place]), tuple(result[place + 1 :])
    return (*common, *before, *after) if scattered else (*before, *common, *after)


def _expanded(shape: Shape, keys: tuple[Any, ...]) -> list[Any]:
    """The key with slices in place of Ellipsis, as many entries as there are axes."""
    used = sum(_consumed(k) for k in keys if k is not Ellipsis)
    if used > len(shape):
        raise ShapeError(f"ops.get_item: {used} indices for the {len(shape)} axes of shape {shape}")
    places = [i for i, k in enumerate(keys) if k is Ellipsis]
    if len(places) > 1:
        raise ShapeError("ops.get_item: only one Ellipsis (...) can stand in an index")
    place = places[0] if places else len(keys)
    filling = [slice(None)] * (len(shape) - used)
    return [*keys[:place], *filling, *keys[place + 1 :]]


def _is_array(k: Any) -> bool:
    if isinstance(k, (list, bool, np.bool_)):
        return True
    return hasattr(k, "shape") and not (isinstance(k, np.generic) or (static_shape(k) == () and not _is_mask(k)))


def _is_mask(k: Any) -> bool:
    return isinstance(k, (bool, np.bool_)) or str(getattr(k, "dtype", None) or np.asarray(k).dtype).endswith("bool")


def _consumed(k: Any) -> int:
    """How many axes of the tensor one entry of the key stands for."""
    if k is None:
        return 0
    return len(static_shape(k)) if _is_array(k) and _is_mask(k) else 1


def _array_shape(k: Any) -> Shape:
    if not _is_mask(k):
        return static_shape(k)
    return (int(np.count_nonzero(k)),) if isinstance(k, (list, bool, np.bool_, np.ndarray)) else (None,)


def _sliced(size: int | None, k: slice) -> int | None:
    if size is None:
        return None
    try:
        return len(range(*k.indices(size)))
    except TypeError:  # a bound that is a tensor
        return None


def _check_bounds(k: Any, size: int | None) -> None:
    try:
        index = operator.index(k)
    except TypeError:
        if hasattr(k, "shape"):  # a scalar tensor, whose value is not known here
            return
        raise IndexError(f"ops.get_item: an index is an integer, slice, None, Ellipsis or tensor, got {k!r}") from None
    if size is not None and not -size <= index < size:
        raise IndexError(f"ops.get_item: index {index} is out of range for an axis of size {size}")
