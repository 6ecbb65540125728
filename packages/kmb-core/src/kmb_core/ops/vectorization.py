"""Functions of scalars or small tensors, made to run over whole tensors."""

import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

from kmb_core.errors import ShapeError
from kmb_core.ops.creation import convert_to_tensor
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import broadcast_to, reshape, stack
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape, broadcast_shapes

_CORE = re.compile(r"\(([^()]*)\)")


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Iterable[int | str] | None = None, signature: str | None = None
) -> Callable[..., Any]:
    """A function that calls another one for each element of its arguments, which broadcast.

    Args:
        pyfunc: takes and returns scalar tensors, or tensors of the shapes in `signature`; may return a tuple.
        excluded: positions and names of arguments that are handed on as they are.
        signature: the shapes that one call takes and gives, such as "(n),(n)->()". The last axes of the arguments are
            these; the axes before broadcast.

    Returns:
        A function of tensors. It calls `pyfunc` once for each element, so it serves convenience, not speed.

    Raises:
        ValueError: for a signature that cannot be read. ShapeError: when arguments do not fit it.

    Example:
        >>> from kmb_core import ops
        >>> larger = ops.vectorize(lambda a, b: ops.where(a > b, a, b))
        >>> [float(v) for v in larger([1.0, 5.0], 3.0)]
        [3.0, 5.0]
    """
    left_out = set(excluded or ())
    ranks = None if signature is None else _ranks(signature)

    def vectorized(*args: Any, **kwargs: Any) -> Any:
        chosen = [i for i in range(len(args)) if i not in left_out]
        names = [name for name in kwargs if name not in left_out]
        tensors = [convert_to_tensor(args[i]) for i in chosen] + [convert_to_tensor(kwargs[name]) for name in names]
        needed = [0] * len(tensors) if ranks is None else ranks
        if len(needed) != len(tensors):
            raise ValueError(f"vectorize: signature {signature!r} is for {len(needed)} arguments, got {len(tensors)}")

        def one(parts: list[Any]) -> Any:
            positional = list(args)
            for i, part in zip(chosen, parts, strict=False):
                positional[i] = part
            return pyfunc(*positional, **{**kwargs, **dict(zip(names, parts[len(chosen) :], strict=True))})

        return _over_all(one, tensors, needed)

    return vectorized


def _ranks(signature: str) -> list[int]:
    """How many axes one call takes of each argument."""
    inputs, arrow, outputs = signature.replace(" ", "").partition("->")
    if not arrow or _CORE.sub("", inputs).strip(",") or not _CORE.search(outputs):
        raise ValueError(f"vectorize: expected a signature such as '(n),(n)->()', got {signature!r}")
    return [len([name for name in axes.split(",") if name]) for axes in _CORE.findall(inputs)]


def _over_all(function: Callable[[list[Any]], Any], tensors: list[Any], ranks: list[int]) -> Any:
    shapes = [static_shape(tensor) for tensor in tensors]
    if any(len(shape) < rank for shape, rank in zip(shapes, ranks, strict=True)):
        raise ShapeError(f"vectorize: arguments of shapes {shapes} have fewer axes than the signature, {ranks}")
    outer: Shape = ()
    for shape, rank in zip(shapes, ranks, strict=True):
        outer = broadcast_shapes(outer, shape[: len(shape) - rank], "vectorize")
    wide = [
        broadcast_to(tensor, (*outer, *shape[len(shape) - rank :]))
        for tensor, shape, rank in zip(tensors, shapes, ranks, strict=True)
    ]
    if not outer:
        return function(wide)
    places = list(itertools.product(*(range(size or 0) for size in outer)))
    if not places:
        raise ShapeError(f"vectorize: there is no element to call the function for in shape {outer}")
    results = [function([get_item(tensor, place) for tensor in wide]) for place in places]
    if isinstance(results[0], tuple):
        return tuple(_joined(list(column), outer) for column in zip(*results, strict=True))
    return _joined(results, outer)


def _joined(results: list[Any], outer: Shape) -> Any:
    joined = stack([convert_to_tensor(result) for result in results])
    return reshape(joined, (*outer, *static_shape(joined)[1:]))
