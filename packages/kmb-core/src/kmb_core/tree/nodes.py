"""What counts as a container, and how to take one apart and put it together.

Containers are exactly `list`, `tuple`, `dict`, `OrderedDict`, `defaultdict`, `deque`, named tuples, struct
sequences and registered classes; a subclass of `list` or `dict` is a leaf unless registered, as in Keras. Keys of
`dict` and `defaultdict` are visited in sorted order (mixed types: by type name, then key), those of an
`OrderedDict` in its own. A rebuilt mapping keeps the insertion order of the original.

This is plain Python rather than optree: structures in a model hold a few leaves, where a dict look-up by type
costs less than crossing into C, and nothing needs importing.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple


class NodeKind(NamedTuple):
    """How one class of containers is handled: its family, keys, children, and a container with new children."""

    family: str
    keys: Callable[[Any], Sequence[Any]]
    children: Callable[[Any], Sequence[Any]]
    rebuild: Callable[[Any, Iterable[Any]], Any]


def _indices(structure: Sequence[Any]) -> range:
    return range(len(structure))


def _same(structure: Any) -> Any:
    return structure


def sorted_keys(mapping: dict[Any, Any]) -> list[Any]:
    """Return the keys sorted; where they do not compare, by the name of their type first."""
    try:
        return sorted(mapping)
    except TypeError:
        return sorted(mapping, key=lambda key: (type(key).__module__, type(key).__qualname__, key))


def _sorted_values(mapping: dict[Any, Any]) -> list[Any]:
    return [mapping[key] for key in sorted_keys(mapping)]


def _new_dict(mapping: dict[Any, Any], values: Iterable[Any]) -> dict[Any, Any]:
    new = dict.fromkeys(mapping)
    new.update(zip(sorted_keys(mapping), values, strict=True))
    return new


def _new_defaultdict(mapping: defaultdict[Any, Any], values: Iterable[Any]) -> defaultdict[Any, Any]:
    return defaultdict(mapping.default_factory, _new_dict(mapping, values))


def _new_ordered(mapping: OrderedDict[Any, Any], values: Iterable[Any]) -> OrderedDict[Any, Any]:
    return OrderedDict(zip(mapping, values, strict=True))


_kinds: dict[type, NodeKind] = {
    list: NodeKind("list", _indices, _same, lambda _, children: list(children)),
    tuple: NodeKind("tuple", _indices, _same, lambda _, children: tuple(children)),
    deque: NodeKind("deque", _indices, list, lambda old, children: deque(children, old.maxlen)),
    dict: NodeKind("mapping", sorted_keys, _sorted_values, _new_dict),
    defaultdict: NodeKind("mapping", sorted_keys, _sorted_values, _new_defaultdict),
    OrderedDict: NodeKind("mapping", list, lambda mapping: list(mapping.values()), _new_ordered),
}
_NAMED_TUPLE = NodeKind("named tuple", _indices, _same, lambda old, children: type(old)._make(children))
_STRUCT_SEQUENCE = NodeKind("struct sequence", _indices, _same, lambda old, children: type(old)(children))


def kind_of(structure: Any) -> NodeKind | None:
    """Return how to handle a container, or None for a leaf."""
    kind = _kinds.get(type(structure))
    if kind is None and isinstance(structure, tuple):
        return _tuple_kind(type(structure))
    return kind


def _tuple_kind(cls: type) -> NodeKind | None:
    if hasattr(cls, "_fields"):
        return _NAMED_TUPLE
    return _STRUCT_SEQUENCE if hasattr(cls, "n_sequence_fields") else None


def register_container(cls: type, rebuild: Callable[[Any, Iterable[Any]], Any], like: type | None = None) -> None:
    """Make a subclass of a container a container too, as tracked lists and dicts are.

    Args:
        cls: a subclass of `list`, `tuple`, `dict`, `OrderedDict`, `defaultdict` or `deque`.
        rebuild: called with the old container and the new children, in the order of flattening.
        like: the built-in container whose keys and order it has; by default the first among its bases.
    """
    base = like or next(ancestor for ancestor in cls.__mro__[1:] if ancestor in _kinds)
    _kinds[cls] = _kinds[base]._replace(rebuild=rebuild)
