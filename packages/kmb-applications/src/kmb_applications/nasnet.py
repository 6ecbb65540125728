"""Cells found by a search: every cell sees the outputs of the two before it.

Learning Transferable Architectures for Scalable Image Recognition (Zoph, Vasudevan, Shlens, Le, 2017),
https://arxiv.org/abs/1707.07012: NASNet-A, whose two cells are those of figure 4, stacked as in figure 2 with two
reduction cells in front. An architecture "N @ P" has N normal cells at each of three sizes, and P features. As in the
published weights, separable convolutions are applied twice, there is no second classifier, and no path is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, layers

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/nasnet/"


@dataclass(frozen=True)
class _Plan:
    """What tells an architecture from the other one."""

    size: int  # side of the images that the published weights were trained on
    depth: int  # normal cells at each size
    features: int
    stem: int  # channels of the first convolution
    skips: bool  # whether the cell after a reduction sees, as its second input, what the reduction saw as its second
    file: str
    digests: tuple[str, str]  # MD5 of the files with and without the top


MOBILE_DIGESTS = ("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63")
LARGE_DIGESTS = ("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5")
MOBILE = _Plan(224, 4, 1056, 32, skips=False, file="mobile", digests=MOBILE_DIGESTS)
LARGE = _Plan(331, 6, 4032, 96, skips=True, file="large", digests=LARGE_DIGESTS)


def _convolution(x: Any, filters: int, name: str, kernel: int = 1, stride: int = 1) -> Any:
    padding = "same" if stride == 1 else "valid"
    options = {"padding": padding, "use_bias": False, "kernel_initializer": "he_normal"}
    return layers.Conv2D(filters, kernel, strides=stride, **options, name=name)(x)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=construction.channel_axis(), momentum=0.9997, name=name)(x)


def _separable(x: Any, filters: int, kernel: int, name: str, stride: int = 1) -> Any:
    """ReLU, separable convolution, normalization, twice; the first time with the stride."""
    x, padding = layers.Activation("relu")(x), "same"
    if stride == 2:
        around = construction.halving_padding(x, kernel)
        x, padding = layers.ZeroPadding2D(around, name=f"separable_conv_1_pad_{name}")(x), "valid"
    options = {"use_bias": False, "name": f"separable_conv_1_{name}"}
    x = layers.SeparableConv2D(filters, kernel, strides=stride, padding=padding, **options)(x)
    x = layers.Activation("relu")(_normalized(x, f"separable_conv_1_bn_{name}"))
    options["name"] = f"separable_conv_2_{name}"
    x = layers.SeparableConv2D(filters, kernel, padding="same", **options)(x)
    return _normalized(x, f"separable_conv_2_bn_{name}")


def _mean(x: Any, name: str) -> Any:
    return layers.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _added(a: Any, b: Any, name: str | None = None) -> Any:
    return layers.Add(name=name)([a, b])


def _joined(maps: Sequence[Any], name: str | None = None) -> Any:
    return layers.Concatenate(axis=construction.channel_axis(), name=name)(maps)


def _halved(x: Any, filters: int, name: str) -> Any:
    """Half as many rows and columns: those of even and of odd places, each with half of the channels."""
    x = layers.Activation("relu", name=f"adjust_relu_1_{name}")(x)
    even = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_1_{name}")(x)
    even = _convolution(even, filters // 2, f"adjust_conv_1_{name}")
    odd = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    odd = layers.Cropping2D(((1, 0), (1, 0)))(odd)
    odd = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_2_{name}")(odd)
    odd = _convolution(odd, filters // 2, f"adjust_conv_2_{name}")
    return _normalized(_joined([even, odd]), f"adjust_bn_{name}")


def _projected(x: Any, filters: int, name: str) -> Any:
    """As many channels as the cell has."""
    x = _convolution(layers.Activation("relu")(x), filters, f"adjust_conv_projection_{name}")
    return _normalized(x, f"adjust_bn_{name}")


def _narrowed(x: Any, filters: int, kind: str, name: str) -> Any:
    x = _convolution(layers.Activation("relu")(x), filters, f"{kind}_conv_1_{name}")
    return _normalized(x, f"{kind}_bn_1_{name}")


def _normal_cell(x: Any, earlier: Any, filters: int, name: str) -> Any:
    """Figure 4, left: five sums of two maps each, behind the earlier cell's. `earlier` has the cell's size already."""
    x = _narrowed(x, filters, "normal", name)

    def separable(maps: Any, kernel: int, place: str) -> Any:
        return _separable(maps, filters, kernel, f"normal_{place}_{name}")

    def added(one: Any, other: Any, place: int) -> Any:
        return _added(one, other, f"normal_add_{place}_{name}")

    sums = [
        added(separable(x, 5, "left1"), separable(earlier, 3, "right1"), 1),
        added(separable(earlier, 5, "left2"), separable(earlier, 3, "right2"), 2),
        added(_mean(x, f"normal_left3_{name}"), earlier, 3),
        added(_mean(earlier, f"normal_left4_{name}"), _mean(earlier, f"normal_right4_{name}"), 4),
        added(separable(x, 3, "left5"), x, 5),
    ]
    return _joined([earlier, *sums], f"normal_concat_{name}")


def _reduction_cell(x: Any, earlier: Any, filters: int, name: str) -> Any:
    """Figure 4, right: half the side; five sums, of which the first is used inside only."""
    x = _narrowed(x, filters, "reduction", name)

    def separable(maps: Any, kernel: int, place: str, stride: int = 2) -> Any:
        return _separable(maps, filters, kernel, f"reduction_{place}_{name}", stride)

    def pooled(pooling: type[Any], place: str) -> Any:
        return pooling(3, strides=2, name=f"reduction_{place}_{name}")(padded)

    first = _added(separable(x, 5, "left1"), separable(earlier, 7, "right1"), f"reduction_add_1_{name}")
    padded = layers.ZeroPadding2D(construction.halving_padding(x, 3), name=f"reduction_pad_1_{name}")(x)
    maxima = pooled(layers.MaxPooling2D, "left2")
    second = _added(maxima, separable(earlier, 7, "right2"), f"reduction_add_2_{name}")
    means = pooled(layers.AveragePooling2D, "left3")
    third = _added(means, separable(earlier, 5, "right3"), f"reduction_add3_{name}")
    fourth = _added(second, _mean(first, f"reduction_left4_{name}"))
    last = separable(first, 3, "left4", stride=1)
    fifth = _added(last, pooled(layers.MaxPooling2D, "right5"), f"reduction_add4_{name}")
    return _joined([second, third, fourth, fifth], f"reduction_concat_{name}")


def _stem(x: Any, plan: _Plan, filters: int) -> tuple[Any, Any]:
    """A convolution and two reduction cells: the output of the second, and that of the first."""
    x = _normalized(_convolution(x, plan.stem, "stem_conv1", 3, 2), "stem_bn1")
    first = _reduction_cell(x, x, filters // 4, "stem_1")
    second = _reduction_cell(first, _halved(x, filters // 2, "stem_2"), filters // 2, "stem_2")
    return second, first


def _cells(images: Any, plan: _Plan) -> Any:
    """Three rows of normal cells, with a reduction cell between them."""
    filters = plan.features // 24
    x, earlier = _stem(images, plan, filters)
    for stage in range(3):
        if stage:
            filters *= 2
            name = f"reduce_{plan.depth * stage}"
            smaller = _reduction_cell(x, _projected(earlier, filters, name), filters, name)
            x, earlier = smaller, earlier if plan.skips else x
        for cell in range(plan.depth):
            name = str(plan.depth * stage + min(stage, 1) + cell)
            # Behind a reduction the earlier maps have twice the side.
            adjusted = (_projected if cell else _halved)(earlier, filters, name)
            x, earlier = _normal_cell(x, adjusted, filters, name), x
    return layers.Activation("relu")(x)


def _file(plan: _Plan, include_top: bool) -> pretrained.File:
    address = f"{ADDRESS}NASNet-{plan.file}{'' if include_top else '-no-top'}.h5"
    name = f"nasnet_{plan.file}{'' if include_top else '_no_top'}.h5"
    return pretrained.File(address, name, plan.digests[0 if include_top else 1])


def _network(
    plan: _Plan,
    input_shape: Sequence[int | None] | None,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    x = images = construction.image_input(
        input_tensor, input_shape, model=name, size=plan.size, smallest=32, include_top=include_top, weights=weights
    )
    x = _cells(x, plan)
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = construction.pooled(x, pooling)
    return construction.finished(images, x, name=name, weights=weights, published=_file(plan, include_top))


def NASNetMobile(
    input_shape: Sequence[int | None] | None = None,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "nasnet_mobile",
) -> Model:
    """NASNet-A (4 @ 1056), for small devices.

    Args:
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1056 features, or (batch, 1056) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = NASNetMobile(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 1056)
    """
    options = (input_shape, include_top, weights, input_tensor, pooling, classes, classifier_activation, name)
    return _network(MOBILE, *options)


def NASNetLarge(
    input_shape: Sequence[int | None] | None = None,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "nasnet_large",
) -> Model:
    """NASNet-A (6 @ 4032), the most accurate one of the paper.

    Args:
        input_shape: shape of an image without the batch, sides of at least 32; (331, 331, 3) by default.
        include_top: whether the classifier stands on top.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        4032 features, or (batch, 4032) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = NASNetLarge(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 4032)
    """
    options = (input_shape, include_top, weights, input_tensor, pooling, classes, classifier_activation, name)
    return _network(LARGE, *options)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Bring images of values 0 to 255 into this family's range: -1 to 1.

    See `imagenet_utils.preprocess_input`, mode "tf".

    Example:
        >>> import numpy as np
        >>> preprocess_input(np.zeros((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]
