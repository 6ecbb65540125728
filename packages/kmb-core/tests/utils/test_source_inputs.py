"""get_source_inputs: where a symbolic tensor comes from."""

import numpy as np

import kmb_core
from kmb_core.utils import get_source_inputs


def test_all_inputs_are_found_once_in_the_order_of_their_use():
    a, b, unused = kmb_core.Input((2,)), kmb_core.Input((2,)), kmb_core.Input((2,))
    hidden = kmb_core.layers.Dense(2)(b)
    sources = get_source_inputs(hidden + a * hidden)
    assert len(sources) == 2
    assert sources[0] is b
    assert sources[1] is a
    assert all(source is not unused for source in sources)


def test_an_input_is_its_own_source():
    a = kmb_core.Input((2,))
    (source,) = get_source_inputs(a)
    assert source is a


def test_what_has_no_history_is_given_back():
    value, tensor = np.ones(2), kmb_core.KerasTensor((2,))
    assert get_source_inputs(value) is value
    assert get_source_inputs(tensor) is tensor


def test_a_graph_of_thousands_of_steps_is_walked():
    first = x = kmb_core.Input((2,))
    for _ in range(3000):
        x = x + 1.0
    assert get_source_inputs(x)[0] is first
