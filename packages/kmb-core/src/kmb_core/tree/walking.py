"""Flattening, packing, mapping and traversing nested structures.

A leaf and a flat container take one look-up by type for each element; there is no other fast path to keep in step.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kmb_core.errors import StructureError
from kmb_core.tree.nodes import kind_of
from kmb_core.tree.sameness import aligned, assert_same_structure


class MAP_TO_NONE:
    """What a function given to `traverse` returns to put None in a place."""


def is_nested(structure: Any) -> bool:
    """Tell whether an object is a container.

    Example:
        >>> is_nested([1, 2]), is_nested("ab"), is_nested({})
        (True, False, True)
    """
    return kind_of(structure) is not None


def flatten(structure: Any) -> list[Any]:
    """Return the leaves of a structure, in order; None is a leaf.

    Example:
        >>> flatten({"b": 1, "a": [2, 3]})
        [2, 3, 1]
    """
    leaves: list[Any] = []
    _collect(structure, leaves)
    return leaves


def _collect(structure: Any, leaves: list[Any]) -> None:
    kind = kind_of(structure)
    if kind is None:
        leaves.append(structure)
        return
    for child in kind.children(structure):
        _collect(child, leaves)


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return pairs of path and leaf; a path is the tuple of keys and indices that leads to the leaf.

    Example:
        >>> flatten_with_path({"b": 1, "a": [2]})
        [(('a', 0), 2), (('b',), 1)]
    """
    return list(_paths(structure, ()))


def _paths(structure: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    kind = kind_of(structure)
    if kind is None:
        yield path, structure
        return
    for key, child in zip(kind.keys(structure), kind.children(structure), strict=True):
        yield from _paths(child, (*path, key))


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Call a function on the leaves that stand in the same place of each structure.

    Args:
        func: takes as many arguments as there are structures.
        *structures: structures of the same form.
        none_is_leaf: whether None is given to `func`, or stands as it is.

    Returns:
        The results, in the form of the first structure.

    Raises:
        StructureError: where the forms differ, or there is no structure.

    Example:
        >>> map_structure(lambda x, y: x + y, {"a": 1, "b": [2]}, {"a": 10, "b": [20]})
        {'a': 11, 'b': [22]}
    """
    _check_call(func, structures)
    first, *others = structures
    if not others:
        return _map_one(func, first, none_is_leaf)
    for other in others:
        assert_same_structure(first, other)
    return _map_many(func, structures, none_is_leaf)


def _check_call(func: object, structures: tuple[Any, ...]) -> None:
    if not callable(func):
        raise TypeError(f"Mapping over a structure needs a function, got {func!r:.60}.")
    if not structures:
        raise StructureError("Mapping over structures needs at least one structure, got none.")


def _map_one(func: Callable[..., Any], structure: Any, none_is_leaf: bool) -> Any:
    kind = kind_of(structure)
    if kind is not None:
        return kind.rebuild(structure, [_map_one(func, child, none_is_leaf) for child in kind.children(structure)])
    return func(structure) if none_is_leaf or structure is not None else None


def _map_many(func: Callable[..., Any], structures: tuple[Any, ...], none_is_leaf: bool) -> Any:
    first = structures[0]
    kind = kind_of(first)
    if kind is not None:
        columns = (aligned(first, other) for other in structures)
        return kind.rebuild(first, [_map_many(func, row, none_is_leaf) for row in zip(*columns, strict=True)])
    if none_is_leaf or all(leaf is not None for leaf in structures):
        return func(*structures)
    if any(leaf is not None for leaf in structures):
        raise StructureError("Structures differ: expected None in the same places of each, got a leaf in one of them.")
    return None


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Call a function on what stands in the structures where a shallower one has its leaves.

    Args:
        shallow_structure: says how deep to go.
        func: takes as many arguments as there are structures, each a leaf or a part of one.
        *structures: structures that begin with the form of `shallow_structure`.

    Returns:
        The results, in the form of `shallow_structure`.

    Raises:
        StructureError: where a structure is not at least as deep, or there is none.

    Example:
        >>> map_structure_up_to([0, 0], len, [[1, 2], (3,)])
        [2, 1]
    """
    _check_call(func, structures)
    return _map_up_to(func, shallow_structure, structures)


def _map_up_to(func: Callable[..., Any], shallow: Any, structures: tuple[Any, ...]) -> Any:
    kind = kind_of(shallow)
    if kind is None:
        return func(*structures)
    columns = [aligned(shallow, structure) for structure in structures]
    parts = zip(kind.children(shallow), zip(*columns, strict=True), strict=True)
    return kind.rebuild(shallow, [_map_up_to(func, child, row) for child, row in parts])


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Put a flat sequence into the form of a structure; the inverse of `flatten`.

    Raises:
        StructureError: where the number of leaves differs.

    Example:
        >>> pack_sequence_as({"b": 0, "a": [0, 0]}, [1, 2, 3])
        {'b': 3, 'a': [1, 2]}
    """
    leaves = list(flat_sequence)
    expected = len(flatten(structure))
    if len(leaves) != expected:
        raise StructureError(f"Packing needs as many items as the structure has leaves, {expected}; got {len(leaves)}.")
    remaining = iter(leaves)
    return _map_one(lambda _: next(remaining), structure, none_is_leaf=True)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Replace parts of a structure, containers and leaves alike.

    Args:
        func: called on each part. None keeps the part, `MAP_TO_NONE` puts None there, anything else replaces it.
        structure: any structure.
        top_down: call on a container before its parts (a replaced one is not entered), or after.

    Returns:
        A new structure.

    Example:
        >>> traverse(lambda part: tuple(part) if isinstance(part, list) else None, [1, [2]], top_down=False)
        (1, (2,))
    """
    if not callable(func):
        raise TypeError(f"Traversing a structure needs a function, got {func!r:.60}.")
    return _traverse_down(func, structure) if top_down else _traverse_up(func, structure)


def _traverse_down(func: Callable[[Any], Any], structure: Any) -> Any:
    replacement = func(structure)
    if replacement is not None:
        return None if replacement is MAP_TO_NONE else replacement
    kind = kind_of(structure)
    if kind is None:
        return structure
    return kind.rebuild(structure, [_traverse_down(func, child) for child in kind.children(structure)])


def _traverse_up(func: Callable[[Any], Any], structure: Any) -> Any:
    kind = kind_of(structure)
    if kind is not None:
        structure = kind.rebuild(structure, [_traverse_up(func, child) for child in kind.children(structure)])
    replacement = func(structure)
    if replacement is None:
        return structure
    return None if replacement is MAP_TO_NONE else replacement


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with a tuple in place of each list.

    Example:
        >>> lists_to_tuples({"a": [1, [2]]})
        {'a': (1, (2,))}
    """
    return traverse(lambda part: tuple(part) if isinstance(part, list) else None, structure, top_down=False)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Map over a structure whose leaves are shapes: tuples or lists of sizes and None.

    Example:
        >>> map_shape_structure(len, {"a": (None, 3), "b": [(1,), ()]})
        {'a': 2, 'b': [1, 0]}
    """
    kind = None if _is_shape(structure) else kind_of(structure)
    if kind is None:
        return func(structure)
    return kind.rebuild(structure, [map_shape_structure(func, child) for child in kind.children(structure)])


def _is_shape(structure: Any) -> bool:
    return isinstance(structure, list | tuple) and all(size is None or isinstance(size, int) for size in structure)
