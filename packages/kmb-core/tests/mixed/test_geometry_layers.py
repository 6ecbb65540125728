"""Layers that move things in images, in the map of a dataset and in NumPy loaders, whatever backend they are of."""

import numpy as np
import pytest

from kmb_core import layers, use_backend

pytestmark = pytest.mark.mixed

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 255, (4, 6, 8, 3)).astype("float32")
START = RANDOM.uniform(0, 3, (4, 2, 2))
PARTS = {
    "images": IMAGES,
    "labels": np.eye(4, dtype="float32"),
    "segmentation_masks": RANDOM.integers(0, 3, (4, 6, 8, 1)).astype("int32"),
    "bounding_boxes": {
        "boxes": np.concatenate([START, START + 2], -1).astype("float32"),
        "labels": np.arange(8).reshape(4, 2).astype("int32"),
    },
}
LAYERS = {
    "CenterCrop": {"height": 4, "width": 5},
    "Resizing": {"height": 4, "width": 4, "crop_to_aspect_ratio": True},
    "RandomCrop": {"height": 4, "width": 5, "seed": 1},
    "RandomFlip": {"seed": 1},
    "RandomRotation": {"factor": 0.2, "seed": 1},
    "RandomZoom": {"height_factor": 0.2, "seed": 1},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2, "seed": 1},
    "RandomShear": {"x_factor": 0.2, "y_factor": 0.1, "seed": 1},
    "RandomPerspective": {"factor": (1.0, 1.0), "scale": 0.3, "seed": 1},
    "RandomElasticTransform": {"factor": (1.0, 1.0), "scale": 0.4, "seed": 1},
    "MaxNumBoundingBoxes": {"max_number": 3},
    "MixUp": {"seed": 1},
    "CutMix": {"seed": 1},
}


def made(name, backend):
    with use_backend(backend):
        return getattr(layers, name)(**LAYERS[name], bounding_box_format="xyxy")


def parts_for(name):
    return {key: part for key, part in PARTS.items() if name != "CutMix" or key != "bounding_boxes"}


@pytest.fixture(scope="module")
def tensorflow():
    # Not at the top: the file is collected in environments without TensorFlow too, and deselected there.
    import tensorflow

    return tensorflow


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_in_a_dataset_a_layer_does_what_it_does_elsewhere(tensorflow, name, backend):
    layer, parts = made(name, backend), parts_for(name)
    size = layers.CenterCrop in type(layer).__mro__ or name in ("Resizing", "RandomCrop")
    dataset = tensorflow.data.Dataset.from_tensor_slices(parts).batch(2)
    (first, _) = dataset.map(lambda data: layer(data, training=True)).as_numpy_iterator()
    assert first["images"].shape == (2, layer.height, layer.width, 3) if size else (2, 6, 8, 3)
    assert first["segmentation_masks"].shape[1:3] == first["images"].shape[1:3]
    assert first["images"].dtype == "float32"
    with use_backend("numpy"):
        array = layer(parts, training=True)
    assert isinstance(array["images"], np.ndarray)
    if not name.startswith("Random") and "Mix" not in name:
        half = {**first, "images": first["images"]}
        np.testing.assert_allclose(half["images"], array["images"][:2], atol=1e-3)
        np.testing.assert_allclose(first["bounding_boxes"]["boxes"], array["bounding_boxes"]["boxes"][:2], atol=1e-3)


@pytest.mark.parametrize("name", ["CenterCrop", "Resizing", "RandomCrop", "RandomRotation", "RandomFlip"])
def test_in_a_dataset_sizes_may_be_unknown(tensorflow, name):
    layer = made(name, "torch")
    unknown = {
        "images": tensorflow.TensorSpec((None, None, None, 3), "float32"),
        "bounding_boxes": {
            "boxes": tensorflow.TensorSpec((None, None, 4), "float32"),
            "labels": tensorflow.TensorSpec((None, None), "int32"),
        },
    }

    def samples():
        for height in (6, 3):
            images = np.ones((2, height, 8, 3), "float32")
            yield {"images": images, "bounding_boxes": {k: v[:2] for k, v in PARTS["bounding_boxes"].items()}}

    dataset = tensorflow.data.Dataset.from_generator(samples, output_signature=unknown)
    for data in dataset.map(lambda data: layer(data, training=True)).as_numpy_iterator():
        np.testing.assert_allclose(data["images"], 1.0, atol=1e-5)
        if name in ("CenterCrop", "Resizing", "RandomCrop"):
            assert data["images"].shape == (2, layer.height, layer.width, 3)


def test_one_image_at_a_time_is_drawn_for_again(tensorflow):
    layer = made("RandomTranslation", "jax")
    dataset = tensorflow.data.Dataset.from_tensors(IMAGES[0]).repeat(6)
    found = [*dataset.map(lambda image: layer(image, training=True)).as_numpy_iterator()]
    assert len({image.tobytes() for image in found}) == 6


@pytest.mark.parametrize("name", ["RandomRotation", "RandomFlip", "RandomCrop"])
def test_workers_of_a_loader_need_no_framework(name):
    import torch

    layer = made(name, "jax")

    def collate(samples):
        with use_backend("numpy"):
            return layer(np.stack(samples), training=True)

    loader = torch.utils.data.DataLoader(list(IMAGES), batch_size=2, collate_fn=collate, num_workers=1)
    batches = [*loader]
    assert len(batches) == 2
    assert all(isinstance(batch, np.ndarray) for batch in batches)
