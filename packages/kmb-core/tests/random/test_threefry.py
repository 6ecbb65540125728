"""Known answers are from the Random123 distribution (kat_vectors); distributions are checked with SciPy."""

import numpy as np
import pytest

from kmb_core.errors import DTypeError, ShapeError
from kmb_core.random import threefry
from kmb_core.random.normal_quantile import normal_quantile

stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")

KEY = (3, 14)
SAMPLES = 100_000


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_the_block_function_gives_the_published_answers(key, counter, expected):
    high, low = threefry.threefry2x32(key, *(np.array([word], "uint32") for word in counter))
    assert (int(high[0]), int(low[0])) == expected


@pytest.mark.parametrize("draw", [threefry.random_bits, threefry.uniform, threefry.normal, threefry.truncated_normal])
@pytest.mark.parametrize("size", [1, 2, 1 << 15, (1 << 15) + 3, 100_001])
def test_a_shorter_draw_is_the_beginning_of_a_longer_one(draw, size):
    np.testing.assert_array_equal(draw(KEY, (size,)), draw(KEY, (150_000,))[:size])


def test_the_stream_is_that_of_the_counters_one_by_one():
    one_by_one = [threefry.threefry2x32(KEY, np.zeros(1, "uint32"), np.array([block], "uint32")) for block in range(4)]
    expected = [int(word[0]) for pair in one_by_one for word in pair]
    assert threefry.random_bits(KEY, (2, 4)).reshape(-1).tolist() == expected


def test_each_bit_is_set_half_of_the_time():
    bits = np.unpackbits(threefry.random_bits(KEY, (SAMPLES,)).view("uint8").reshape(-1, 4), axis=1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(SAMPLES)


def test_derived_keys_differ_from_each_other_and_from_the_stream():
    keys = [tuple(key) for key in threefry.split(KEY, 1000).tolist()]
    keys += [tuple(threefry.fold_in(KEY, step).tolist()) for step in range(1000)]
    stream = [tuple(pair) for pair in threefry.random_bits(KEY, (1000, 2)).tolist()]
    assert len({*keys, *stream}) == 3000


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda dtype: threefry.uniform(KEY, (SAMPLES,), -2.0, 3.0, dtype), stats.uniform(-2, 5)),
        (lambda dtype: threefry.normal(KEY, (SAMPLES,), 1.0, 2.0, dtype), stats.norm(1, 2)),
        (lambda dtype: threefry.truncated_normal(KEY, (SAMPLES,), 1.0, 2.0, dtype), stats.truncnorm(-2, 2, 1, 2)),
    ],
)
def test_values_follow_the_distribution(draw, expected, dtype):
    values = draw(dtype)
    assert values.dtype == dtype
    assert stats.kstest(values.astype("float64"), expected.cdf).pvalue > 1e-3


def test_the_normal_quantile_agrees_with_scipy_to_1e_14_down_to_the_far_tails():
    probability = np.concatenate(
        [np.linspace(1e-3, 0.999, 9999), 10.0 ** -np.arange(3, 300), 1 - 2.0 ** -np.arange(9, 53)]
    )
    np.testing.assert_allclose(normal_quantile(probability), special.ndtri(probability), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bounds_are_kept(dtype):
    uniform = threefry.uniform(KEY, (1_000_000,), 1.0, 1.0001, dtype)
    assert uniform.min() >= 1.0
    assert uniform.max() < np.dtype(dtype).type(1.0001)
    assert np.abs(threefry.truncated_normal(KEY, (1_000_000,), dtype=dtype)).max() <= 2.0


def test_an_empty_interval_gives_its_bound():
    assert set(threefry.uniform(KEY, (10,), 2.0, 2.0).tolist()) == {2.0}


def test_neighbouring_seeds_are_not_correlated():
    first, second = (threefry.normal(threefry.seed_key(seed), (SAMPLES,), dtype="float64") for seed in (1, 2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(SAMPLES)


@pytest.mark.parametrize("seed", [0, 1, -1, 2**31, 2**40 + 1, 2**64 - 2])
def test_a_seed_gives_two_words(seed):
    high, low = threefry.seed_key(seed).tolist()
    assert (high << 32) + low == seed % 2**64


@pytest.mark.parametrize("draw", [threefry.uniform, threefry.normal, threefry.truncated_normal])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float8_e4m3fn"])
def test_narrow_dtypes_are_rounded_from_float32(draw, dtype):
    narrow = draw(KEY, (100,), dtype=dtype)
    assert narrow.dtype.name == dtype
    np.testing.assert_array_equal(narrow, draw(KEY, (100,)).astype(narrow.dtype))


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (2, 3)])
def test_any_shape_can_be_drawn(shape):
    assert threefry.normal(KEY, shape).shape == shape
    assert threefry.randint(KEY, shape, 0, 5).shape == shape


@pytest.mark.parametrize("shape", [(None, 2), (-1,), (2.5,)])
def test_an_unknown_size_is_refused(shape):
    with pytest.raises(ShapeError):
        threefry.normal(KEY, shape)


def test_integers_are_drawn_uniformly_with_both_ends_right():
    values = threefry.randint(KEY, (SAMPLES,), -3, 4)
    counts = [int((values == value).sum()) for value in range(-3, 4)]
    assert sum(counts) == SAMPLES
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("uint8", 0, 256),
        ("int8", -128, 128),
        ("int64", -(2**63), 2**63),
        ("uint64", 0, 2**64),
        ("uint64", 2**63, 2**64),
    ],
)
def test_integers_fill_the_whole_range_of_their_dtype(dtype, low, high):
    values = [int(value) for value in threefry.randint(KEY, (4000,), low, high, dtype)]
    assert low <= min(values) < low + (high - low) / 50
    assert high - (high - low) / 50 - 1 < max(values) < high


@pytest.mark.parametrize("bounds", [(0, 0), (3, 1)])
def test_integers_need_an_interval(bounds):
    with pytest.raises(ValueError, match="minval < maxval"):
        threefry.randint(KEY, (2,), *bounds)


@pytest.mark.parametrize(("dtype", "high"), [("float32", 3), ("int8", 300), ("bool", 2)])
def test_integers_need_a_dtype_that_holds_them(dtype, high):
    with pytest.raises(DTypeError):
        threefry.randint(KEY, (2,), 0, high, dtype)


@pytest.mark.parametrize("draw", [threefry.uniform, threefry.normal, threefry.truncated_normal])
def test_floating_draws_need_a_floating_dtype(draw):
    with pytest.raises(DTypeError, match="floating"):
        draw(KEY, (2,), dtype="int32")


@pytest.mark.parametrize("key", [(1,), (1, 2, 3), (0.5, 1.0), 7])
def test_a_key_is_two_words(key):
    with pytest.raises(ShapeError, match="two 32-bit words"):
        threefry.random_bits(key, (2,))


def test_every_permutation_is_equally_likely():
    orders = [tuple(threefry.permutation(threefry.fold_in(KEY, run), 3).tolist()) for run in range(3000)]
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("length", [0, 1, 1000])
def test_a_permutation_holds_each_number_once(length):
    assert sorted(threefry.permutation(KEY, length).tolist()) == list(range(length))
