"""Plain stacks of 3x3 convolutions.

Very Deep Convolutional Networks for Large-Scale Image Recognition (Simonyan, Zisserman, 2014),
https://arxiv.org/abs/1409.1556: configurations D and E of its table 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import construction, pretrained
from kmb_core import Model, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/"
# MD5 of the files with and without the top
DIGESTS = {
    16: ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
    19: ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
}
# how many convolutions each block has, and how many channels they make
CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
CHANNELS = (64, 128, 256, 512, 512)


def plain_network(
    layer_count: int,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    """The network of 16 or 19 layers with weights."""
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    x = images = construction.image_input(
        input_tensor, input_shape, model=name, size=224, smallest=32, include_top=include_top, weights=weights
    )
    for block, (depth, channels) in enumerate(zip(CONVOLUTIONS[layer_count], CHANNELS, strict=True), start=1):
        x = _block(x, depth, channels, f"block{block}")
    x = _classified(x, classes, classifier_activation) if include_top else construction.pooled(x, pooling)
    published = _file(layer_count, include_top)
    return construction.finished(images, x, name=name, weights=weights, published=published)


def _block(x: Any, depth: int, channels: int, name: str) -> Any:
    for index in range(1, depth + 1):
        x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"{name}_conv{index}")(x)
    return layers.MaxPooling2D(2, strides=2, name=f"{name}_pool")(x)


def _classified(x: Any, classes: int, activation: Any) -> Any:
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4096, activation="relu", name="fc1")(x)
    x = layers.Dense(4096, activation="relu", name="fc2")(x)
    return layers.Dense(classes, activation=activation, name="predictions")(x)


def _file(layer_count: int, include_top: bool) -> pretrained.File:
    name = f"vgg{layer_count}_weights_tf_dim_ordering_tf_kernels{'' if include_top else '_notop'}.h5"
    return pretrained.File(f"{ADDRESS}vgg{layer_count}/{name}", name, DIGESTS[layer_count][0 if include_top else 1])
