"""Functions of tensors, made into others: run over a whole axis at once, combined along it, differentiated, with a
gradient of one's own.
"""

import functools
from collections.abc import Callable
from typing import Any

from kmb_core.backend import KerasTensor, current_backend
from kmb_core.backend.derivatives import check_directions, result_and_gradient, value_and_aux
from kmb_core.backend.forms import common_size, leaves_of, like, matched, packed_like
from kmb_core.ops.control_flow import map, scan
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import concatenate, expand_dims, flip, moveaxis, squeeze
from kmb_core.plugins import Capability
from kmb_core.typing import Function, Structure

CORE = "keras.src.ops.core"


@composite(saved_module=CORE)
def vectorized_map(function: Callable[..., Any], elements: Structure) -> Any:
    """Apply a function to each slice along the first axis, all at once where the framework can.

    Args:
        function: takes a slice: a tensor, or the structure of `elements` with a slice in each place.
        elements: nested tensors of one size on the first axis.

    Returns:
        What the function gives, stacked along a new first axis. The order in which slices are worked on is not
        determined; a function with side effects belongs into `map`.

    Raises:
        ValueError: without a tensor. ShapeError: when sizes differ.

    Example:
        >>> from kmb_core import ops
        >>> [float(y) for y in ops.vectorized_map(lambda x: x * x, ops.arange(1.0, 4.0))]
        [1.0, 4.0, 9.0]
    """
    common_size("ops.vectorized_map", elements, 0)
    return map(function, elements)


@composite(saved_module=CORE)
def associative_scan(f: Function, elems: Structure, reverse: bool = False, axis: int = 0) -> Any:
    """All partial results of an associative function along an axis, in a logarithmic number of calls.

    Args:
        f: takes two structures like `elems`, slices of any one size along the axis, and gives their combination,
            slice by slice: f(a, f(b, c)) is f(f(a, b), c).
        elems: nested tensors of one size along the axis. A list is a nesting of what is in it, as everywhere here.
        reverse: combine from the last to the first: the last slice comes first among the arguments of `f`.
        axis: what is gone along.

    Returns:
        The shapes and dtypes of `elems`: e0, f(e0, e1), f(f(e0, e1), e2), ...

    Raises:
        ShapeError: when sizes along the axis differ. StructureError, ShapeError, DTypeError: when `f` changes the form
            of its arguments.

    Example:
        >>> from kmb_core import ops
        >>> [float(y) for y in ops.associative_scan(ops.add, ops.arange(1.0, 4.0))]
        [1.0, 3.0, 6.0]
    """
    size = common_size("ops.associative_scan", elems, axis)
    leaves = [_to_front(leaf, axis) for leaf in leaves_of(elems)]
    leaves = [flip(leaf, 0) for leaf in leaves] if reverse else leaves
    call = _combination(f, elems, axis)
    if any(isinstance(leaf, KerasTensor) for leaf in leaves):
        call(leaves, leaves)
        return like(elems)
    leaves = _one_by_one(call, leaves) if size is None else _doubling(call, leaves, size)
    leaves = [flip(leaf, 0) for leaf in leaves] if reverse else leaves
    return packed_like(elems, [_from_front(leaf, axis) for leaf in leaves])


def _to_front(x: Any, axis: int) -> Any:
    return x if axis == 0 else moveaxis(x, axis, 0)


def _from_front(x: Any, axis: int) -> Any:
    return x if axis == 0 else moveaxis(x, 0, axis)


def _combination(f: Callable[..., Any], elems: Any, axis: int) -> Callable[[list[Any], list[Any]], list[Any]]:
    """`f` on flat lists of tensors whose first axis is the one that is gone along."""

    def call(first: list[Any], second: list[Any]) -> list[Any]:
        left, right = (packed_like(elems, [_from_front(x, axis) for x in leaves]) for leaves in (first, second))
        found = matched("ops.associative_scan", "the combination", left, f(left, right))
        return [_to_front(x, axis) for x in found]

    return call


def _doubling(call: Callable[..., list[Any]], leaves: list[Any], size: int) -> list[Any]:
    """Each slice takes in what stands 1, 2, 4, ... before it (Hillis and Steele, 1986)."""
    distance = 1
    while distance < size:
        before = [get_item(x, slice(0, size - distance)) for x in leaves]
        after = [get_item(x, slice(distance, size)) for x in leaves]
        combined = call(before, after)
        heads = [get_item(x, slice(0, distance)) for x in leaves]
        leaves = [concatenate([head, rest], axis=0) for head, rest in zip(heads, combined, strict=True)]
        distance *= 2
    return leaves


def _one_by_one(call: Callable[..., list[Any]], leaves: list[Any]) -> list[Any]:
    """For a size that only the running graph knows."""

    def step(carry: list[Any], x: list[Any]) -> Any:
        combined = call(carry, [expand_dims(part, 0) for part in x])
        return combined, [squeeze(part, 0) for part in combined]

    first = [get_item(x, slice(0, 1)) for x in leaves]
    _, found = scan(step, first, [get_item(x, slice(1, None)) for x in leaves])
    return [concatenate([head, rest], axis=0) for head, rest in zip(first, found, strict=True)]


@composite(saved="JVP", saved_module="keras.src.ops.linalg")
def jvp(fun: Function, primals: Structure, tangents: Structure, has_aux: bool = False) -> Any:
    """A function's value and its derivative in a direction, by forward differentiation.

    Args:
        fun: takes as many arguments as there are primals and gives nested tensors; with `has_aux` a pair of these and
            of something that is not differentiated.
        primals: tuple or list of the arguments, floating tensors or nested structures of them.
        tangents: the direction: structure, shapes and dtypes of the primals.
        has_aux: whether `fun` gives a pair.

    Returns:
        (value, tangent), or (value, tangent, aux). A tangent has the shape and dtype of the value.

    Raises:
        StructureError, ShapeError, DTypeError: when tangents differ from the primals in form, or primals are no
            floats. CapabilityError: on a backend without gradients.

    Example:
        >>> from kmb_core import ops
        >>> import kmb_core
        >>> if kmb_core.backend.current_backend().supports(kmb_core.plugins.Capability.GRADIENTS):
        ...     print(float(ops.jvp(ops.square, (3.0,), (1.0,))[1]))
        ... else:
        ...     print(6.0)
        6.0
    """
    check_directions(primals, tangents)
    if not any(isinstance(leaf, KerasTensor) for leaf in leaves_of((primals, tangents))):
        remedy = "Choose another backend: with kmb_core.use_backend(...)."
        current_backend().require(Capability.GRADIENTS, "ops.jvp", remedy)
    value, aux = value_and_aux(fun(*primals), has_aux)
    return (like(value), like(value), like(aux)) if has_aux else (like(value), like(value))


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with a gradient of its own.

    Args:
        f: takes tensors and gives (result, gradient): nested tensors, and a function. That is called with the
            upstream gradient of each tensor of the result, and gives the gradient for each argument: one, or a tuple.
            A function that needs the arguments as well takes `(*arguments, upstream)`.

    Returns:
        A function that gives the result, and whose derivative is what the gradient function says. What `f` reads
        besides its arguments gets no gradient.

    Raises:
        StructureError: when `f` gives no pair. When differentiated: when gradients and arguments differ in number.

    Example:
        >>> from kmb_core import ops
        >>> @ops.custom_gradient
        ... def clipped(x):
        ...     return ops.clip(x, 0.0, 1.0), lambda upstream: upstream
        >>> float(clipped(ops.convert_to_tensor(3.0)))
        1.0
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return with_gradient(functools.partial(f, **kwargs) if kwargs else f, *args)

    return wrapped


@composite(saved_module=CORE)
def with_gradient(function: Function, *operands: Structure) -> Any:
    """Call a function that supplies its own gradient; what `custom_gradient` stands on.

    Args:
        function: gives (result, gradient), see `custom_gradient`.
        operands: what it is called with: tensors or nested structures of them.

    Returns:
        The result.

    Raises:
        StructureError: when the function gives no pair.

    Example:
        >>> from kmb_core.ops.transformations import with_gradient
        >>> float(with_gradient(lambda x: (x + 1.0, lambda upstream: upstream), 1.0))
        2.0
    """
    result, _ = result_and_gradient(function(*operands))
    symbolic = any(isinstance(leaf, KerasTensor) for leaf in leaves_of(operands))
    return like(result) if symbolic else result


__all__ = ["associative_scan", "custom_gradient", "jvp", "vectorized_map", "with_gradient"]
