"""Models as their users meet them: shapes, both data formats, files of weights, and what is refused."""

import h5py
import numpy as np
import pytest

from kmb_core import Input, Sequential, applications, config, saving
from kmb_core.errors import CheckpointError, DTypeError, SecurityError, ShapeError

SMALL = {"input_shape": (32, 32, 3), "alpha": 0.25, "classes": 5}


@pytest.fixture
def small():
    return applications.MobileNet(weights=None, **SMALL)


@pytest.fixture
def channels_first():
    before = config.image_data_format()
    config.set_image_data_format("channels_first")
    yield
    config.set_image_data_format(before)


def images(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def test_the_top_gives_probabilities(small):
    outputs = small.predict(images(2, 32, 32, 3), verbose=0)
    assert outputs.shape == (2, 5)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("pooling", "shape"), [(None, (None, 1, 1, 2048)), ("avg", (None, 2048)), ("max", (None, 2048))]
)
def test_without_a_top_there_are_features(pooling, shape):
    model = applications.ResNet50(weights=None, include_top=False, input_shape=(32, 32, 3), pooling=pooling)
    assert model.output_shape == shape
    assert model.name == "resnet50"


def test_sides_may_be_open_without_a_top():
    assert applications.VGG16(weights=None, include_top=False).output_shape == (None, None, None, 512)


def test_channels_may_come_first(small, channels_first):
    x = images(2, 32, 32, 3)
    other = applications.MobileNet(weights=None, **{**SMALL, "input_shape": (3, 32, 32)})
    other.set_weights(small.get_weights())
    outputs = other.predict(x.transpose(0, 3, 1, 2), verbose=0)
    np.testing.assert_allclose(outputs, small.predict(x, verbose=0), rtol=1e-4, atol=1e-6)


def written_before_keras_3(model, path):
    """A file of weights as Keras 2 wrote them."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{i}:0" for i in range(len(layer.weights))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, layer.get_weights(), strict=True):
                group[name] = array + 0.5


def test_a_file_of_keras_2_is_read_by_place(small, tmp_path):
    path = tmp_path / "old.h5"
    written_before_keras_3(small, path)
    other = applications.MobileNet(weights=str(path), **SMALL)
    for own, stored in zip(other.get_weights(), small.get_weights(), strict=True):
        np.testing.assert_allclose(own, stored + 0.5)


def test_a_file_of_weights_is_read(small, tmp_path):
    path = tmp_path / "new.weights.h5"
    small.save_weights(path)
    for own, stored in zip(
        applications.MobileNet(weights=str(path), **SMALL).get_weights(), small.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(own, stored)


def test_a_file_of_another_model_is_refused(small, tmp_path):
    path = tmp_path / "old.h5"
    written_before_keras_3(small, path)
    with pytest.raises(CheckpointError, match="do not fit"):
        applications.MobileNet(weights=str(path), **{**SMALL, "classes": 6})
    with pytest.raises(CheckpointError, match="do not fit"):
        applications.VGG16(weights=str(path), include_top=False)


def test_a_new_file_of_other_classes_is_refused(small, tmp_path):
    path = tmp_path / "new.weights.h5"
    small.save_weights(path)
    with pytest.raises(CheckpointError, match="conv_preds"):
        applications.MobileNet(weights=path, **{**SMALL, "classes": 6})


def test_a_file_that_leads_to_another_one_is_refused(small, tmp_path):
    path = tmp_path / "old.h5"
    written_before_keras_3(small, path)
    with h5py.File(path, "a") as file:
        del file["conv1/conv1/0:0"]
        file["conv1/conv1/0:0"] = h5py.ExternalLink("/etc/secret.h5", "/x")
    with pytest.raises(SecurityError, match="link"):
        applications.MobileNet(weights=str(path), **SMALL)


def test_a_file_names_the_layers_that_only_an_architecture_has(tmp_path):
    model = Sequential([Input((3,)), applications.convnext.LayerScale(0.5, 3)])
    model.save(tmp_path / "x.keras")
    found = saving.load_model(tmp_path / "x.keras")
    np.testing.assert_array_equal(found.predict(np.ones((2, 3), "float32"), verbose=0), np.full((2, 3), 0.5))


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    path = tmp_path / "old.h5"
    path.write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="HDF5"):
        applications.MobileNet(weights=str(path), **SMALL)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"input_shape": (8, 8, 3)}, ShapeError, "at least 32"),
        ({"input_shape": (32, 32)}, ShapeError, "three sizes"),
        ({"weights": "imagenet", "classes": 10}, ValueError, "1000"),
        ({"weights": "imagenet", "include_top": False, "input_shape": (64, 64, 4)}, ShapeError, "three channels"),
        ({"weights": "imagenet", "input_shape": (64, 64, 3)}, ShapeError, "224 by 224"),
        ({"weights": "imagenet", "classifier_activation": "sigmoid"}, ValueError, "'softmax' or None"),
        ({"weights": "imagenot"}, FileNotFoundError, "imagenot"),
        ({"weights": "."}, FileNotFoundError, "path of a file"),
        ({"weights": True}, FileNotFoundError, "path of a file"),
        ({"pooling": "middle"}, ValueError, "pooling"),
    ],
)
def test_what_contradicts_itself_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        applications.ResNet50(**{"weights": None, **options})


def test_images_are_brought_into_each_familys_range():
    x = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype("float32")
    np.testing.assert_allclose(applications.mobilenet.preprocess_input(x.copy()), x / 127.5 - 1, rtol=1e-5, atol=1e-5)
    expected = x[..., ::-1] - np.array([103.939, 116.779, 123.68], "float32")
    np.testing.assert_allclose(applications.resnet50.preprocess_input(x.copy()), expected, rtol=1e-5, atol=1e-4)
    expected = (x / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(applications.densenet.preprocess_input(x.copy()), expected, rtol=1e-4, atol=1e-5)


def test_predictions_of_other_classes_cannot_be_named():
    with pytest.raises(ShapeError, match=r"\(2, 5\)"):
        applications.imagenet_utils.decode_predictions(np.zeros((2, 5)))


def test_a_top_that_flattens_needs_known_sides():
    with pytest.raises(ShapeError, match="known sides"):
        applications.VGG16(weights=None, input_shape=(None, None, 3))


@pytest.mark.parametrize("name", ["MobileNetV3Small", "MobileNetV3Large"])
def test_sides_may_be_open_with_a_top_of_convolutions(name):
    model = getattr(applications, name)(weights=None, alpha=0.25, classes=5)
    assert model.input_shape == (None, None, None, 3)
    for side in (32, 45):
        assert model.predict(images(1, side, side, 3), verbose=0).shape == (1, 5)


def test_weights_that_were_not_published_are_refused_with_those_that_were():
    with pytest.raises(ValueError, match=r"alpha 0\.75 and 1\.0"):
        applications.MobileNetV3Small(alpha=0.5)
    with pytest.raises(ValueError, match=r"alpha 1\.0\."):
        applications.MobileNetV3Large(alpha=0.75, minimalistic=True)


@pytest.mark.parametrize("name", ["MobileNetV2", "ResNet50", "MobileNetV3Small"])
@pytest.mark.parametrize(
    ("shape", "problem"),
    [((224, 224, 1), "three channels"), ((8, 8, 3), "at least 32"), ((224,), "no images")],
)
def test_a_tensor_is_checked_like_a_shape_before_anything_is_fetched(name, shape, problem, monkeypatch):
    monkeypatch.setattr("kmb_core.utils.get_file", None)
    with pytest.raises(ShapeError, match=problem):
        getattr(applications, name)(input_tensor=Input(shape), include_top=False)


@pytest.mark.parametrize(
    ("options", "error", "problem"),
    [
        ({"input_tensor": Input((224, 224, 1))}, ShapeError, "three channels"),
        ({"input_tensor": Input((100, 100, 3))}, ShapeError, "224 by 224"),
        ({"input_tensor": np.zeros((2, 224, 224, 1))}, ShapeError, "three channels"),
        ({"input_tensor": np.zeros(3)}, ShapeError, r"shape \(3,\), no images"),
        ({"input_tensor": "images"}, DTypeError, "resnet50: input_tensor .* got str"),
        ({"input_tensor": Input((96, 96, 3)), "input_shape": (64, 64, 3)}, ShapeError, "Pass one of the two"),
    ],
)
def test_with_a_top_a_tensor_is_checked_like_a_shape(options, error, problem, monkeypatch):
    monkeypatch.setattr("kmb_core.utils.get_file", None)
    with pytest.raises(error, match=problem):
        applications.ResNet50(**options)


def test_a_tensor_and_a_shape_that_agree_may_both_be_given():
    options = {**SMALL, "input_shape": (None, None, 3)}
    model = applications.MobileNet(input_tensor=Input((32, 32, 3)), weights=None, **options)
    assert model.input_shape == (None, 32, 32, 3)


def test_the_published_weights_are_those_of_the_tensors_size(monkeypatch):
    asked = []
    monkeypatch.setattr("kmb_applications.pretrained.load", lambda model, weights, file: asked.append(file.name))
    applications.MobileNetV2(input_tensor=Input((96, 96, 3)))
    assert asked == ["mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96.h5"]
