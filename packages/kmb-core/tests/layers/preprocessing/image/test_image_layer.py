"""What layers for images are given and give back: images and what belongs to them, dtypes, and what they refuse."""

import copy
import pickle

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend import KerasTensor, convert_to_numpy, current_backend
from kmb_core.errors import ShapeError
from kmb_core.plugins import Capability

IMAGES = np.arange(2 * 4 * 4 * 3, dtype="float32").reshape(2, 4, 4, 3)
EVERYTHING = {
    "images": IMAGES,
    "labels": np.array([1, 2]),
    "bounding_boxes": {"boxes": np.array([[[1.0, 2.0, 3.0, 4.0]]] * 2, "float32"), "labels": np.array([[3], [4]])},
    "segmentation_masks": np.ones((2, 4, 4, 1), "int32"),
    "names": np.array([7, 8]),
}


def negatives(**options):
    return layers.RandomInvert((1.0, 1.0), bounding_box_format="xyxy", **options)


def arrays(structure):
    return kmb_core.tree.map_structure(convert_to_numpy, structure)


def test_parts_of_a_dict_stay_together():
    found = arrays(negatives()(EVERYTHING))
    assert list(found) == list(EVERYTHING)
    np.testing.assert_array_equal(found["images"], 255 - IMAGES)
    for name in ("labels", "segmentation_masks", "names"):
        np.testing.assert_array_equal(found[name], EVERYTHING[name])
    np.testing.assert_array_equal(found["bounding_boxes"]["boxes"], EVERYTHING["bounding_boxes"]["boxes"])


def test_a_dict_that_is_given_is_not_changed():
    given = dict(EVERYTHING)
    negatives()(given)
    assert given["images"] is IMAGES


def test_one_image_comes_back_as_one():
    single = {
        "images": IMAGES[0],
        "labels": np.array(1),
        "bounding_boxes": {"boxes": np.zeros((1, 4), "float32"), "labels": np.array([3])},
        "segmentation_masks": np.ones((4, 4, 1), "int32"),
    }
    found = arrays(negatives()(single))
    np.testing.assert_array_equal(found["images"], 255 - IMAGES[0])
    assert found["labels"].shape == ()
    assert found["bounding_boxes"]["boxes"].shape == (1, 4)
    assert found["segmentation_masks"].shape == (4, 4, 1)
    np.testing.assert_array_equal(convert_to_numpy(negatives()(IMAGES[0])), 255 - IMAGES[0])


def test_a_list_of_images_is_a_batch():
    np.testing.assert_array_equal(convert_to_numpy(negatives()(list(IMAGES))), 255 - IMAGES)


def test_images_of_several_sizes_are_refused_with_the_reason():
    with pytest.raises(ShapeError, match=r"RandomInvert .*one size, got \(2, 2, 3\), \(4, 4, 3\)\n.*several sizes"):
        negatives()([IMAGES[0], IMAGES[0, :2, :2]])


@pytest.mark.parametrize("shape", [(4, 3), (1, 2, 4, 4, 3)])
def test_other_ranks_are_refused(shape):
    with pytest.raises(ShapeError, match=r"RandomInvert .*3 axes or a batch with 4, got shape"):
        negatives()(np.zeros(shape, "float32"))


def test_a_dict_without_images_is_refused():
    with pytest.raises(ValueError, match=r"a dict with 'images', got the keys \['labels'\]"):
        negatives()({"labels": np.array([1])})


def test_boxes_need_a_format():
    with pytest.raises(ValueError, match="not told their format"):
        layers.RandomInvert()(EVERYTHING)


def test_boxes_are_a_dict():
    with pytest.raises(ValueError, match="a dict with 'boxes' and 'labels', got"):
        negatives()({"images": IMAGES, "bounding_boxes": np.zeros((2, 1, 4), "float32")})


def test_only_training_changes_images():
    np.testing.assert_array_equal(convert_to_numpy(negatives()(IMAGES, training=False)), IMAGES)


def test_outputs_have_the_compute_dtype_and_boxes_keep_theirs():
    found = negatives(dtype="mixed_bfloat16")(EVERYTHING)
    name = current_backend().dtype_name
    assert name(found["images"]) == "bfloat16"
    assert name(found["bounding_boxes"]["boxes"]) == "float32"
    for training in (True, False):
        assert name(negatives()(IMAGES.astype("uint8"), training=training)) == "float32"
        assert name(layers.RandomGrayscale()(IMAGES.astype("uint8"), training=training)) == "uint8"


def test_a_dtype_of_integers_is_given_back():
    found = negatives(dtype="uint8")(IMAGES.astype("uint8"))
    assert current_backend().dtype_name(found) == "uint8"
    np.testing.assert_array_equal(convert_to_numpy(found), 255 - IMAGES)


def test_symbols_of_a_dict_are_described():
    found = negatives()({"images": KerasTensor((None, 4, None, 3), "uint8"), "labels": KerasTensor((None,), "int32")})
    assert (found["images"].shape, found["images"].dtype) == ((None, 4, None, 3), "float32")
    assert (found["labels"].shape, found["labels"].dtype) == ((None,), "int32")


def test_a_model_trains_with_changed_images_and_predicts_without():
    inputs = kmb_core.Input((4, 4, 3))
    model = kmb_core.Model(inputs, negatives()(inputs))
    np.testing.assert_array_equal(convert_to_numpy(model(IMAGES, training=True)), 255 - IMAGES)
    np.testing.assert_array_equal(convert_to_numpy(model(IMAGES, training=False)), IMAGES)


def test_the_same_seed_draws_the_same():
    first, second, other = (layers.RandomBrightness(0.05, (-100, 355), seed=seed) for seed in (3, 3, 4))
    drawn = [convert_to_numpy(layer(IMAGES)) for layer in (first, second, other)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert not np.array_equal(drawn[0], convert_to_numpy(first(IMAGES)))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_draw_the_same(copied):
    layer = layers.RandomColorJitter((0, 255), (0.1, 0.3), 0.2, 0.2, 0.2, seed=1)
    other = copied(layer)
    np.testing.assert_array_equal(convert_to_numpy(other(IMAGES)), convert_to_numpy(layer(IMAGES)))


def test_a_seed_of_the_call_is_used_instead_of_the_layers():
    layer = layers.RandomHue(0.5, seed=1)
    first, second = (convert_to_numpy(layer.get_random_transformation(IMAGES, seed=5)["factor"]) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_training_compiles():
    if not current_backend().supports(Capability.JIT):
        return
    layer = layers.RandomPosterization(8, seed=1)
    drawn = layer.get_random_transformation(IMAGES, training=True)

    def changed(images):
        return layer.transform_images(images, drawn, training=True)

    compiled = current_backend().implementation.compiled(changed)(kmb_core.ops.array(IMAGES))
    np.testing.assert_array_equal(convert_to_numpy(compiled), convert_to_numpy(changed(IMAGES)))


def test_steps_by_number_are_steps_by_name():
    layer = layers.AugMix(num_chains=2, chain_depth=3, factor=0.8, seed=1)
    drawn = layer.get_random_transformation(IMAGES, training=True)
    names = [[1, 4, 5], [6, 9, 0]]
    together = [layer._transformations(IMAGES) for _ in names]
    by_name, by_number = (
        [
            [{"layer_name": named(n), "transformation": form(every, n)} for n in chain]
            for chain, every in zip(names, together, strict=True)
        ]
        for named, form in (
            (lambda n: layer._names[n], lambda every, n: every[layer._names[n]]),
            (lambda n: kmb_core.ops.array(n, "int32"), lambda every, n: every),
        )
    )
    expected, found = (
        convert_to_numpy(layer.transform_images(IMAGES, {**drawn, "chain_transforms": chains}, training=True))
        for chains in (by_name, by_number)
    )
    assert not np.array_equal(expected, IMAGES)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


WRONG = [
    ("RandomBrightness", {"factor": 2.0}, "factor is a number from -1 to 1"),
    ("RandomBrightness", {"factor": None}, "factor .* got None"),
    ("RandomContrast", {"factor": -0.1}, "factor is a number from 0 to 1"),
    ("RandomContrast", {"factor": (0.1, 0.2, 0.3)}, "or two numbers to draw between"),
    ("RandomContrast", {"factor": (0.1, float("nan"))}, "or two numbers to draw between"),
    ("RandomHue", {"factor": "a"}, "factor .* got 'a'"),
    ("RandomHue", {"factor": (1.5, 2.0)}, "factor .* got"),
    ("RandomSaturation", {"factor": True}, "factor .* got True"),
    ("RandomColorDegeneration", {"factor": 1.5}, "factor is a number from -1 to 1"),
    ("RandomSharpness", {"factor": 1.5}, "factor is a number from 0 to 1"),
    ("RandomPosterization", {"factor": 0}, "factor is a number from 1 to 8"),
    ("RandomPosterization", {"factor": (2.5, 4)}, "number of bits"),
    ("RandomInvert", {"factor": -1}, "factor is a number from 0 to 1"),
    ("RandomGrayscale", {"factor": 1.1}, "a probability, from 0 to 1"),
    ("RandomErasing", {"scale": (0.5, 1.5)}, "scale is from 0 to 1"),
    ("RandomErasing", {"fill_value": "red"}, "fill_value is a number"),
    ("RandomGaussianBlur", {"kernel_size": 4}, "an odd number"),
    ("RandomGaussianBlur", {"kernel_size": (3, 3, 3)}, "an odd number"),
    ("RandomGaussianBlur", {"sigma": -1}, "sigma is a number from 0 to 1"),
    ("Solarization", {"addition_factor": (0.5, 1.5)}, "addition_factor is from 0 to 1"),
    ("Solarization", {"threshold_factor": "a"}, "threshold_factor is a number from 0 to 1"),
    ("AutoContrast", {"value_range": (0, 0)}, "value_range .* got"),
    ("AutoContrast", {"value_range": 255}, "value_range .* got 255"),
    ("Equalization", {"bins": 1}, "bins is a whole number from 2"),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"clip_limit": 0}, "clip_limit is a positive number"),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": 8}, "two whole numbers from 1"),
    ("RandomColorJitter", {"brightness_factor": 3}, "factor is a number from -1 to 1"),
    ("RandomInvert", {"data_format": "channels_middle"}, "channels_middle"),
    ("AugMix", {"num_chains": 0}, "num_chains is a whole number from 1, got 0"),
    ("AugMix", {"chain_depth": 2.5}, "chain_depth is a whole number from 1, got 2.5"),
    ("AugMix", {"chain_depth": True}, "chain_depth .* got True"),
    ("AugMix", {"alpha": 0}, "alpha is a positive number, got 0"),
    ("AugMix", {"alpha": "a"}, "alpha .* got 'a'"),
    ("AugMix", {"factor": 1.5}, "factor .* from 0 to 1"),
    ("AugMix", {"value_range": (0, 0)}, "value_range .* got"),
    ("AugMix", {"interpolation": "cubic"}, "interpolation"),
    ("RandAugment", {"num_ops": 0}, "num_ops is a whole number from 1, got 0"),
    ("RandAugment", {"num_ops": "two"}, "num_ops .* got 'two'"),
    ("RandAugment", {"factor": -0.5}, "factor .* from 0 to 1"),
    ("RandAugment", {"factor": (0.1, 0.2, 0.3)}, "factor"),
    ("RandAugment", {"value_range": None}, "value_range .* got None"),
    ("RandAugment", {"interpolation": "cubic"}, "interpolation"),
]


@pytest.mark.parametrize(("name", "options", "words"), WRONG, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(WRONG)])
def test_wrong_arguments_are_named_with_what_came(name, options, words):
    with pytest.raises(ValueError, match=words):
        getattr(layers, name)(**options)


@pytest.mark.parametrize("name", ["RandomHue", "RandomSaturation"])
def test_colours_need_three_channels(name):
    with pytest.raises(ShapeError, match="expected 3 channels"):
        getattr(layers, name)(0.5)(IMAGES[..., :2])
