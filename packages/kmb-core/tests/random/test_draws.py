import numpy as np
import pytest
from scipy import stats

from kmb_core import KerasTensor, ops, random
from kmb_core.errors import DTypeError, ShapeError

COUNT = 20_000


def numpy(x):
    return ops.convert_to_numpy(x)


CONTINUOUS = {
    "uniform": (lambda n, s: random.uniform((n,), -2.0, 3.0, seed=s), stats.uniform(-2, 5)),
    "normal": (lambda n, s: random.normal((n,), 1.0, 2.0, seed=s), stats.norm(1, 2)),
    "truncated_normal": (lambda n, s: random.truncated_normal((n,), 1.0, 2.0, seed=s), stats.truncnorm(-2, 2, 1, 2)),
    "gamma below 1": (lambda n, s: random.gamma((n,), 0.3, seed=s), stats.gamma(0.3)),
    "gamma above 1": (lambda n, s: random.gamma((n,), 5.0, seed=s), stats.gamma(5)),
    "beta": (lambda n, s: random.beta((n,), 0.5, 2.0, seed=s), stats.beta(0.5, 2)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_draws_follow_their_distribution(name):
    draw, distribution = CONTINUOUS[name]
    assert stats.kstest(numpy(draw(COUNT, 3)).astype("float64"), distribution.cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", CONTINUOUS)
def test_an_integer_seed_gives_the_same_numbers_each_time(name):
    draw = CONTINUOUS[name][0]
    assert numpy(draw(8, 5)).tolist() == numpy(draw(8, 5)).tolist() != numpy(draw(8, 6)).tolist()


@pytest.mark.parametrize("name", CONTINUOUS)
def test_a_generator_and_no_seed_give_new_numbers_each_time(name):
    draw, generator = CONTINUOUS[name][0], random.SeedGenerator(5)
    assert numpy(draw(8, generator)).tolist() != numpy(draw(8, generator)).tolist()
    assert numpy(draw(8, None)).tolist() != numpy(draw(8, None)).tolist()


def test_equal_generators_give_equal_numbers():
    first, second = (random.SeedGenerator(11) for _ in range(2))
    for _ in range(3):
        assert numpy(random.normal((4,), seed=first)).tolist() == numpy(random.normal((4,), seed=second)).tolist()


def test_integers_are_uniform_up_to_but_without_the_bound():
    found = numpy(random.randint((COUNT,), -1, 4, seed=1))
    counts = np.unique(found, return_counts=True)
    assert counts[0].tolist() == [-1, 0, 1, 2, 3]
    assert stats.chisquare(counts[1]).pvalue > 1e-4


def test_binomial_counts_successes():
    found = numpy(random.binomial((COUNT,), 10.0, 0.3, seed=1))
    observed = np.bincount(found.astype(int), minlength=11)
    expected = stats.binom(10, 0.3).pmf(np.arange(11)) * COUNT
    assert stats.chisquare([*observed[:7], observed[7:].sum()], [*expected[:7], expected[7:].sum()]).pvalue > 1e-4


def test_parameters_may_be_tensors_that_broadcast():
    means = numpy(random.gamma((COUNT, 2), [1.0, 9.0], seed=1)).mean(0)
    np.testing.assert_allclose(means, [1, 9], rtol=0.05)
    with pytest.raises(ShapeError):
        random.gamma((4, 3), [1.0, 9.0], seed=1)


def test_categorical_draws_with_the_probabilities_of_softmax():
    shares = np.array([[0.1, 0.6, 0.3, 0.0], [0.25, 0.0, 0.0, 0.75]])
    with np.errstate(divide="ignore"):
        logits = np.log(shares).astype("float32")
    found = numpy(random.categorical(logits, COUNT, seed=2))
    assert (found.shape, found.dtype) == ((2, COUNT), np.int32)
    for row, share in zip(found, shares, strict=True):
        observed = np.bincount(row, minlength=4)
        assert observed[share == 0].sum() == 0
        assert stats.chisquare(observed[share > 0], share[share > 0] * COUNT).pvalue > 1e-4


@pytest.mark.parametrize("axis", [0, 1])
def test_shuffle_moves_slices_as_a_whole(axis):
    x = np.arange(40).reshape(20, 2) if axis == 0 else np.arange(40).reshape(2, 20)
    found = numpy(random.shuffle(x, axis=axis, seed=1))
    slices = [tuple(np.take(found, i, axis)) for i in range(20)]
    original = [tuple(np.take(x, i, axis)) for i in range(20)]
    assert slices != original
    assert sorted(slices) == sorted(original)


def test_dropout_keeps_the_expected_value():
    found = numpy(random.dropout(np.ones(COUNT, "float32"), 0.25, seed=1))
    assert set(np.unique(np.round(found, 5)).tolist()) == {0.0, np.float32(1.33333).item()}
    assert abs((found == 0).mean() - 0.25) < 0.02


def test_dropout_of_bfloat16_has_the_rate_asked_for():
    found = random.dropout(ops.ones((COUNT,), "bfloat16"), 0.003, seed=1)
    assert 0.0015 < float((numpy(ops.cast(found, "float32")) == 0).mean()) < 0.0045
    assert random.dropout(KerasTensor((None, 2), "bfloat16"), 0.5).dtype == "bfloat16"


def test_dropout_at_the_ends_of_the_range():
    x = np.ones((2, 3), "float32")
    assert numpy(random.dropout(x, 0)).tolist() == x.tolist()
    assert numpy(random.dropout(x, 1)).tolist() == (0 * x).tolist()
    with pytest.raises(ValueError, match="rate"):
        random.dropout(x, 1.5)


def test_dropout_drops_along_noise_shape():
    found = numpy(random.dropout(np.ones((50, 4), "float32"), 0.5, noise_shape=(None, 1), seed=1))
    assert set(found.sum(1).tolist()) == {0.0, 8.0}


def test_dropped_infinities_are_zero():
    found = numpy(random.dropout(np.full(20, np.inf, "float32"), 0.5, seed=1))
    assert not np.isnan(found).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_uniform_never_reaches_its_upper_bound(dtype):
    for seed in range(3):
        found = numpy(ops.cast(random.uniform((COUNT,), 0.0, 1.0, dtype, seed=seed), "float32")).astype("float64")
        assert found.min() >= 0.0
        assert found.max() < 1.0 or dtype == "float64"


def test_dtypes_that_do_not_fit_are_refused():
    with pytest.raises(DTypeError):
        random.uniform((2,), dtype="int32")
    with pytest.raises(DTypeError):
        random.randint((2,), 0, 5, dtype="float32")
    with pytest.raises(ValueError, match="seed"):
        random.normal((2,), seed="a")
    with pytest.raises(ShapeError):
        random.categorical(np.zeros(3, "float32"), 2)


def test_empty_draws_are_empty():
    assert numpy(random.normal((0, 3))).shape == (0, 3)
    assert numpy(random.uniform(())).shape == ()


def test_symbolic_draws_know_their_shapes_and_leave_the_generator_alone():
    generator = random.SeedGenerator(3)
    x = KerasTensor((None, 4))
    assert random.dropout(x, 0.5, seed=generator).shape == (None, 4)
    assert random.categorical(x, 7, seed=generator).shape == (None, 7)
    assert random.shuffle(x, seed=generator).shape == (None, 4)
    assert numpy(generator.state.value).tolist() == [3, 0]
