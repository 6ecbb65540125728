import numpy as np
import pytest

from kmb_core import KerasTensor, ops
from kmb_core.errors import ShapeError

GENERATOR = np.random.default_rng(0)
POOLS = [(ops.adaptive_average_pool, np.mean), (ops.adaptive_max_pool, np.max)]


def array(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def pooled(x, counts, reduce):
    """Window i of count: from floor(i * size / count) up to ceil((i + 1) * size / count)."""
    for axis, count in enumerate(counts, 1):
        size = x.shape[axis]
        windows = [range(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        x = np.stack([reduce(np.take(x, list(window), axis), axis) for window in windows], axis)
    return x


@pytest.mark.parametrize(("pool", "reduce"), POOLS)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    ("spatial", "counts"),
    [
        ((7,), (3,)),
        ((6,), (3,)),
        ((3,), (7,)),
        ((7, 5), (3, 2)),
        ((6, 8), (3, 4)),
        ((4, 9), (1, 9)),
        ((5, 4, 3), (2, 3, 2)),
        ((4, 4, 6), (2, 2, 3)),
    ],
)
def test_windows_cover_the_inputs_as_documented(pool, reduce, spatial, counts, data_format):
    x = GENERATOR.normal(size=(2, *spatial, 3)).astype("float32")
    given = np.moveaxis(x, -1, 1) if data_format == "channels_first" else x
    found = pool(given, counts, data_format)
    assert pool(KerasTensor((None, *given.shape[1:])), counts, data_format).shape[1:] == tuple(found.shape)[1:]
    found = np.moveaxis(array(found), 1, -1) if data_format == "channels_first" else array(found)
    np.testing.assert_allclose(found, pooled(x, counts, reduce), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("pool", "reduce"), POOLS)
def test_one_number_stands_for_all_axes(pool, reduce):
    x = GENERATOR.normal(size=(1, 5, 7, 2)).astype("float32")
    np.testing.assert_allclose(array(pool(x, 2)), pooled(x, (2, 2), reduce), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("pool", "reduce"), POOLS)
def test_a_size_that_is_asked_for_is_known_whatever_the_inputs_are(pool, reduce):
    assert pool(KerasTensor((None, None, None, 3)), (2, 5)).shape == (None, 2, 5, 3)
    assert pool(KerasTensor((None, 3, None)), 4, "channels_first").shape == (None, 3, 4)


@pytest.mark.parametrize(("pool", "reduce"), POOLS)
def test_what_is_infinite_stays_in_its_window(pool, reduce):
    x = np.array([1.0, 2.0, 3.0, np.inf, 5.0], "float32").reshape(1, 5, 1)
    found = array(pool(x, 3)).ravel()  # windows [0, 2), [1, 4), [3, 5)
    assert found[0] == reduce([1.0, 2.0])
    assert np.isposinf(found[1:]).all()


def test_integers_stay_integers_under_maxima_and_become_floats_as_means():
    x = np.array([-5, -3, -4, -9, -7], "int32").reshape(1, 5, 1)
    largest, average = ops.adaptive_max_pool(x, 2), ops.adaptive_average_pool(x, 2)
    assert "int32" in str(largest.dtype)
    assert "float32" in str(average.dtype)
    assert array(largest).ravel().tolist() == [-3, -4]
    np.testing.assert_allclose(array(average).ravel(), [-4, -20 / 3], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_means_of_16_bit_floats_are_summed_in_more_bits(dtype):
    x = ops.full((1, 5001, 1), 40.0, dtype)  # float16 ends at 65504, bfloat16 cannot count that far by ones
    found = ops.adaptive_average_pool(x, 2)
    assert dtype in str(found.dtype)
    assert array(ops.cast(found, "float32")).ravel().tolist() == [40.0, 40.0]


def test_an_empty_batch_gives_an_empty_batch():
    for pool, _ in POOLS:
        assert tuple(pool(np.zeros((0, 5, 4, 3), "float32"), 2).shape) == (0, 2, 2, 3)


@pytest.mark.parametrize("name", ["adaptive_average_pool", "adaptive_max_pool"])
@pytest.mark.parametrize(
    ("shape", "output_size", "more", "words"),
    [
        ((5, 5), 2, {}, "1 to 3 spatial axes"),
        ((1, 5, 5, 3), (2, 2, 2), {}, "output_size is"),
        ((1, 5, 5, 3), (2,), {}, "output_size is"),
        ((1, 5, 5, 3), 0, {}, "output_size is"),
        ((1, 5, 5, 3), (2, None), {}, "output_size is"),
        ((1, 5, 0, 3), 2, {}, "an axis without elements"),
        ((1, 5, 5, 3), 2, {"data_format": "NHWC"}, "data_format is one of"),
    ],
)
def test_what_does_not_fit_is_refused_in_the_same_words_everywhere(name, shape, output_size, more, words):
    pool = getattr(ops, name)
    with pytest.raises(ShapeError, match=rf"ops\.{name}: .*{words}") as eager:
        pool(np.ones(shape, "float32"), output_size, **more)
    with pytest.raises(ShapeError) as symbolic:
        pool(KerasTensor(shape), output_size, **more)
    assert str(eager.value) == str(symbolic.value)
