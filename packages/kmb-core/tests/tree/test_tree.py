import time
from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

from kmb_core import tree
from kmb_core.errors import StructureError

Pair = namedtuple("Pair", "x y")
Other = namedtuple("Other", "x y")


class Tracked(list):
    """A list that is no container until it is registered."""


CASES = [
    (1, [1], [()]),
    (None, [None], [()]),
    ([], [], []),
    ([1, None, (2,)], [1, None, 2], [(0,), (1,), (2, 0)]),
    ({"b": 1, "a": [2, 3]}, [2, 3, 1], [("a", 0), ("a", 1), ("b",)]),
    (OrderedDict(b=1, a=2), [1, 2], [("b",), ("a",)]),
    (defaultdict(int, b=1, a=2), [2, 1], [("a",), ("b",)]),
    (Pair(1, [2]), [1, 2], [(0,), (1, 0)]),
    (deque([1, 2], maxlen=5), [1, 2], [(0,), (1,)]),
    ({"a": 3, 2: 1}, [1, 3], [(2,), ("a",)]),
    ("text", ["text"], [()]),
    (frozenset([1]), [frozenset([1])], [()]),
]


@pytest.mark.parametrize(("structure", "leaves", "paths"), CASES)
def test_leaves_come_in_order_with_their_paths(structure, leaves, paths):
    assert tree.flatten(structure) == leaves
    assert tree.flatten_with_path(structure) == list(zip(paths, leaves, strict=True))


@pytest.mark.parametrize("structure", [case[0] for case in CASES])
def test_packing_undoes_flattening(structure):
    packed = tree.pack_sequence_as(structure, tree.flatten(structure))
    assert packed == structure
    assert type(packed) is type(structure)


def test_rebuilding_keeps_insertion_order_factory_and_length_limit():
    assert list(tree.map_structure(lambda x: x, {"b": 1, "a": 2})) == ["b", "a"]
    assert tree.map_structure(lambda x: x, defaultdict(list, a=1)).default_factory is list
    assert tree.map_structure(lambda x: x, deque([1], maxlen=3)).maxlen == 3


def test_a_struct_sequence_is_a_container():
    moment = time.gmtime(0)
    assert tree.flatten(moment)[0] == 1970
    assert type(tree.map_structure(lambda x: x, moment)) is time.struct_time


def test_a_subclass_of_list_is_a_leaf_until_it_is_registered():
    assert tree.flatten(Tracked([1, 2])) == [Tracked([1, 2])]
    tree.register_container(Tracked, lambda _, children: Tracked(children))
    assert tree.flatten(Tracked([1, 2])) == [1, 2]
    assert type(tree.map_structure(lambda x: x, Tracked([1]))) is Tracked
    tree.assert_same_structure(Tracked([1]), [1])


@pytest.mark.parametrize(("structure", "nested"), [([], True), ((), True), ({}, True), (None, False), ("ab", False)])
def test_containers_are_nested_even_when_empty(structure, nested):
    assert tree.is_nested(structure) is nested


def test_mapping_over_two_structures_takes_the_form_of_the_first():
    mapped = tree.map_structure(lambda a, b: a + b, OrderedDict(b=1, a=[2]), {"a": [20], "b": 10})
    assert mapped == OrderedDict(b=11, a=[22])


def test_none_is_given_to_the_function_or_kept():
    assert tree.map_structure(lambda x: (x,), [1, None]) == [(1,), (None,)]
    assert tree.map_structure(lambda x: (x,), [1, None], none_is_leaf=False) == [(1,), None]
    assert tree.map_structure(lambda a, b: a + b, [1, None], [1, None], none_is_leaf=False) == [2, None]
    with pytest.raises(StructureError):
        tree.map_structure(lambda a, b: a, [1, None], [1, 2], none_is_leaf=False)


@pytest.mark.parametrize(
    ("a", "b"),
    [([1], (1,)), ([1], [1, 2]), ({"a": 1}, {"b": 1}), ([1], 1), (1, [1]), ([1], [[1]]), (Pair(1, 2), (1, 2)),
     (Pair(1, 2), Other(1, 2)), (None, []), ([None], [[1]])],
)  # fmt: skip
def test_different_forms_are_refused(a, b):
    with pytest.raises(StructureError):
        tree.assert_same_structure(a, b)
    with pytest.raises(ValueError, match="Structures differ"):
        tree.map_structure(lambda x, y: x, a, b)


def test_the_place_of_a_difference_is_named():
    with pytest.raises(StructureError, match=r"at \['a', 1\]: expected a leaf of type int, got a list of 1"):
        tree.assert_same_structure({"a": [0, 0]}, {"a": [0, [1]]})


def test_mappings_with_the_same_keys_are_alike():
    tree.assert_same_structure({"a": 1, "b": 2}, OrderedDict(b=1, a=2))
    tree.assert_same_structure(defaultdict(int, a=1), {"a": 1})


def test_paths_do_not_tell_lists_from_tuples():
    tree.assert_same_paths([1, (2, Pair(3, 4))], (1, [2, [3, 4]]))
    with pytest.raises(StructureError, match="different paths"):
        tree.assert_same_paths([1, 2], [1])
    with pytest.raises(StructureError):
        tree.assert_same_paths(None, [])


def test_mapping_up_to_a_depth_hands_over_the_parts_below():
    assert tree.map_structure_up_to([0, 0], lambda a, b: (a, b), [[1, 2], 3], [4, [5]]) == [([1, 2], 4), (3, [5])]
    assert tree.map_structure_up_to(0, len, [1, 2]) == 2
    with pytest.raises(StructureError):
        tree.map_structure_up_to([0, 0], len, [1])
    with pytest.raises(StructureError):
        tree.map_structure_up_to([0], len)


@pytest.mark.parametrize("count", [1, 3])
def test_packing_needs_the_right_number_of_leaves(count):
    with pytest.raises(StructureError, match="2; got"):
        tree.pack_sequence_as([0, [0]], range(count))


def test_top_down_does_not_enter_what_was_replaced():
    def as_tuple(part):
        return tuple(part) if isinstance(part, list) else None

    assert tree.traverse(as_tuple, [1, [2, 3]]) == (1, [2, 3])
    assert tree.traverse(as_tuple, [1, [2, 3]], top_down=False) == (1, (2, 3))


@pytest.mark.parametrize(
    ("top_down", "order"), [(True, [{"b": 1, "a": [2]}, [2], 2, 1]), (False, [2, [2], 1, {"b": 1, "a": [2]}])]
)
def test_parts_are_visited_in_sorted_order(top_down, order):
    seen = []
    tree.traverse(seen.append, {"b": 1, "a": [2]}, top_down=top_down)
    assert seen == order


def test_a_marker_puts_none_in_a_place():
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 1 else None, [1, 2]) == [None, 2]
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 1 else None, [1, 2], top_down=False) == [None, 2]


def test_lists_become_tuples_at_every_depth():
    assert tree.lists_to_tuples([1, {"a": [2]}, Pair([3], 4)]) == (1, {"a": (2,)}, Pair((3,), 4))


@pytest.mark.parametrize(
    ("structure", "mapped"),
    [((1, None), "S"), ([(1, None), (3,)], ["S", "S"]), ({"a": [2, 3]}, {"a": "S"}), ([(), ()], ["S", "S"]), ([], "S"),
     ([None, (1,)], ["S", "S"])],
)  # fmt: skip
def test_shapes_are_leaves_when_mapping_over_shapes(structure, mapped):
    assert tree.map_shape_structure(lambda _: "S", structure) == mapped


def test_what_is_no_function_is_refused():
    for call in (lambda: tree.map_structure(3, [1]), lambda: tree.traverse(3, [1])):
        with pytest.raises(TypeError, match="needs a function"):
            call()
