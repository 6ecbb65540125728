"""Nested structures: lists, tuples, dicts and their kin, with anything else as leaves."""

from kmb_core.tree.nodes import register_container
from kmb_core.tree.sameness import assert_same_paths, assert_same_structure
from kmb_core.tree.walking import (
    MAP_TO_NONE,
    flatten,
    flatten_with_path,
    is_nested,
    lists_to_tuples,
    map_shape_structure,
    map_structure,
    map_structure_up_to,
    pack_sequence_as,
    traverse,
)

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "register_container",
    "traverse",
]
