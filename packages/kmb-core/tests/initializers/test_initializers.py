"""Values are checked in NumPy, through `sample`; only calls go through a backend."""

import math

import numpy as np
import pytest

from kmb_core import initializers
from kmb_core.dtypes import numpy_dtype
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.initializers.identifiers import BUILT_INS, NAMES
from kmb_core.random.global_seed import set_global_seed

RANDOM = [cls for cls in BUILT_INS if issubclass(cls, initializers.initializer.RandomInitializer)]


class CountingSeeds:
    """Stands for a seed generator: a new key at every call."""

    def __init__(self):
        self.count = 0

    def next(self):
        self.count += 1
        return np.array([0, self.count], "uint32")

    def get_config(self):
        return {"seed": 4, "name": "seeds"}


def shape_for(cls):
    return (3, 2, 4) if cls is initializers.STFT else (6, 4)


@pytest.mark.parametrize("cls", BUILT_INS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_values_have_the_shape_and_dtype_asked_for(cls, dtype):
    values = cls().sample(shape_for(cls), dtype)
    assert values.shape == shape_for(cls)
    assert values.dtype == numpy_dtype(dtype)


@pytest.mark.parametrize("cls", BUILT_INS)
def test_a_config_makes_the_same_initializer_again(cls):
    first = cls(seed=3) if cls in RANDOM else cls()
    second = cls.from_config(first.get_config())
    np.testing.assert_array_equal(first.sample(shape_for(cls), "float32"), second.sample(shape_for(cls), "float32"))


@pytest.mark.parametrize("cls", RANDOM)
def test_an_integer_seed_gives_the_same_values_at_every_call(cls):
    initializer = cls(seed=3)
    first = initializer.sample((6, 4), "float32")
    np.testing.assert_array_equal(first, initializer.sample((6, 4), "float32"))
    np.testing.assert_array_equal(first, cls(seed=3).sample((6, 4), "float32"))
    assert (first != cls(seed=4).sample((6, 4), "float32")).all()


@pytest.mark.parametrize("cls", RANDOM)
def test_without_a_seed_instances_differ_and_store_none(cls):
    first, second = cls(), cls()
    assert (first.sample((6, 4), "float32") != second.sample((6, 4), "float32")).any()
    assert (first.sample((6, 4), "float32") != first.clone().sample((6, 4), "float32")).any()
    assert first.get_config()["seed"] is None
    assert isinstance(first.seed, int)


def test_the_global_seed_decides_what_unseeded_initializers_give():
    def drawn():
        set_global_seed(11)
        return [initializers.GlorotUniform().sample((4, 4), "float32") for _ in range(2)]

    first, second = drawn(), drawn()
    set_global_seed(None)
    np.testing.assert_array_equal(first, second)
    assert (first[0] != first[1]).all()


def test_a_seed_generator_gives_a_key_for_each_call():
    initializer = initializers.RandomNormal(seed=CountingSeeds())
    assert (initializer.sample((5,), "float32") != initializer.sample((5,), "float32")).all()
    assert initializer.seed.count == 2
    assert initializer.get_config()["seed"]["class_name"] == "SeedGenerator"
    assert initializer.get_config()["seed"]["config"] == {"seed": 4, "name": "seeds"}


@pytest.mark.parametrize("seed", [1.5, "a", True, [1]])
def test_anything_else_is_no_seed(seed):
    with pytest.raises(ValueError, match="seed is an integer"):
        initializers.RandomNormal(seed=seed)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [((), (1, 1)), ((5,), (5, 5)), ((4, 6), (4, 6)), ((3, 4, 6), (12, 18)), ((3, 5, 4, 6), (60, 90)), ((0, 3), (0, 3))],
)
def test_fans_of_dense_and_convolution_kernels(shape, fans):
    assert initializers.compute_fans(shape) == fans


def test_fans_over_several_axes_are_products_of_them():
    assert initializers.compute_fans((40, 6, 10), (0,), (1, 2)) == (40, 60)
    assert initializers.compute_fans((40, 6, 10), [0, 1], [-1]) == (240, 10)
    assert initializers.compute_fans((40, 6, 10), (0,), None) == (240, 400)
    with pytest.raises(ShapeError, match="do not all exist"):
        initializers.compute_fans((40, 6), (7,), (1,))


@pytest.mark.parametrize(
    ("cls", "variance"),
    [
        (initializers.GlorotUniform, 2 / (300 + 200)),
        (initializers.GlorotNormal, 2 / (300 + 200)),
        (initializers.HeNormal, 2 / 300),
        (initializers.HeUniform, 2 / 300),
        (initializers.LecunNormal, 1 / 300),
        (initializers.LecunUniform, 1 / 300),
        (lambda seed: initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal", seed), 3 / 200),
        (lambda seed: initializers.VarianceScaling(3.0, "fan_out", "normal", seed), 3 / 200),
    ],
)
def test_the_variance_is_that_of_the_published_formula(cls, variance):
    values = cls(seed=1).sample((300, 200), "float64")
    assert abs(values.mean()) < 5 * math.sqrt(variance / values.size)
    assert values.var() == pytest.approx(variance, rel=0.03)


def test_uniform_values_reach_and_keep_their_limit():
    limit = math.sqrt(6 / (300 + 200))
    values = initializers.GlorotUniform(seed=1).sample((300, 200), "float32")
    assert 0.999 * limit < np.abs(values).max() <= limit


def test_truncated_values_keep_within_two_standard_deviations():
    values = initializers.TruncatedNormal(mean=1.0, stddev=0.5, seed=1).sample((100_000,), "float32")
    assert 0.0 <= values.min() < 0.01
    assert 1.99 < values.max() <= 2.0


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (2, 3, 4), (1, 1)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape):
    values = initializers.Orthogonal(gain=2.0, seed=1).sample(shape, "float64").reshape(-1, shape[-1])
    rows, columns = values.shape
    gram = values @ values.T if rows < columns else values.T @ values
    np.testing.assert_allclose(gram, 4.0 * np.eye(min(rows, columns)), atol=1e-13)


def test_orthogonal_matrices_have_no_preferred_sign():
    signs = [initializers.Orthogonal(seed=seed).sample((2, 2), "float64")[0, 0] > 0 for seed in range(400)]
    assert 150 < sum(signs) < 250


def test_an_orthogonal_matrix_may_be_empty():
    assert initializers.Orthogonal(seed=1).sample((0, 3), "float32").shape == (0, 3)


def test_constants_broadcast_and_identity_need_not_be_square():
    assert initializers.Constant([1, 2]).sample((2, 2), "int32").tolist() == [[1, 2], [1, 2]]
    assert initializers.Identity(3.0).sample((2, 3), "float32").tolist() == [[3, 0, 0], [0, 3, 0]]
    assert initializers.Ones().sample((2,), "bool").tolist() == [True, True]


def test_a_gain_of_identity_survives_saving():
    assert initializers.Identity().get_config() == {}
    assert initializers.Identity(2.0).clone().gain == 2.0


@pytest.mark.parametrize("fft_length", [8, 12])
def test_the_stft_kernels_give_the_fourier_transform_of_a_frame(fft_length):
    frame = np.random.default_rng(0).normal(size=8)
    shape = (8, 1, fft_length // 2 + 1)
    real, imag = (initializers.STFT(side, None).sample(shape, "float64")[:, 0].T @ frame for side in ("real", "imag"))
    np.testing.assert_allclose(real + 1j * imag, np.fft.rfft(frame, fft_length), atol=1e-12)


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "bartlett"])
@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("scaling", ["density", "spectrum", None])
def test_stft_windows_are_those_of_scipy(window, periodic, scaling):
    signal = pytest.importorskip("scipy.signal")
    expected = signal.get_window(window, 6, fftbins=periodic)
    scale = {"density": np.sqrt((expected**2).sum()), "spectrum": expected.sum(), None: 1.0}[scaling]
    kernel = initializers.STFT("real", window, scaling, periodic).sample((6, 1, 4), "float64")
    np.testing.assert_allclose(kernel[:, 0, 0], expected / scale, atol=1e-15)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (initializers.Identity, (2, 3, 4)),
        (initializers.Orthogonal, (3,)),
        (initializers.STFT, (2, 3)),
        (lambda: initializers.Constant([1, 2, 3]), (2,)),
        (lambda: initializers.STFT(window=np.ones(5)), (4, 1, 3)),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(make, shape):
    with pytest.raises(ShapeError, match="expected"):
        make().sample(shape, "float32")


@pytest.mark.parametrize("cls", [*RANDOM, initializers.STFT])
def test_drawn_values_are_not_integers(cls):
    with pytest.raises(DTypeError):
        cls().sample(shape_for(cls), "int32")


@pytest.mark.parametrize(
    "arguments", [{"scale": 0}, {"scale": -1.0}, {"scale": float("nan")}, {"mode": "fan"}, {"distribution": "cauchy"}]
)
def test_bad_arguments_of_variance_scaling_are_refused(arguments):
    with pytest.raises(ValueError, match="VarianceScaling: expected"):
        initializers.VarianceScaling(**arguments)


@pytest.mark.parametrize("arguments", [{"side": "left"}, {"window": "door"}, {"scaling": "big"}])
def test_bad_arguments_of_the_stft_are_refused(arguments):
    with pytest.raises(ValueError, match="STFT: expected"):
        initializers.STFT(**arguments)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_gives_an_initializer(name):
    assert type(initializers.get(name)) is NAMES[name]


def test_names_in_lower_case_are_the_classes():
    assert initializers.glorot_uniform is initializers.GlorotUniform
    assert initializers.stft is initializers.STFTInitializer is initializers.STFT


def test_classes_configs_functions_and_arrays_are_taken():
    assert initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    assert initializers.get({"class_name": "HeNormal", "config": {"seed": 3}}).seed == 3
    assert initializers.get(len) is len
    assert initializers.get(np.arange(2.0)).sample((2,), "float32").tolist() == [0.0, 1.0]
    ones = initializers.Ones()
    assert initializers.get(ones) is ones


@pytest.mark.parametrize("identifier", ["nope", 3.0, {"class_name": "os.system", "config": {}}, {}])
def test_anything_else_is_refused(identifier):
    with pytest.raises(ValueError, match="Unknown initializer"):
        initializers.get(identifier)


def test_a_call_gives_a_tensor_of_the_current_backend():
    from kmb_core.backend import convert_to_numpy, is_tensor

    tensor = initializers.RandomNormal(seed=1)((2, 3), dtype="float32")
    assert is_tensor(tensor)
    np.testing.assert_array_equal(convert_to_numpy(tensor), initializers.RandomNormal(seed=1).sample((2, 3), "float32"))
    assert convert_to_numpy(initializers.Zeros()(3)).shape == (3,)


@pytest.mark.parametrize("shape", [(None, 2), (-1,)])
def test_a_call_with_an_unknown_size_is_refused(shape):
    with pytest.raises(ShapeError, match="known sizes"):
        initializers.Zeros()(shape)


def test_the_base_class_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="supplies `sample`"):
        initializers.Initializer().sample((1,), "float32")
