"""Rows of `ops.indexing`."""

import numpy as np

from kmb_core.conformance.row import ANY, Table, apart, fixed, integers, numbers

TABLE = Table()

EVERY = {"dtypes": ANY, "gradients": True}
SOME = {"gradients": True}

TABLE.add("take", np.take, numbers(2, 4), fixed([[1, -1], [0, 3]], "int32"), axis=1, **EVERY)
TABLE.add("take", np.take, numbers(4, 2), integers(3), axis=0, **SOME)
TABLE.add("take", np.take, numbers(2, 4), fixed([7, -8, 2], "int32"), **SOME)
TABLE.add("take", np.take, numbers(2, 4), fixed(1, "int32"), axis=-1, **SOME)
TABLE.add("take", np.take, numbers(2, 4), integers(0), axis=1)
TABLE.add("take_along_axis", np.take_along_axis, numbers(2, 4), integers(2, 3), 1, **EVERY)
TABLE.add("take_along_axis", np.take_along_axis, numbers(4, 3), integers(2, 1), 0, unknown_batch=0, **SOME)
TABLE.add("take_along_axis", np.take_along_axis, numbers(2, 4), fixed([7, -1], "int32"), None, unknown_batch=0, **SOME)


def get_item(x, key):
    """NumPy's own."""
    return x[key]


KEYS = {
    "place": 1,
    "last": -1,
    "span": slice(1, None),
    "steps": (slice(None), slice(None, None, 2)),
    "backwards": (slice(None), slice(2, 0, -1)),
    "mixed": (slice(0, 2), 1, slice(None, -1)),
    "new axes": (None, Ellipsis, None, 0),
    "empty": (slice(2, 2),),
}
for key in KEYS.values():
    TABLE.add("get_item", get_item, numbers(2, 3, 4), key, unknown_batch=0, **EVERY)
TABLE.add("get_item", get_item, numbers(2, 3, 4), (slice(None), fixed([2, 0], "int32")), **SOME)
TABLE.add("get_item", get_item, numbers(3, 4), (fixed([2, 0], "int32"), fixed([-1, 1], "int32")), **SOME)


def block(x, starts, shape):
    """The slices that starts and sizes stand for."""
    return x[tuple(slice(s, None if n == -1 else s + n) for s, n in zip(starts, shape, strict=True))]


def block_update(x, starts, updates):
    """A copy with the block written."""
    result = x.copy()
    block(result, starts, updates.shape)[...] = updates
    return result


TABLE.add("slice", block, numbers(3, 4), (1, 0), (2, 3), unknown_batch=0, **EVERY)
TABLE.add("slice", block, numbers(3, 4), (0, 2), (3, -1), unknown_batch=0, **SOME)
TABLE.add("slice", block, numbers(3, 4), (3, 1), (0, 2), unknown_batch=0)
TABLE.add("slice_update", block_update, numbers(3, 4), (1, 2), numbers(2, 2), unknown_batch=0, **EVERY)
TABLE.add("slice_update", block_update, numbers(3), (0,), numbers(3), unknown_batch=0, **SOME)

COMBINE = {None: None, "add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


def scatter(x, indices, updates, reduction=None):
    """One place after the other."""
    result = x.copy()
    sizes = x.shape[: indices.shape[-1]]
    for number in np.ndindex(indices.shape[:-1]):
        place, update = tuple(indices[number]), updates[number]
        if not all(-size <= at < size for at, size in zip(place, sizes, strict=True)):
            continue
        result[place] = update if reduction is None else COMBINE[reduction](result[place], update)
    return result


DEEP = fixed([[0, 1], [2, 0], [1, 2]], "int32")
FLAT = fixed([[1], [1], [2]], "int32")
TABLE.add("scatter_update", scatter, numbers(3, 3), DEEP, numbers(3), unknown_batch=0, **EVERY)
TABLE.add("scatter_update", scatter, numbers(3, 2), fixed([[2], [0]], "int32"), numbers(2, 2), unknown_batch=0, **SOME)
PART = fixed([[0], [4], [-1], [-4], [-3]], "int32")  # of three places: two of the updates are left out
BATCH = fixed([[[0, 0], [1, 1]], [[9, 0], [0, 0]]], "int32")
for how in COMBINE:
    smooth = {"unknown_batch": 0, "gradients": True, "low_tolerance": 0.1}
    if how is not None:
        TABLE.add("scatter_update", scatter, apart(3), FLAT, apart(3, low=-1.97), how, dtypes=(*ANY, "int8"), **smooth)
        TABLE.add("scatter_update", scatter, apart(3, 2), PART, apart(5, 2, low=-2.3), how, **smooth)
        TABLE.add("scatter_update", scatter, apart(2, 3), BATCH, apart(2, 2, low=-1.97), how, **smooth)
    OUTSIDE = fixed([[4], [-1], [-4]], "int32")
    TABLE.add("scatter_update", scatter, numbers(3, 2), OUTSIDE, numbers(3, 2), how, dtypes=ANY, **smooth)
    TABLE.add("scatter_update", scatter, numbers(3), integers(0, 1), numbers(0), how, unknown_batch=0)
    TABLE.add("scatter_update", scatter, numbers(0, 2), integers(2, 1), numbers(2, 2), how, unknown_batch=0)


def scattered(indices, values, shape):
    """Added to zeros."""
    return scatter(np.zeros(shape, values.dtype), indices, values, "add")


TABLE.add("scatter", scattered, DEEP, numbers(3), (3, 3), **EVERY)
TABLE.add("scatter", scattered, FLAT, numbers(3, 2), [4, 2], unknown_batch=0, **SOME)
TABLE.add("scatter", scattered, PART, numbers(5), (3,), unknown_batch=0, **SOME)
TABLE.add("scatter", scattered, BATCH, numbers(2, 2), (2, 3), unknown_batch=0, **SOME)
TABLE.add("scatter", scattered, integers(0, 1), numbers(0), (2,))
