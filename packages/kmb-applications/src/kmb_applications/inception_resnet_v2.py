"""Inception with residual connections: what the branches of a block find is scaled down and added to its input.

Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning (Szegedy, Ioffe, Vanhoucke, Alemi,
2016), https://arxiv.org/abs/1602.07261: figure 15 with the blocks of its figures 16 to 19 and the scaling of its
section 3.3. As in the published weights, it begins with the stem and the first block of Inception-v3, the stages have
10, 20 and 10 blocks, and a block's last convolution has a bias and no normalization.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_applications.inception_v3 import COLUMN, ROW, branch, halved, joined, largest, small_block, stem
from kmb_core import Model, layers
from kmb_core.serialization import saved_as

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/inception_resnet_v2/"
# MD5 of the files with and without the top
DIGESTS = ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4")
# a stage's branches by the side of its maps, as (channels, kernel) of each convolution; its scale; how many blocks
STAGES = {
    35: (([(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]), 0.17, 10),
    17: (([(192, 1)], [(128, 1), (160, ROW), (192, COLUMN)]), 0.1, 20),
    8: (([(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]), 0.2, 10),
}


@saved_as("keras.src.applications.inception_resnet_v2")
class CustomScaleLayer(layers.Layer):
    """`inputs[0] + scale * inputs[1]`.

    Args:
        scale: by what the second input is multiplied.

    Input: a list of two tensors of one shape. Output: a tensor of that shape.

    Example:
        >>> from kmb_core import ops
        >>> float(CustomScaleLayer(0.5)([ops.ones(()), ops.ones(())]))
        1.5
    """

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        """The sum."""
        return inputs[0] + inputs[1] * self.scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The first input's shape."""
        return input_shape[0]


def _block(x: Any, branches: Sequence[Sequence[tuple[int, Any]]], scale: float, activated: bool, name: str) -> Any:
    """The branches beside each other, as many channels as there were, scaled and added."""
    found = joined([branch(x, *steps) for steps in branches], f"{name}_mixed")
    found = layers.Conv2D(x.shape[construction.channel_axis()], 1, padding="same", name=f"{name}_conv")(found)
    x = CustomScaleLayer(scale)([x, found])
    return layers.Activation("relu", name=f"{name}_ac")(x) if activated else x


def _stage(x: Any, side: int) -> Any:
    branches, scale, depth = STAGES[side]
    for index in range(1, depth + 1):
        last = side == 8 and index == depth  # the very last block adds all that it found, and nothing follows the sum
        x = _block(x, branches, 1.0 if last else scale, not last, f"block{side}_{index}")
    return x


def _to_17(x: Any) -> Any:
    """From 35 by 35 to 17 by 17."""
    once = halved(x, 384)
    twice = halved(branch(x, (256, 1), (256, 3)), 384)
    return joined([once, twice, largest(x)], "mixed_6a")


def _to_8(x: Any) -> Any:
    """From 17 by 17 to 8 by 8."""
    narrow = halved(branch(x, (256, 1)), 384)
    wide = halved(branch(x, (256, 1)), 288)
    twice = halved(branch(x, (256, 1), (288, 3)), 320)
    return joined([narrow, wide, twice, largest(x)], "mixed_7a")


def _features(x: Any) -> Any:
    x = small_block(stem(x), 96, 64, "mixed_5b")
    x = _to_17(_stage(x, 35))
    x = _to_8(_stage(x, 17))
    x = layers.Conv2D(1536, 1, padding="same", use_bias=False, name="conv_7b")(_stage(x, 8))
    x = layers.BatchNormalization(axis=construction.channel_axis(), scale=False, name="conv_7b_bn")(x)
    return layers.Activation("relu", name="conv_7b_ac")(x)


def _file(include_top: bool) -> pretrained.File:
    name = f"inception_resnet_v2_weights_tf_dim_ordering_tf_kernels{'' if include_top else '_notop'}.h5"
    return pretrained.File(ADDRESS + name, name, DIGESTS[0 if include_top else 1])


def InceptionResNetV2(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "inception_resnet_v2",
) -> Model:
    """Inception-ResNet-v2: 40 residual blocks of several branches.

    Args:
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 75; (299, 299, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1536 features, or (batch, 1536) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = InceptionResNetV2(weights=None, include_top=False, input_shape=(75, 75, 3), pooling="avg")
        >>> model.output_shape
        (None, 1536)
    """
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    x = images = construction.image_input(
        input_tensor, input_shape, model=name, size=299, smallest=75, include_top=include_top, weights=weights
    )
    x = _features(x)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = construction.pooled(x, pooling)
    return construction.finished(images, x, name=name, weights=weights, published=_file(include_top))


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Bring images of values 0 to 255 into this family's range: -1 to 1.

    See `imagenet_utils.preprocess_input`, mode "tf".

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.zeros((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]
