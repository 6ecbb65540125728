"""Random draws: shapes, dtypes and distributions are those of Keras on the same framework, though not the numbers."""

import numpy as np
import pytest

import kmb_core
from kmb_core.backend import current_backend

from .names import public
from .outcomes import differences, outcome

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

COUNT = 20000
# Each with `d` for the library's `random`, and a seed that the call is given.
DRAWS = {
    "normal": "d.normal((COUNT,), mean=1.5, stddev=2.0, seed=seed)",
    "uniform": "d.uniform((COUNT,), minval=-1.0, maxval=3.0, seed=seed)",
    "truncated_normal": "d.truncated_normal((COUNT,), mean=0.5, stddev=2.0, seed=seed)",
    "randint": "d.randint((COUNT,), minval=-2, maxval=7, seed=seed)",
    "gamma": "d.gamma((COUNT,), alpha=2.5, seed=seed)",
    "beta": "d.beta((COUNT,), alpha=2.0, beta=3.0, seed=seed)",
    "binomial": "d.binomial((COUNT,), counts=5.0, probabilities=0.3, seed=seed)",
    "categorical": "d.categorical(logits, 10000, seed=seed)",
    "dropout": "d.dropout(ones, 0.3, seed=seed)",
    "shuffle": "d.shuffle(places, axis=0, seed=seed)",
}
FORMS = [
    "d.normal((2, 3), dtype='float16', seed=1)",
    "d.normal((2, 0), seed=1)",
    "d.normal((), dtype='bfloat16', seed=1)",
    "d.uniform((2, 3), 0, 1, seed=1)",
    "d.uniform((2, 3), dtype='float16', seed=1)",
    "d.truncated_normal((3,), dtype='bfloat16', seed=1)",
    "d.randint((2, 3), 0, 5, seed=1)",
    "d.randint((2, 3), 0, 5, dtype='int8', seed=1)",
    "d.randint((2, 3), 0, 5, dtype='uint8', seed=1)",
    "d.gamma((2, 3), 2.0, dtype='float16', seed=1)",
    "d.beta((2, 3), 2.0, 1.0, seed=1)",
    "d.binomial((2, 3), 4.0, 0.5, dtype='float16', seed=1)",
    "d.categorical(logits, 4, dtype='int32', seed=1)",
    "d.categorical(logits, 4, dtype='int8', seed=1)",
    "d.dropout(ones, 0.5, noise_shape=(COUNT // 100, 1), seed=1)",
    "d.dropout(ones, 0.0, seed=1)",
    "d.shuffle(places, axis=1, seed=1)",
]


def drawn(library, text, seed=1):
    convert = current_backend().convert
    given = {
        "logits": convert(np.log(np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], "float32")), "float32"),
        "ones": convert(np.ones((COUNT // 100, 100), "float32"), "float32"),
        "places": convert(np.arange(60, dtype="int32").reshape(20, 3), "int32"),
    }
    return eval(text, {"d": library.random, "seed": seed, "COUNT": COUNT, **given})


def numbers(library, text, seed=1):
    return np.asarray(current_backend().to_numpy(drawn(library, text, seed))).astype("float64")


def test_each_name_of_keras_is_drawn_from(keras):
    assert keras is not None
    assert public("keras", "random") == public("kmb_core", "random") == sorted(DRAWS)


@pytest.mark.parametrize("text", [*DRAWS.values(), *FORMS])
def test_shapes_and_dtypes_are_those_of_keras(text, keras):
    ours, theirs = (outcome(lambda library=library: drawn(library, text)) for library in (kmb_core, keras))
    assert list(differences(ours, theirs, 0.0, 0.0)) == []


@pytest.mark.parametrize("name", sorted(set(DRAWS) - {"shuffle"}))
def test_moments_are_those_of_keras(name, keras):
    ours, theirs = numbers(kmb_core, DRAWS[name]), numbers(keras, DRAWS[name])
    for moment in (1, 2):
        powers = [(x.reshape(-1) - theirs.mean() * (moment - 1)) ** moment for x in (ours, theirs)]
        error = np.hypot(*(p.std() / np.sqrt(p.size) for p in powers))
        assert abs(powers[0].mean() - powers[1].mean()) < 5 * error


@pytest.mark.parametrize("name", sorted(DRAWS))
def test_a_seed_is_repeated_and_another_differs_in_both(name, keras):
    for library in (kmb_core, keras):
        first, again, other = (numbers(library, DRAWS[name], seed) for seed in (7, 7, 8))
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", sorted(DRAWS))
def test_a_generator_goes_on_in_both(name, keras):
    for library in (kmb_core, keras):
        generator = library.random.SeedGenerator(3)
        first, second = (numbers(library, DRAWS[name], generator) for _ in range(2))
        assert not np.array_equal(first, second)
