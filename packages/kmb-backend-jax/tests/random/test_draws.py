import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from kmb_backend_jax.random import draws
from kmb_core.backend import StatelessScope
from kmb_core.random import SeedGenerator

N = 20000


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_an_int_seed_gives_jaxs_own_numbers(seed):
    expected = jax.random.normal(jax.random.key(seed), (5,))
    np.testing.assert_array_equal(draws.normal((5,), seed=seed), expected)


@pytest.mark.parametrize("seed", [-1, 2**40, 2**80 + 3, np.int64(7)])
def test_any_whole_number_is_a_seed(seed):
    first, second = draws.uniform((4,), seed=seed), draws.uniform((4,), seed=seed)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("drawn", "distribution"),
    [
        (lambda: draws.uniform((N,), -1.0, 3.0, seed=1), stats.uniform(-1, 4)),
        (lambda: draws.normal((N,), 2.0, 0.5, seed=1), stats.norm(2, 0.5)),
        (lambda: draws.truncated_normal((N,), 1.0, 2.0, seed=1), stats.truncnorm(-2, 2, 1, 2)),
        (lambda: draws.gamma((N,), 2.5, seed=1), stats.gamma(2.5)),
        (lambda: draws.beta((N,), 2.0, 3.0, seed=1), stats.beta(2, 3)),
    ],
)
def test_draws_follow_their_distribution(drawn, distribution):
    values = np.asarray(drawn())
    assert values.dtype == "float32"
    assert stats.kstest(values, distribution.cdf).pvalue > 1e-4


def test_counts_of_successes_are_binomial():
    values = np.asarray(draws.binomial((N,), 10.0, 0.3, seed=1))
    observed = np.bincount(values.astype(int), minlength=11)
    expected = N * stats.binom(10, 0.3).pmf(np.arange(11))
    assert stats.chisquare(observed[:8], expected[:8] * observed[:8].sum() / expected[:8].sum()).pvalue > 1e-4


def test_integers_reach_both_ends_and_no_further():
    values = np.asarray(draws.randint((1000,), -2, 3, seed=1))
    assert values.dtype == "int32"
    assert sorted(set(values.tolist())) == [-2, -1, 0, 1, 2]


def test_classes_come_with_the_probabilities_of_their_logits():
    drawn = np.asarray(draws.categorical(jnp.log(jnp.array([[0.2, 0.8], [1.0, 0.0]])), N, seed=1))
    assert drawn.shape == (2, N)
    assert abs(drawn[0].mean() - 0.8) < 0.02
    assert (drawn[1] == 0).all()


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_a_shuffle_moves_whole_parts(axis):
    x = np.arange(12).reshape(3, 4)
    shuffled = np.asarray(draws.shuffle(jnp.asarray(x), axis, seed=2))
    parts = {tuple(part) for part in np.moveaxis(shuffled, axis, 0)}
    assert parts == {tuple(part) for part in np.moveaxis(x, axis, 0)}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dropout_keeps_the_mean_and_the_dtype(dtype):
    x = jnp.ones((200, 200), dtype)
    dropped = draws.dropout(x, 0.25, seed=1)
    assert dropped.dtype == dtype
    assert abs(float((dropped == 0).mean()) - 0.25) < 0.01
    assert abs(float(dropped.astype("float32").mean()) - 1) < 0.02


@pytest.mark.parametrize("noise_shape", [(None, 1), (1,)])
def test_dropout_can_drop_rows_as_a_whole(noise_shape):
    dropped = np.asarray(draws.dropout(jnp.ones((64, 5)), 0.5, noise_shape, seed=1))
    assert all(len(set(row)) == 1 for row in dropped)


def test_dropping_nothing_and_dropping_all_need_no_numbers():
    generator = SeedGenerator(1)
    x = jnp.ones(3)
    assert draws.dropout(x, 0.0, seed=generator) is x
    assert draws.dropout(x, 1.0, seed=generator).tolist() == [0.0, 0.0, 0.0]
    assert generator.state.numpy().tolist() == [1, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: draws.dropout(jnp.ones(3), 1.5, seed=1),
        lambda: draws.dropout(jnp.ones(3), 0.5, (None, None), seed=1),
        lambda: draws.categorical(jnp.ones(3), 2, seed=1),
        lambda: draws.uniform((2,), dtype="int32", seed=1),
        lambda: draws.normal((2,), seed="text"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises((ValueError, TypeError)):
        wrong()


def test_a_generator_gives_other_numbers_at_each_call_and_the_same_after_a_restart():
    generator = SeedGenerator(5)
    first, second = draws.normal((3,), seed=generator), draws.normal((3,), seed=generator)
    assert (first != second).all()
    np.testing.assert_array_equal(draws.normal((3,), seed=SeedGenerator(5)), first)


def test_a_generator_advances_inside_a_compiled_function():
    generator = SeedGenerator(5)

    @jax.jit
    def step(state):
        with StatelessScope(state_mapping=[(generator.state, state)]) as scope:
            drawn = draws.normal((3,), seed=generator)
        return drawn, scope.get_current_value(generator.state)

    first, state = step(generator.state.value)
    second, _ = step(state)
    np.testing.assert_array_equal(first, draws.normal((3,), seed=SeedGenerator(5)))
    assert (first != second).all()


def test_draws_without_a_seed_differ_and_repeat_after_the_global_seed(backend):
    backend.implementation.framework_seed(3)
    first, second = draws.normal((3,)), draws.normal((3,))
    assert (first != second).all()
    backend.implementation.framework_seed(3)
    np.testing.assert_array_equal(draws.normal((3,)), first)


def test_a_draw_without_a_seed_is_refused_where_it_would_be_frozen():
    with pytest.raises(ValueError, match="without a seed"):
        jax.jit(lambda x: x + draws.normal((3,)))(jnp.ones(3))
    assert jax.vmap(lambda x: x + draws.normal((3,)))(jnp.ones((2, 3))).shape == (2, 3)


def test_no_numbers_are_drawn_for_no_elements():
    assert draws.normal((0, 3), seed=1).shape == (0, 3)
    assert draws.shuffle(jnp.ones((0, 2)), seed=1).shape == (0, 2)
    assert draws.dropout(jnp.ones((0, 2)), 0.5, seed=1).shape == (0, 2)
