"""Nested inputs taken apart once, so that a batch is put together without walking anything.

`take_apart` gives the leaves with the path a user would write (`x['image']`, `y[1]`) and a function that builds the
same nesting around other leaves. That function is composed when the data is first seen; a batch only calls it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Rebuild = Callable[[Sequence[Any]], Any]


class Leaf(NamedTuple):
    """One array of a nested structure, and how a user would reach it."""

    path: str
    value: Any


def take_apart(value: Any, path: str) -> tuple[list[Leaf], Rebuild]:
    """Split a nested structure into its leaves and a function that nests others alike.

    Args:
        value: arrays in any nesting of dicts, lists, tuples and named tuples. A list of plain numbers, however
            deep, is one leaf.
        path: what the structure is called in error messages.

    Returns:
        The leaves in order, and a function from as many new leaves to the same structure.

    Example:
        >>> leaves, rebuild = take_apart({"a": "first", "b": ("second",)}, "x")
        >>> [leaf.path for leaf in leaves]
        ["x['a']", "x['b'][0]"]
        >>> rebuild([1, 2])
        {'a': 1, 'b': (2,)}
    """
    leaves: list[Leaf] = []
    return leaves, _split(value, path, leaves)


def _split(value: Any, path: str, leaves: list[Leaf]) -> Rebuild:
    if isinstance(value, Mapping):
        return _split_mapping(value, path, leaves)
    if isinstance(value, tuple) or (isinstance(value, list) and not holds_numbers(value)):
        return _split_sequence(value, path, leaves)
    position = len(leaves)
    leaves.append(Leaf(path, value))
    return lambda parts: parts[position]


def _split_mapping(value: Mapping, path: str, leaves: list[Leaf]) -> Rebuild:
    keys = tuple(value)
    children = [_split(value[key], f"{path}[{key!r}]", leaves) for key in keys]
    return lambda parts: {key: child(parts) for key, child in zip(keys, children)}


def _split_sequence(value: Sequence, path: str, leaves: list[Leaf]) -> Rebuild:
    children = [_split(item, f"{path}[{index}]", leaves) for index, item in enumerate(value)]
    if isinstance(value, list):
        return lambda parts: [child(parts) for child in children]
    if hasattr(value, "_fields"):
        kind = type(value)
        return lambda parts: kind(*[child(parts) for child in children])
    return lambda parts: tuple([child(parts) for child in children])


def holds_numbers(value: list) -> bool:
    """Tell whether a list is rows of plain numbers or strings rather than a list of arrays.

    Args:
        value: any list.

    Returns:
        True where going down the first items ends at a number, a bool or a string.

    Example:
        >>> holds_numbers([[1, 2], [3, 4]])
        True
    """
    first: Any = value
    while isinstance(first, list) and first:
        first = first[0]
    return isinstance(first, int | float | complex | str | bytes)
