"""Endpoints as pure functions of the weights and the inputs, and the open sizes that JAX traces them with."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kmb_core import tree
from kmb_core.backend import StatelessScope
from kmb_core.plugins import Endpoint


def pure(endpoint: Endpoint, variables: Sequence[Any], updates: Sequence[Any] = ()) -> Callable[..., Any]:
    """The endpoint as a function of the variables' values and its inputs.

    Args:
        endpoint: what is exported.
        variables: variables in the order of the values.
        updates: those whose new values are given beside the outputs.
    """

    def program(values: Sequence[Any], *inputs: Any) -> Any:
        with StatelessScope(state_mapping=zip(variables, values, strict=True)) as scope:
            outputs = endpoint.function(*inputs)
        return (outputs, [scope.get_current_value(v) for v in updates]) if updates else outputs

    return program


def open_sizes(signature: Any) -> Any:
    """For each input what `jax.export` calls a polymorphic shape: "batch, time_1, 3".

    The first axis is the batch, the same for all inputs; every other open size is one of its own.
    """
    leaves = tree.flatten(signature)
    shapes = [
        ", ".join(_size(size, axis, index) for axis, size in enumerate(x.shape)) for index, x in enumerate(leaves)
    ]
    return tree.pack_sequence_as(signature, [f"({shape},)" if shape else "()" for shape in shapes])


def _size(size: int | None, axis: int, index: int) -> str:
    if size is not None:
        return str(size)
    return "batch" if axis == 0 else f"size_{index}_{axis}"


def least_sizes(signature: Any, least: int) -> list[str]:
    """What is assumed of the open sizes but the batch: that they are at least so large."""
    shapes = [(index, x.shape) for index, x in enumerate(tree.flatten(signature))]
    names = [_size(None, axis, i) for i, shape in shapes for axis, size in enumerate(shape) if axis and size is None]
    return [f"{name} >= {least}" for name in names]


def with_least_sizes(signature: Any, make: Callable[[list[str]], Any]) -> Any:
    """What `make` gives with the weakest assumption that lets JAX trace the function.

    A window has to fit into what it moves over; JAX asks whether it does, and has no answer for any size whatever.

    Args:
        signature: of the endpoint.
        make: a function of the constraints.
    """
    for least in _LEAST:
        try:
            return make(least_sizes(signature, least) if least > 1 else [])
        except Exception as error:
            last = least == _LEAST[-1] or not least_sizes(signature, least)
            if last or not any(_is_inconclusive(e) for e in _chain(error)):
                raise
    raise AssertionError("the last one was returned or raised")


_LEAST = (1, 2, 4, 8)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_inconclusive(error: BaseException) -> bool:
    return type(error).__name__ == "InconclusiveDimensionOperation"
