"""Random numbers: the portable generator bit for bit, and what the framework's own numbers have to be like.

Seeds are fixed, so a case passes or fails the same way each time; the thresholds would be met by 9,999 of 10,000 seeds.
"""

import math
from statistics import NormalDist

import numpy as np
import pytest

from kmb_core import initializers, layers, random
from kmb_core.backend import current_backend
from kmb_core.random import threefry

pytestmark = pytest.mark.conformance("inference")

COUNT = 4000
NORMAL = NormalDist()


def drawn(tensor):
    return current_backend().to_numpy(tensor).astype("float64")


# The portable generator ------------------------------------------------------------------------------------------

ANSWERS = [  # the known answers published with Random123
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize(("key", "counter", "expected"), ANSWERS, ids=["zeros", "ones", "pi"])
def test_threefry_gives_the_published_answers(key, counter, expected):
    high, low = threefry.threefry2x32(key, *(np.array([word], "uint32") for word in counter))
    assert (int(high[0]), int(low[0])) == expected


# Bits of float32, worked out once. Uniform ones follow from the published answers by the formula in `threefry`.
STORED = {
    "glorot_uniform": (initializers.GlorotUniform, "3f40ffa0 bdc9216a bf7ef6a9 3f7a09ca bf1a3f51 bdd026f9"),
    "he_normal": (initializers.HeNormal, "3f89f540 bdfa2f2e bfdb1398 3fd20361 bf4fe80a be017a23"),
    "random_normal": (initializers.RandomNormal, "3d4f26c1 bbb87b62 bdad2a26 3da466b5 bd1ab831 bbbef389"),
    "truncated_normal": (initializers.TruncatedNormal, "3d422989 bbb00e09 bd9a2a0e 3d93c951 bd124dc9 bbb639e8"),
    "random_uniform": (initializers.RandomUniform, "3d0cf23a bb92e28d bd3a32f3 3d369a23 bce14aea bb98034d"),
}


@pytest.mark.parametrize("name", STORED)
def test_initial_weights_of_a_seed_are_the_stored_ones_bit_for_bit(name):
    initializer, words = STORED[name]
    weights = current_backend().to_numpy(initializer(seed=7)((2, 3), dtype="float32"))
    assert [f"{word:08x}" for word in np.ascontiguousarray(weights).view("uint32").ravel()] == words.split()


def test_uniform_initial_weights_are_the_words_of_the_stream():
    words = threefry.random_bits((0, 7), (4,))
    weights = current_backend().to_numpy(initializers.RandomUniform(0.0, 1.0, seed=7)((4,), dtype="float32"))
    np.testing.assert_array_equal(weights, (words >> 8).astype("float32") * np.float32(2.0**-24))


def test_a_layer_of_a_seed_has_those_weights():
    layer = layers.Dense(3, kernel_initializer=initializers.GlorotUniform(seed=7))
    layer.build((None, 2))
    np.testing.assert_array_equal(
        layer.kernel.numpy().view("uint32").ravel(), [int(word, 16) for word in STORED["glorot_uniform"][1].split()]
    )


# The framework's numbers -----------------------------------------------------------------------------------------


def normal_cdf(x):
    return np.vectorize(NORMAL.cdf)(x)


def truncated_cdf(x):
    below = NORMAL.cdf(-2.0)
    return np.clip((normal_cdf(x) - below) / (1 - 2 * below), 0, 1)


def gamma_cdf(x):  # of shape 3: a sum of three exponential waiting times
    return 1 - np.exp(-x) * (1 + x + x**2 / 2)


def beta_cdf(x):  # of 2 and 3
    return x**2 * (6 - 8 * x + 3 * x**2)


CONTINUOUS = {
    "uniform": (lambda seed: random.uniform((COUNT,), -1.0, 3.0, seed=seed), lambda x: (x + 1) / 4, 1.0, 16 / 12),
    "normal": (lambda seed: random.normal((COUNT,), 1.0, 2.0, seed=seed), lambda x: normal_cdf((x - 1) / 2), 1.0, 4.0),
    "truncated_normal": (
        lambda seed: random.truncated_normal((COUNT,), 1.0, 2.0, seed=seed),
        lambda x: truncated_cdf((x - 1) / 2),
        1.0,
        4.0 * (1 - 4 * NORMAL.pdf(2.0) / (1 - 2 * NORMAL.cdf(-2.0))),
    ),
    "gamma": (lambda seed: random.gamma((COUNT,), 3.0, seed=seed), gamma_cdf, 3.0, 3.0),
    "beta": (lambda seed: random.beta((COUNT,), 2.0, 3.0, seed=seed), beta_cdf, 0.4, 0.04),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_draws_have_the_mean_and_variance_of_their_distribution(name):
    draw, _, mean, variance = CONTINUOUS[name]
    numbers = drawn(draw(1))
    assert abs(numbers.mean() - mean) < 4 * math.sqrt(variance / COUNT)
    assert abs(numbers.var() / variance - 1) < 4 * math.sqrt(5 / COUNT)  # no kurtosis here is above 6


@pytest.mark.parametrize("name", CONTINUOUS)
def test_draws_follow_their_distribution_function(name):
    draw, cdf, _, _ = CONTINUOUS[name]
    numbers = np.sort(drawn(draw(2)))
    steps = np.arange(COUNT + 1) / COUNT
    distance = max(np.abs(cdf(numbers) - steps[1:]).max(), np.abs(cdf(numbers) - steps[:-1]).max())
    assert distance * math.sqrt(COUNT) < 2.23  # Kolmogorov's distribution at 0.9999


def test_uniform_numbers_lie_in_the_interval_without_its_end():
    for dtype in ("float32", "float16", "bfloat16"):
        numbers = drawn(random.uniform((COUNT,), 2.0, 3.0, dtype=dtype, seed=3))
        assert numbers.min() >= 2.0
        assert numbers.max() <= 3.0 if dtype != "float32" else numbers.max() < 3.0


def test_integers_lie_in_the_interval_and_are_all_met():
    numbers = drawn(random.randint((COUNT,), -2, 3, seed=4))
    values, counts = np.unique(numbers, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    assert (np.abs(counts / COUNT - 0.2) < 4 * math.sqrt(0.16 / COUNT)).all()


def test_truncated_numbers_are_within_two_deviations():
    assert np.abs(drawn(random.truncated_normal((COUNT,), seed=5))).max() <= 2.0


def test_binomial_counts_have_their_frequencies():
    numbers = drawn(random.binomial((COUNT,), 4.0, 0.3, seed=6))
    for k in range(5):
        p = math.comb(4, k) * 0.3**k * 0.7 ** (4 - k)
        assert abs((numbers == k).mean() - p) < 4 * math.sqrt(p * (1 - p) / COUNT)


def test_classes_have_the_probabilities_of_their_logits():
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.0, 0.9]])
    with np.errstate(divide="ignore"):
        logits = np.log(p).astype("float32")
    classes = drawn(random.categorical(logits, COUNT, seed=7))
    for row in range(2):
        found = np.bincount(classes[row].astype(int), minlength=3) / COUNT
        assert (np.abs(found - p[row]) <= 4 * np.sqrt(p[row] * (1 - p[row]) / COUNT)).all()


def test_shuffle_keeps_slices_and_moves_them():
    x = np.arange(40, dtype="int32").reshape(20, 2)
    shuffled = drawn(random.shuffle(x, seed=8))
    assert sorted(map(tuple, shuffled)) == sorted(map(tuple, x.astype(float)))
    assert (shuffled != x).any()


def test_dropout_keeps_the_expected_value():
    dropped = drawn(random.dropout(np.ones(COUNT, "float32"), 0.25, seed=9))
    assert sorted({round(value, 5) for value in dropped}) == [0.0, 1.33333]
    assert abs((dropped == 0).mean() - 0.25) < 4 * math.sqrt(0.25 * 0.75 / COUNT)


def test_dropout_of_a_shared_axis_drops_whole_slices():
    dropped = drawn(random.dropout(np.ones((50, 6), "float32"), 0.5, noise_shape=(None, 1), seed=9))
    assert (dropped == dropped[:, :1]).all()
    assert 0 < (dropped == 0).sum() < dropped.size


@pytest.mark.parametrize("name", CONTINUOUS)
def test_an_integer_seed_gives_the_same_numbers_each_time(name):
    draw = CONTINUOUS[name][0]
    np.testing.assert_array_equal(drawn(draw(11)), drawn(draw(11)))
    assert (drawn(draw(11)) != drawn(draw(12))).any()


def test_without_a_seed_numbers_differ_from_call_to_call():
    assert (drawn(random.normal((8,))) != drawn(random.normal((8,)))).any()


@pytest.mark.parametrize("name", CONTINUOUS)
def test_a_seed_generator_moves_on_and_can_be_repeated(name):
    draw = CONTINUOUS[name][0]
    first, second = random.SeedGenerator(3), random.SeedGenerator(3)
    numbers = drawn(draw(first))
    np.testing.assert_array_equal(numbers, drawn(draw(second)))
    assert (drawn(draw(first)) != numbers).any()


def test_a_seed_generators_state_is_its_seed_and_a_counter():
    generator = random.SeedGenerator(7)
    words = [[int(word) for word in drawn(generator.next())] for _ in range(3)]
    assert words == [[7, 0], [7, 1], [7, 2]]
    generator.state.assign(np.array([7, 1], "uint32"))
    assert [int(word) for word in drawn(generator.next())] == [7, 1]
