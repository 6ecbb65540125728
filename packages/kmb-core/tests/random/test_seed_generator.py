import copy

import numpy as np
import pytest

from kmb_core import ops, random
from kmb_core.backend import StatelessScope, SymbolicScope
from kmb_core.random.global_seed import set_global_seed
from kmb_core.random.seed_generator import make_default_seed
from kmb_core.serialization import serialize_keras_object


def words(key):
    return ops.convert_to_numpy(key).tolist()


@pytest.fixture
def _global_seed():
    yield
    set_global_seed(None)


def test_the_counter_moves_on_and_earlier_keys_stay():
    generator = random.SeedGenerator(5)
    first = generator.next()
    second = generator.next()
    assert (words(first), words(second), words(generator.state.value)) == ([5, 0], [5, 1], [5, 2])


def test_the_state_is_a_named_variable_that_is_not_trained():
    state = random.SeedGenerator(5, name="mine").state
    assert (state.path, state.shape, state.trainable) == ("mine/seed_generator_state", (2,), False)


@pytest.mark.usefixtures("_global_seed")
def test_unseeded_generators_follow_the_global_seed():
    set_global_seed(3)
    first = [random.SeedGenerator().initial_seed, make_default_seed()]
    set_global_seed(3)
    assert first == [random.SeedGenerator().initial_seed, make_default_seed()]
    assert first[0] != first[1]


def test_seeds_wider_than_a_word_count_in_full():
    seeds = (1, 1 + 2**32, 2**32, 2**40)
    assert len({words(random.SeedGenerator(seed).next())[0] for seed in seeds}) == len(seeds)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True])
def test_other_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="seed"):
        random.SeedGenerator(seed)


def test_numpy_integers_are_seeds():
    assert random.SeedGenerator(np.int64(3)).get_config()["seed"] == 3


def test_the_counter_wraps_around():
    generator = random.SeedGenerator(1)
    generator.state.assign(np.array([2**32 - 1, 2**32 - 1], "uint32"))
    generator.next()
    assert words(generator.state.value) == [2**32 - 1, 0]


def test_a_stateless_scope_takes_the_new_state():
    generator = random.SeedGenerator(5)
    with StatelessScope(state_mapping=[(generator.state, generator.state.value)]) as scope:
        assert [words(generator.next()) for _ in range(2)] == [[5, 0], [5, 1]]
    assert words(scope.get_current_value(generator.state)) == [5, 2]
    assert words(generator.state.value) == [5, 0]


def test_a_symbolic_scope_moves_nothing_on():
    generator = random.SeedGenerator(5)
    with SymbolicScope():
        assert generator.next().shape == (2,)
    assert words(generator.next()) == [5, 0]


def test_a_config_makes_an_equal_generator():
    config = random.SeedGenerator(9, name="dice").get_config()
    assert config == {"seed": 9, "name": "dice"}
    assert words(random.SeedGenerator.from_config(config).next()) == [9, 0]
    assert random.SeedGenerator(name="dice").get_config() == {"seed": None, "name": "dice"}
    saved = serialize_keras_object(random.SeedGenerator(9))
    assert (saved["module"], saved["class_name"]) == ("keras.random", "SeedGenerator")


def test_a_copy_goes_its_own_way():
    generator = random.SeedGenerator(5)
    twin = copy.deepcopy(generator)
    generator.next()
    assert (words(generator.next()), words(twin.next())) == ([5, 1], [5, 0])
