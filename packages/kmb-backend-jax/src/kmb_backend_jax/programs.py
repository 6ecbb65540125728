"""Endpoints as pure functions of the weights and the inputs, and the open sizes that JAX traces them with."""

from collections.abc import Callable, Sequence
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
    shapes = [", ".join(_size(size, axis, index) for axis, size in enumerate(x.shape)) for index, x in enumerate(leaves)]
    return tree.pack_sequence_as(signature, [f"({shape},)" if shape else "()" for shape in shapes])


def _size(size: int | None, axis: int, index: int) -> str:
    if size is not None:
        return str(size)
    return "batch" if axis == 0 else f"size_{index}_{axis}"
