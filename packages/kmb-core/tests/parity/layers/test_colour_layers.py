"""Layers that change colours do to images what Keras's do, given the transformations that Keras draws."""

import json

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, tree
from kmb_core.backend import convert_to_numpy, current_backend

pytestmark = pytest.mark.parity

# Where we differ on purpose:
#
# - RandomInvert: Keras computes `high - image`, which leaves ranges that do not begin at 0; ours is
#   `low + high - image`.
# - AutoContrast with channels first: Keras takes extremes over channels and rows; ours over rows and columns.
# - Equalization of several images: Keras counts the values of the whole batch, so what becomes of an image depends on
#   its neighbours; ours counts each image on its own.
# - RandomSaturation: Keras takes pixels as they are for shares of white, and keeps saturations within the value range
#   instead of below 1, so that other ranges than from 0 to 1 are left far behind; ours are mapped to 0 to 1 first.
# - RandomPosterization: Keras lets rounding take a whole level from values of other ranges than 0 to 255.
# - Solarization: Keras draws from 0 instead of from the lower bound.
# - RandomGaussianBlur: Keras fails for a window that is not square, and gives NaN for a sigma of 0.
# - Images of integers: Keras's dtype depends on whether the model is trained; ours is the compute dtype, or that of the
#   images where Keras keeps it while training (RandomBrightness, RandomGrayscale).
# - Data formats: parts of RandomColorJitter, RandAugment and AugMix take their data format from the outer layer.
# - ContrastLimitedAdaptiveHistogramEqualization: Keras's images on JAX differ from its own on torch, by up to 22 of 255
#   in these cases; ours are the same on every backend, and Keras's on torch.
# - Value ranges that are no two numbers are refused by all of ours, and reversed ones turned around.
CASES = [
    ("RandomBrightness", {"factor": 0.3}),
    ("RandomBrightness", {"factor": (0.1, 0.4), "value_range": (-1, 1)}),
    ("RandomColorDegeneration", {"factor": 0.5}),
    ("RandomColorDegeneration", {"factor": (0.2, 1.0), "value_range": (0, 1)}),
    ("RandomContrast", {"factor": 0.4}),
    ("RandomContrast", {"factor": (0.3, 0.6), "value_range": (0, 1)}),
    ("RandomErasing", {}),
    ("RandomErasing", {"factor": (1.0, 1.0), "scale": (0.1, 0.4), "fill_value": 7, "value_range": (0, 9)}),
    ("RandomGaussianBlur", {"factor": (1.0, 1.0)}),
    ("RandomGaussianBlur", {"kernel_size": 5, "sigma": (0.5, 2.0), "value_range": (0, 1)}),
    ("RandomHue", {"factor": 0.5}),
    ("RandomHue", {"factor": (0.2, 0.9), "value_range": (-1, 1)}),
    ("RandomInvert", {}),
    ("RandomInvert", {"factor": (0.3, 0.6), "value_range": (0, 1)}),
    ("RandomPosterization", {"factor": 5}),
    ("RandomPosterization", {"factor": (3, 8), "value_range": (-1, 1)}),
    ("RandomSaturation", {"factor": 0.5}),
    ("RandomSaturation", {"factor": (0.1, 0.9), "value_range": (0, 1)}),
    ("RandomSharpness", {"factor": 0.8}),
    ("RandomSharpness", {"factor": (0.6, 1.0), "value_range": (-1, 1)}),
    ("Solarization", {"addition_factor": 0.2, "threshold_factor": 0.6}),
    ("Solarization", {"addition_factor": (0.1, 0.5), "threshold_factor": (0, 1), "value_range": (-1, 1)}),
    ("AutoContrast", {}),
    ("AutoContrast", {"value_range": (-1, 1)}),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 3), "clip_limit": 40.0}),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (4, 1), "value_range": (0, 1)}),
    ("RandAugment", {"num_ops": 3}),
    ("AugMix", {"num_chains": 2}),
    ("Equalization", {}),
    ("Equalization", {"bins": 16, "value_range": (0, 1)}),
]
IDS = [f"{name}-{index}" for index, (name, _) in enumerate(CASES)]
NOT_ITSELF = ("ContrastLimitedAdaptiveHistogramEqualization",) if current_backend().name == "jax" else ()
COMPARED = [
    pytest.param(*case, id=case_id) for case, case_id in zip(CASES, IDS, strict=True) if case[0] not in NOT_ITSELF
]
DETERMINISTIC = ("AutoContrast", "Equalization", "ContrastLimitedAdaptiveHistogramEqualization")
NOT_CHANNELS_FIRST = ("AutoContrast", "AugMix", "RandAugment")
CHANNELS_FIRST = [case for case in COMPARED if case.values[0] not in NOT_CHANNELS_FIRST]


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


EQUALIZING = ("Equalization", "RandAugment", "AugMix")  # of one image, see above


def images(options):
    low, high = options.get("value_range", (0, 255))
    generator = np.random.default_rng(3)
    whole = generator.integers(0, 255, (2, 6, 7, 3)) + 0.25  # not where rounding decides
    return (whole / 255 * (high - low) + low).astype("float32")


def pair(keras, name, options, **more):
    seed = {} if name in DETERMINISTIC else {"seed": 3}
    options = {**options, **seed, **more, "name": "x"}
    return getattr(layers, name)(**options), getattr(keras.layers, name)(**options)


def converted(transformation):
    return tree.map_structure(lambda x: convert_to_numpy(x) if hasattr(x, "shape") else x, transformation)


def plain(module, layer):
    return json.loads(json.dumps(module.saving.serialize_keras_object(layer)["config"]))


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_configs_are_kerass(keras, name, options):
    ours, theirs = pair(keras, name, options)
    assert plain(kmb_core, ours) == plain(keras, theirs)


@pytest.mark.parametrize(("name", "options"), COMPARED)
def test_batches_are_kerass_after_its_transformation(keras, name, options):
    ours, theirs = pair(keras, name, options)
    batch = images(options)[: 1 if name in EQUALIZING else 2]
    drawn = theirs.get_random_transformation(batch, training=True)
    same_images(ours, theirs, batch, drawn, "transform_images")


@pytest.mark.parametrize(("name", "options"), COMPARED[::2])
def test_single_images_are_kerass_after_its_transformation(keras, name, options):
    ours, theirs = pair(keras, name, options)
    image = images(options)[0]
    drawn = theirs.get_random_transformation(image, training=True)
    same_images(ours, theirs, image, drawn, "transform_single_image")


@pytest.mark.parametrize(("name", "options"), CHANNELS_FIRST[1::2])
def test_channels_first_is_kerass(keras, name, options):
    ours, theirs = pair(keras, name, options, data_format="channels_first")
    batch = np.ascontiguousarray(np.moveaxis(images(options)[:1], -1, 1))
    drawn = theirs.get_random_transformation(batch, training=True)
    same_images(ours, theirs, batch, drawn, "transform_images")


def same_images(ours, theirs, given, drawn, method):
    got = getattr(ours, method)(given, transformation=converted(drawn), training=True)
    wanted = getattr(theirs, method)(theirs.backend.convert_to_tensor(given), transformation=drawn, training=True)
    low, high = ours.value_range if hasattr(ours, "value_range") else (0, 255)
    np.testing.assert_allclose(convert_to_numpy(got), convert_to_numpy(wanted), rtol=0, atol=2e-5 * (high - low))


@pytest.mark.parametrize(("name", "options"), CASES[::2], ids=IDS[::2])
def test_transformations_have_kerass_names_shapes_and_dtypes(keras, name, options):
    ours, theirs = pair(keras, name, options)
    for given in (images(options), images(options)[0]):
        got = converted(ours.get_random_transformation(given, training=True))
        wanted = converted(theirs.get_random_transformation(given, training=True))
        if name not in ("AugMix", "RandAugment"):  # what they consist of is compared on its own
            assert described(got) == described(wanted)


def described(transformation):
    return tree.map_structure(lambda x: (str(x.dtype), x.shape) if hasattr(x, "shape") else x, transformation)
