"""Shapes and dtypes of a function's outputs, from `jax.eval_shape`.

JAX has no unknown sizes in a trace. A function is traced with two different sizes in their place; what differs between
the outputs is unknown too.
"""

from collections.abc import Callable
from typing import Any

import jax

from kmb_backend_jax.dtypes import native_dtype
from kmb_core.backend import KerasTensor
from kmb_core.dtypes import standardize_dtype

# Sizes with many divisors, so that reshapes go through; the larger pair where the smaller is too small.
_PROBES = ((24, 48), (240, 480))


def abstract_call(function: Callable[..., Any], arguments: Any) -> Any:
    """KerasTensors for what `function` returns.

    Args:
        function: what is traced.
        arguments: its positional and its named arguments, `(args, kwargs)`, with KerasTensors at any depth.
    """
    leaves, structure = jax.tree.flatten(arguments)

    def outputs(size: int) -> Any:
        return _traced(function, leaves, structure, size)

    if not any(None in leaf.shape for leaf in leaves if isinstance(leaf, KerasTensor)):
        return jax.tree.map(lambda out: KerasTensor.like(out.shape, standardize_dtype(out.dtype)), outputs(1))
    try:
        first, second = map(outputs, _PROBES[0])
    except Exception:  # whatever the function raises for a size that is too small for it
        first, second = map(outputs, _PROBES[1])
    return jax.tree.map(_merged, first, second)


def _traced(function: Callable[..., Any], leaves: list[Any], structure: Any, size: int) -> Any:
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, KerasTensor)]

    def call(tensors: list[Any]) -> Any:
        filled = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            filled[place] = tensor
        args, kwargs = jax.tree.unflatten(structure, filled)
        return function(*args, **kwargs)

    return jax.eval_shape(call, [_probe(leaves[place], size) for place in places])


def _probe(x: KerasTensor, size: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(tuple(size if d is None else d for d in x.shape), native_dtype(x.dtype))


def _merged(first: Any, second: Any) -> KerasTensor:
    shape = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
    return KerasTensor.like(shape, standardize_dtype(first.dtype))
