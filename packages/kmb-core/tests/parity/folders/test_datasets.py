"""Datasets of folders and arrays beside those of Keras, which need TensorFlow.

Known differences: the order of a shuffled epoch (Keras leaves it to tf.data; which files are for training and which for
validation is the same); JPEG files may differ by a level (two decoders); with `pad_to_aspect_ratio` the picture stands
in the middle, as `ops.image.resize` of both has it (in Keras' function it does not).
"""

import os

import numpy as np
import pytest
from PIL import Image

from kmb_core import utils

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def theirs():
    import keras

    return keras.utils


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    random = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("images")
    for name, count in (("b", 6), ("a", 7), ("c", 3)):
        (folder / name / "more").mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (9 + number, 12, 3), dtype="uint8")
            Image.fromarray(pixels).save(folder / name / ("more" if number == 1 else ".") / f"{number}.png")
            (folder / name / f"{number}.txt").write_text(f"{name} {number}")
    return os.fspath(folder)


def elements(dataset):
    return [[np.asarray(part) for part in (e if isinstance(e, tuple) else (e,))] for e in dataset]


def assert_same(got, wanted, **tolerance):
    got, wanted = elements(got), elements(wanted)
    assert len(got) == len(wanted)
    for mine, other in zip(got, wanted, strict=True):
        assert [part.shape for part in mine] == [part.shape for part in other]
        assert [part.dtype for part in mine[1:]] == [part.dtype for part in other[1:]]
        for a, b in zip(mine, other, strict=True):
            if b.dtype == object:
                assert [as_text(x) for x in np.ravel(a)] == [as_text(x) for x in np.ravel(b)]
            else:
                np.testing.assert_allclose(a, b, **tolerance)


def as_text(x):
    return x.decode() if isinstance(x, bytes) else x


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"label_mode": "categorical"},
        {"label_mode": "binary", "class_names": ["c", "a"]},
        {"label_mode": None},
        {"labels": None, "batch_size": None},
        {"labels": list(range(16)), "color_mode": "grayscale"},
        {"color_mode": "rgba", "data_format": "channels_first", "interpolation": "nearest"},
        {"crop_to_aspect_ratio": True, "interpolation": "area"},
        {"interpolation": "lanczos3"},
        {"interpolation": "bicubic"},
        {"interpolation": "gaussian"},
        {"interpolation": "mitchellcubic"},
    ],
    ids=str,
)
def test_images(theirs, folder, options):
    options = {"image_size": (7, 8), "batch_size": 5, "shuffle": False, "verbose": False, **options}
    got = utils.image_dataset_from_directory(folder, **options)
    wanted = theirs.image_dataset_from_directory(folder, **options)
    assert got.file_paths == wanted.file_paths
    assert getattr(got, "class_names", None) == getattr(wanted, "class_names", None)
    assert_same(got, wanted, atol=tolerance(options))


def tolerance(options):
    if options.get("color_mode") == "grayscale":
        return 1.01  # Pillow and TensorFlow round the mean of the colours in other ways
    # Keras on TensorFlow has a table for the cubic kernel, with 1024 entries.
    return 0.3 if options.get("interpolation") == "bicubic" else 2e-3


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("split", [0.2, 0.5])
def test_the_parts_for_training_and_validation_hold_the_same_files(theirs, folder, seed, split):
    options = {"image_size": (2, 2), "seed": seed, "validation_split": split, "verbose": False, "subset": "both"}
    got = utils.image_dataset_from_directory(folder, **options)
    wanted = theirs.image_dataset_from_directory(folder, **options)
    assert [part.file_paths for part in got] == [part.file_paths for part in wanted]


@pytest.mark.parametrize("options", [{}, {"max_length": 3}, {"labels": None, "batch_size": None}])
def test_texts(theirs, folder, options):
    options = {"shuffle": False, "batch_size": 4, "verbose": False, **options}
    assert_same(
        utils.text_dataset_from_directory(folder, **options), theirs.text_dataset_from_directory(folder, **options)
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sequence_stride": 2, "sampling_rate": 3, "batch_size": 2},
        {"start_index": 2, "end_index": 11, "batch_size": None},
        {"targets": None},
    ],
)
def test_windows(theirs, options):
    series = np.random.default_rng(0).normal(size=(15, 2))
    options = {"data": series, "targets": np.arange(15), "sequence_length": 3, **options}
    assert_same(utils.timeseries_dataset_from_array(**options), theirs.timeseries_dataset_from_array(**options))


@pytest.mark.parametrize("sizes", [(0.5,), (3,), (None, 0.3), (0.2, 0.3), (2, 4), (0.33,)])
@pytest.mark.parametrize("options", [{}, {"shuffle": True, "seed": 4}])
def test_splitting(theirs, sizes, options):
    arrays = (np.arange(12), np.arange(24.0).reshape(12, 2))
    got, wanted = utils.split_dataset(arrays, *sizes, **options), theirs.split_dataset(arrays, *sizes, **options)
    for mine, other in zip(got, wanted, strict=True):
        assert_same(mine, other)
