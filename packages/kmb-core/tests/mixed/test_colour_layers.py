"""Layers that change colours, in the map of a dataset and in NumPy loaders, whatever backend they are of."""

import numpy as np
import pytest

from kmb_core import layers, use_backend

pytestmark = pytest.mark.mixed

IMAGES = np.random.default_rng(0).uniform(0, 255, (4, 6, 8, 3)).astype("float32")
# With factors that leave nothing to chance, and with others.
FIXED = {
    "RandomBrightness": {"factor": (0.2, 0.2)},
    "RandomColorDegeneration": {"factor": (0.3, 0.3)},
    "RandomColorJitter": {"brightness_factor": (0.1, 0.1), "saturation_factor": (0.3, 0.3)},
    "RandomContrast": {"factor": (-0.3, 0.3)},
    "RandomGaussianBlur": {"factor": (1.0, 1.0), "sigma": (0.7, 0.7)},
    "RandomGrayscale": {"factor": 1.0},
    "RandomHue": {"factor": (1.0, 1.0)},
    "RandomInvert": {"factor": (1.0, 1.0)},
    "RandomPosterization": {"factor": (3, 3)},
    "RandomSaturation": {"factor": (0.4, 0.4)},
    "RandomSharpness": {"factor": (0.9, 0.9)},
    "Solarization": {"threshold_factor": (0.5, 0.5)},
    "AutoContrast": {},
    "Equalization": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size": (2, 2), "clip_limit": 40.0},
}
RANDOM = {"RandomErasing": {"factor": (1.0, 1.0), "seed": 1}, "RandomBrightness": {"factor": 0.5, "seed": 1}}
RANDOM |= {"RandomHue": {"factor": 0.5, "seed": 1}, "Solarization": {"addition_factor": 0.9, "seed": 1}}


def made(backend, name, options):
    with use_backend(backend):
        return getattr(layers, name)(**options)


@pytest.fixture(scope="module")
def tensorflow():
    # Not at the top: the file is collected in environments without TensorFlow too, and deselected there.
    import tensorflow

    return tensorflow


@pytest.mark.parametrize("name", FIXED)
def test_in_a_dataset_of_unknown_sizes_a_layer_does_what_it_does_elsewhere(tensorflow, name):
    layer = made("torch", name, FIXED[name])
    with use_backend("numpy"):
        expected = layer(IMAGES, training=True)
    assert isinstance(expected, np.ndarray)
    specification = tensorflow.TensorSpec((None, None, None, 3), "float32")
    dataset = tensorflow.data.Dataset.from_generator(lambda: iter([IMAGES]), output_signature=specification)
    (found,) = dataset.map(lambda images: layer(images, training=True)).as_numpy_iterator()
    np.testing.assert_allclose(found, expected, atol=1e-2)


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("backend", ["jax", "numpy"])
def test_in_a_dataset_each_image_is_drawn_for(tensorflow, name, backend):
    layer = made(backend, name, RANDOM[name])
    same = tensorflow.data.Dataset.from_tensor_slices(np.repeat(IMAGES[:1], 6, 0))
    single = list(same.map(lambda image: layer(image, training=True)).as_numpy_iterator())
    assert len({image.tobytes() for image in single}) > 3
    (batch,) = same.batch(6).map(lambda images: layer(images, training=True)).as_numpy_iterator()
    assert len({image.tobytes() for image in batch}) > 3
    with use_backend("numpy"):
        arrays = [layer(IMAGES[0], training=True) for _ in range(6)]
    assert len({image.tobytes() for image in arrays}) > 3


@pytest.mark.parametrize("name", ["AugMix", "RandAugment"])
def test_layers_that_choose_others_are_traced_once_whatever_they_choose(tensorflow, name):
    few, many = ({"chain_depth": 1}, {"chain_depth": 4}) if name == "AugMix" else ({"num_ops": 1}, {"num_ops": 6})
    specification = tensorflow.TensorSpec((None, None, None, 3), "float32")
    dataset = tensorflow.data.Dataset.from_generator(lambda: iter([IMAGES] * 3), output_signature=specification)
    sizes = []
    for options in (few, many):
        layer = made("jax", name, {**options, "seed": 1})
        function = tensorflow.function(lambda images, layer=layer: layer(images, training=True), autograph=False)
        sizes.append(len(function.get_concrete_function(specification).graph.as_graph_def().library.function))
    found = list(dataset.map(function).as_numpy_iterator())
    assert sizes[0] == sizes[1]
    assert {images.shape for images in found} == {IMAGES.shape}
    assert len({images.tobytes() for images in found}) == 3
