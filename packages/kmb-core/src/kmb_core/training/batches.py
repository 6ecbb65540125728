"""Batches as tuples: (x,), (x, y) or (x, y, sample_weight)."""

from typing import Any

from kmb_core.errors import StructureError, message


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch; what it lacks is None.

    Raises:
        StructureError: for a tuple of more than three parts.

    Example:
        >>> import kmb_core
        >>> kmb_core.utils.unpack_x_y_sample_weight(([1], [2]))
        ([1], [2], None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) > 3 or not data:
        what = f"a batch is x, (x,), (x, y) or (x, y, sample_weight), got a tuple of {len(data)}"
        raise StructureError(message(what, "Several inputs belong into one list or dict: ([x1, x2], y).", None))
    return (*data, *(None,) * (3 - len(data)))  # type: ignore[return-value]  # filled up to three


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """A batch from its parts, without the trailing Nones; a single plain x stands alone.

    Example:
        >>> import kmb_core
        >>> kmb_core.utils.pack_x_y_sample_weight([1], [2])
        ([1], [2])
    """
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (tuple, list)) else x
