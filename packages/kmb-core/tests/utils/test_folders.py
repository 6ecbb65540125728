"""Datasets of folders: which files, labels, parts, and what the batches hold; on every backend."""

import os

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

import kmb_core
from kmb_core.data.resizing import resized
from kmb_core.utils import audio_dataset_from_directory, image_dataset_from_directory, text_dataset_from_directory

SIZE = {"image_size": (4, 4), "verbose": False}


def arrays(dataset):
    """The elements with NumPy's arrays in place of a framework's tensors."""
    return [
        tuple(np.asarray(part) for part in element) if isinstance(element, tuple) else np.asarray(element)
        for element in dataset
    ]


def labels(dataset):
    return np.concatenate([y for _, y in arrays(dataset)]).tolist()


def test_subfolders_are_classes_and_files_come_in_order(images):
    folder, _ = images
    dataset = image_dataset_from_directory(folder, shuffle=False, batch_size=4, **SIZE)
    assert dataset.class_names == ["cats", "dogs"]
    names = [os.path.relpath(path, folder) for path in dataset.file_paths]
    assert names[:6] == ["cats/0.png", "cats/1.png", "cats/3.png", "cats/4.png", "cats/more/2.png", "dogs/0.png"]
    batches = arrays(dataset)
    assert [x.shape for x, _ in batches] == [(4, 4, 4, 3), (4, 4, 4, 3), (1, 4, 4, 3)]
    assert {x.dtype.name for x, _ in batches} == {"float32"}
    assert {y.dtype.name for _, y in batches} == {"int32"}
    assert labels(dataset) == [0] * 5 + [1] * 4


def test_pixels_are_those_of_the_files(images):
    folder, pixels = images
    dataset = image_dataset_from_directory(folder, label_mode=None, shuffle=False, batch_size=None, **SIZE)
    wanted = resized(pixels[dataset.file_paths[0]], 4, 4)
    np.testing.assert_allclose(arrays(dataset)[0], wanted)


@pytest.mark.parametrize(
    ("mode", "shape", "dtype", "last"),
    [("int", (9,), "int32", 1), ("binary", (9, 1), "float32", [1.0]), ("categorical", (9, 2), "float32", [0.0, 1.0])],
)
def test_labels_of_each_kind(images, mode, shape, dtype, last):
    ((_, y),) = arrays(image_dataset_from_directory(images[0], label_mode=mode, shuffle=False, **SIZE))
    assert (y.shape, y.dtype.name, y[-1].tolist()) == (shape, dtype, last)


def test_labels_may_be_given_or_left_out(images):
    given = image_dataset_from_directory(images[0], labels=[3, 1, 2] * 3, shuffle=False, **SIZE)
    assert labels(given) == [3, 1, 2] * 3
    alone = image_dataset_from_directory(images[0], labels=None, **SIZE)
    assert [x.shape for x in arrays(alone)] == [(9, 4, 4, 3)]


def test_class_names_choose_and_order_the_subfolders(images):
    dataset = image_dataset_from_directory(images[0], class_names=["dogs", "cats"], shuffle=False, **SIZE)
    assert labels(dataset) == [0] * 4 + [1] * 5
    assert len(image_dataset_from_directory(images[0], class_names=["dogs"], **SIZE).file_paths) == 4


@pytest.mark.parametrize(("mode", "channels"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
def test_colours_and_layout(images, mode, channels):
    options = {"color_mode": mode, "data_format": "channels_first", **SIZE}
    ((x, _),) = arrays(image_dataset_from_directory(images[0], **options))
    assert x.shape == (9, channels, 4, 4)


def test_the_shape_may_be_kept(images):
    folder, pixels = images
    path = os.fspath(folder / "cats" / "4.png")
    options = {"image_size": (6, 6), "label_mode": None, "shuffle": False, "batch_size": None, "verbose": False}
    cut = image_dataset_from_directory(folder, crop_to_aspect_ratio=True, **options)
    np.testing.assert_array_equal(arrays(cut)[cut.file_paths.index(path)], pixels[path][:, 2:8])
    framed = image_dataset_from_directory(folder, pad_to_aspect_ratio=True, **{**options, "image_size": (10, 10)})
    got = arrays(framed)[framed.file_paths.index(path)]
    np.testing.assert_array_equal(got[2:8], pixels[path])
    assert got[:2].max() == got[8:].max() == 0


def test_training_and_validation_share_no_file(images, capsys):
    options = {"validation_split": 0.25, "seed": 3, "image_size": (4, 4)}
    training = image_dataset_from_directory(images[0], subset="training", **options)
    validation = image_dataset_from_directory(images[0], subset="validation", **options)
    assert (len(training.file_paths), len(validation.file_paths)) == (7, 2)
    assert not set(training.file_paths) & set(validation.file_paths)
    out = capsys.readouterr().out
    assert "Found 9 files belonging to 2 classes." in out
    assert "Using 7 files for training." in out
    both = image_dataset_from_directory(images[0], subset="both", verbose=False, **options)
    assert [part.file_paths for part in both] == [training.file_paths, validation.file_paths]


def test_labels_stay_with_their_files_when_shuffled(images):
    folder, pixels = images
    dataset = image_dataset_from_directory(folder, seed=5, batch_size=None, **SIZE)
    cats = [resized(pixels[path], 4, 4) for path in dataset.file_paths if "cats" in path]
    for x, y in arrays(dataset):
        assert any(np.allclose(x, cat) for cat in cats) == (y == 0)


def test_epochs_differ_and_hold_everything(images):
    dataset = image_dataset_from_directory(images[0], seed=1, batch_size=None, **SIZE)
    epochs = [[x.sum() for x, _ in arrays(dataset)] for _ in range(3)]
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert len({tuple(sorted(epoch)) for epoch in epochs}) == 1


def test_a_model_is_evaluated_and_asked(images):
    dataset = image_dataset_from_directory(images[0], batch_size=4, **SIZE)
    model = kmb_core.Sequential(
        [kmb_core.Input((4, 4, 3)), kmb_core.layers.Flatten(), kmb_core.layers.Dense(2, "softmax")]
    )
    model.compile(loss="sparse_categorical_crossentropy")
    assert np.isfinite(model.evaluate(dataset, verbose=0))
    assert model.predict(dataset, verbose=0).shape == (9, 2)


def test_a_circle_of_links_ends(images):
    folder, _ = images
    os.symlink(folder / "cats", folder / "cats" / "more" / "again", target_is_directory=True)
    options = {"labels": None, "follow_links": True, **SIZE}
    assert len(image_dataset_from_directory(folder, **options).file_paths) == 9


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"labels": "x"}, "labels is 'inferred'"),
        ({"labels": [1]}, "1 labels for 9 files"),
        ({"labels": [1] * 9, "class_names": ["cats"]}, "class_names"),
        ({"label_mode": "one"}, "label_mode is one of"),
        ({"class_names": ["cats", "cows"]}, "'cows', which is no subfolder"),
        ({"label_mode": "binary", "class_names": ["cats"]}, "needs 2 classes, there are 1"),
        ({"validation_split": 0.2}, "together"),
        ({"validation_split": 2, "subset": "both"}, "between 0 and 1"),
        ({"validation_split": 0.2, "subset": "training"}, "needs a seed"),
        ({"validation_split": 0.2, "subset": "some", "seed": 1}, "subset is one of"),
        ({"validation_split": 0.01, "subset": "validation", "seed": 1}, "no files for validation"),
        ({"batch_size": 0}, "batch_size"),
        ({"color_mode": "cmyk"}, "color_mode is one of"),
        ({"interpolation": "linear"}, "interpolation is one of"),
        ({"image_size": (3,)}, "height, width"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "exclude"),
        ({"format": "zip"}, "format is one of"),
    ],
)
def test_what_does_not_go_together_is_said(images, options, text):
    with pytest.raises(ValueError, match=text):
        image_dataset_from_directory(images[0], **{**SIZE, **options})


def test_an_empty_or_missing_folder_is_said(tmp_path):
    with pytest.raises(ValueError, match="no files"):
        image_dataset_from_directory(tmp_path, verbose=False)
    with pytest.raises(FileNotFoundError):
        image_dataset_from_directory(tmp_path / "none")


def test_a_damaged_image_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_bytes(b"no image")
    dataset = image_dataset_from_directory(tmp_path, **SIZE)
    with pytest.raises(Exception, match=r"x\.png cannot be read as an image"):
        arrays(dataset)


# Texts and sounds --------------------------------------------------------------------------------------------------


def decoded(dataset):
    found = [element[0] if isinstance(element, tuple) else element for element in arrays(dataset)]
    return [text.decode() if isinstance(text, bytes) else str(text) for batch in found for text in np.ravel(batch)]


def test_texts_are_read_whole(texts):
    dataset = text_dataset_from_directory(texts, shuffle=False, batch_size=4, verbose=False)
    assert decoded(dataset) == [f"{name} wörd {number}" for name in ("bad", "good") for number in range(3)]
    assert labels(dataset) == [0, 0, 0, 1, 1, 1]


def test_texts_are_cut_to_a_number_of_bytes(texts):
    dataset = text_dataset_from_directory(texts, labels=None, shuffle=False, max_length=6, verbose=False)
    assert decoded(dataset) == ["bad w"] * 3 + ["good w"] * 3  # "ö" has two bytes, of which one would fit


def test_single_texts(texts):
    dataset = text_dataset_from_directory(texts, labels=None, shuffle=False, batch_size=None, verbose=False)
    assert decoded(dataset)[0] == "bad wörd 0"


def test_sounds_are_filled_up_to_the_longest_of_a_batch(sounds):
    batches = arrays(audio_dataset_from_directory(sounds, shuffle=False, batch_size=4, verbose=False))
    assert [x.shape for x, _ in batches] == [(4, 12, 2), (2, 12, 2)]
    _, numbers = wavfile.read(sounds / "high" / "0.wav")
    np.testing.assert_allclose(batches[0][0][0, :10], numbers / 2**15)
    assert batches[0][0][0, 10:].tolist() == [[0.0, 0.0]] * 2


def test_sounds_of_a_given_length_and_rate(sounds):
    options = {"shuffle": False, "verbose": False}
    ((x, _),) = arrays(audio_dataset_from_directory(sounds, output_sequence_length=11, **options))
    assert x.shape == (6, 11, 2)
    single = arrays(audio_dataset_from_directory(sounds, sampling_rate=4000, batch_size=None, **options))
    assert [x.shape for x, _ in single][:3] == [(5, 2), (6, 2), (6, 2)]


def test_ragged_sounds_keep_their_lengths(sounds):
    dataset = audio_dataset_from_directory(sounds, ragged=True, shuffle=False, verbose=False)
    ((x, y),) = list(dataset)
    assert [len(row) for row in x] == [10, 11, 12] * 2
    assert np.asarray(x[1]).shape == (11, 2)
    assert np.asarray(y).tolist() == [0, 0, 0, 1, 1, 1]


def test_options_of_texts_and_sounds_are_checked(texts, sounds):
    with pytest.raises(ValueError, match="max_length"):
        text_dataset_from_directory(texts, max_length=-1)
    with pytest.raises(ValueError, match="exclude"):
        audio_dataset_from_directory(sounds, ragged=True, output_sequence_length=3)
    with pytest.raises(ValueError, match="sampling_rate"):
        audio_dataset_from_directory(sounds, sampling_rate=0)


def test_a_damaged_sound_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.wav").write_bytes(b"no sound")
    with pytest.raises(Exception, match=r"x\.wav is no WAV file"):
        arrays(audio_dataset_from_directory(tmp_path, verbose=False))


def test_the_first_picture_of_an_animation_is_read(tmp_path):
    (tmp_path / "a").mkdir()
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a" / "x.gif", save_all=True, append_images=frames[1:])
    ((x, _),) = arrays(image_dataset_from_directory(tmp_path, **SIZE))
    assert x[0, 0, 0].tolist() == [255.0, 0.0, 0.0]
