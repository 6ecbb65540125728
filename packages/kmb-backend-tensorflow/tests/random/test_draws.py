"""Draws: deterministic where seeded, of the right distribution, the same in eager mode, in graphs and under XLA."""

import numpy as np
import pytest
import tensorflow as tf

from kmb_backend_tensorflow.random import draws
from kmb_core.random.seed_generator import SeedGenerator

NAMES = {
    "uniform": lambda seed: draws.uniform((3, 4), seed=seed),
    "normal": lambda seed: draws.normal((3, 4), seed=seed),
    "truncated_normal": lambda seed: draws.truncated_normal((3, 4), seed=seed),
    "randint": lambda seed: draws.randint((3, 4), 0, 1000, seed=seed),
    "gamma": lambda seed: draws.gamma((3, 4), 2.0, seed=seed),
    "binomial": lambda seed: draws.binomial((3, 4), 100, 0.5, seed=seed),
    "categorical": lambda seed: draws.categorical(tf.zeros((3, 50)), 4, seed=seed),
    "shuffle": lambda seed: draws.shuffle(tf.range(12), seed=seed),
    "dropout": lambda seed: draws.dropout(tf.ones((3, 40)), 0.5, seed=seed),
}


@pytest.mark.parametrize("name", NAMES)
def test_an_int_seed_gives_the_same_draw_each_time_and_another_seed_another(name):
    first, again, other = (NAMES[name](seed).numpy() for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_moves_on_and_starts_again_from_its_seed(name):
    generator = SeedGenerator(5)
    first, second = (NAMES[name](generator).numpy() for _ in range(2))
    assert (first != second).any()
    assert (NAMES[name](SeedGenerator(5)).numpy() == first).all()


@pytest.mark.parametrize("name", NAMES)
def test_without_a_seed_draws_follow_the_global_generator(name):
    tf.random.set_seed(1)
    first, second = (NAMES[name](None).numpy() for _ in range(2))
    tf.random.set_seed(1)
    assert (first != second).any()
    assert (NAMES[name](None).numpy() == first).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_draws_what_eager_code_draws_and_moves_the_generator_on(name):
    generator, eager = SeedGenerator(5), SeedGenerator(5)
    graph = tf.function(lambda: NAMES[name](generator), autograph=False)
    for _ in range(2):
        np.testing.assert_allclose(graph(), NAMES[name](eager), rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("gamma", "binomial")])
def test_xla_moves_a_generator_on_and_repeats_itself(name):
    def draw_twice():
        generator = SeedGenerator(5)
        graph = tf.function(lambda: NAMES[name](generator), jit_compile=True, autograph=False)
        return graph().numpy(), graph().numpy()

    (first, second), (again, _) = draw_twice(), draw_twice()
    assert (first == again).all()
    assert (first != second).any()


def test_moments_are_those_of_the_distributions():
    shape = (200_000,)
    cases = (
        (draws.uniform(shape, -1, 3, seed=0), 1, 4 / 3),
        (draws.normal(shape, 2, 3, seed=0), 2, 9),
        (draws.truncated_normal(shape, seed=0), 0, 0.7737),
        (draws.randint(shape, 0, 10, seed=0), 4.5, 8.25),
        (draws.gamma(shape, 3.0, seed=0), 3, 3),
        (draws.binomial(shape, 20, 0.25, seed=0), 5, 3.75),
    )
    for drawn, mean, variance in cases:
        values = drawn.numpy().astype("float64")
        assert values.mean() == pytest.approx(mean, abs=0.02)
        assert values.var() == pytest.approx(variance, rel=0.02)


def test_bounds_are_kept():
    assert draws.uniform((1000,), 2.0, 3.0, seed=0).numpy().min() >= 2.0
    assert np.abs(draws.truncated_normal((10000,), seed=0)).max() <= 2.0
    integers = draws.randint((1000,), 3, 6, "int8", seed=0)
    assert integers.dtype is tf.int8
    assert sorted(set(integers.numpy().tolist())) == [3, 4, 5]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_floats_of_every_width_are_drawn(dtype):
    for drawn in (
        draws.uniform((5,), dtype=dtype, seed=0),
        draws.normal((5,), dtype=dtype, seed=0),
        draws.gamma((5,), 1.0, dtype, seed=0),
        draws.truncated_normal((5,), dtype=dtype, seed=0),
    ):
        assert drawn.dtype.name == dtype
        assert np.isfinite(drawn.numpy().astype("float32")).all()


def test_categorical_draws_with_the_probabilities_of_the_logits():
    drawn = draws.categorical(tf.math.log([[0.1, 0.0, 0.9]]), 20000, seed=0)
    assert drawn.shape == (1, 20000)
    assert np.bincount(drawn.numpy()[0], minlength=3) / 20000 == pytest.approx([0.1, 0, 0.9], abs=0.01)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_shuffling_keeps_slices_whole(axis):
    x = np.arange(60).reshape(3, 4, 5)
    shuffled = draws.shuffle(tf.constant(x), axis, seed=1).numpy()
    order = np.argsort(np.moveaxis(shuffled, axis, 0)[:, 0, 0])
    assert (np.take(shuffled, order, axis) == x).all()


def test_dropout_scales_what_it_keeps_and_shares_its_noise():
    kept = draws.dropout(tf.ones((20000,)), 0.25, seed=0).numpy()
    assert set(kept.tolist()) == {0.0, np.float32(1 / 0.75)}
    assert kept.mean() == pytest.approx(1, abs=0.02)
    shared = draws.dropout(tf.ones((50, 4)), 0.5, (None, 1), seed=0).numpy()
    assert (shared == shared[:, :1]).all()
    assert (draws.dropout(tf.ones((3,)), 0.0, seed=0).numpy() == 1).all()
    assert (draws.dropout(tf.ones((3,)), 1.0, seed=0).numpy() == 0).all()


def test_sizes_that_only_the_graph_knows_are_drawn():
    graph = tf.function(lambda x: draws.dropout(x, 0.5, (None, 1), 3), input_signature=[tf.TensorSpec((None, 4))])
    assert graph(tf.ones((6, 4))).shape == (6, 4)
