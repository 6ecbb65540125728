"""Cells found by a search: every cell sees the outputs of the two before it.

Learning Transferable Architectures for Scalable Image Recognition (Zoph, Vasudevan, Shlens, Le, 2017),
https://arxiv.org/abs/1707.07012: NASNet-A, whose two cells are those of figure 4, stacked as in figure 2 with two
reduction cells in front. An architecture "N @ P" has N normal cells at each of three sizes, and P features. As in the
published weights, separable convolutions are applied twice, there is no second classifier, and no path is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from kmb_applications import construction, imagenet_utils, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, layers, name_scope

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


def _joined(maps: Sequence[Any], name: str | None = None) -> Any:
    return layers.Concatenate(axis=construction.channel_axis(), name=name)(maps)


@dataclass(frozen=True)
class _Cell:
    """A cell's parts; the scopes are in the paths of its weights."""

    kind: str  # "normal" or "reduction"
    name: str
    filters: int

    @contextmanager
    def _scope(self, *inner: str) -> Iterator[None]:
        with ExitStack() as scopes:
            for part in (f"{self.kind}_A_block_{self.name}", *inner):
                scopes.enter_context(name_scope(part))
            yield

    def narrowed(self, x: Any) -> Any:
        """As many channels as the cell has."""
        with self._scope():
            x = _convolution(layers.Activation("relu")(x), self.filters, f"{self.kind}_conv_1_{self.name}")
            return _normalized(x, f"{self.kind}_bn_1_{self.name}")

    def projected(self, earlier: Any) -> Any:
        """The same, of the maps before those that the cell follows."""
        name = self.name
        with self._scope("adjust_block", f"adjust_projection_block_{name}"):
            x = _convolution(layers.Activation("relu")(earlier), self.filters, f"adjust_conv_projection_{name}")
            return _normalized(x, f"adjust_bn_{name}")

    def halved(self, earlier: Any) -> Any:
        """Also half as many rows and columns: those of even and of odd places, each with half of the channels."""
        name, filters = self.name, self.filters // 2
        with self._scope("adjust_block", f"adjust_reduction_block_{name}"):
            x = layers.Activation("relu", name=f"adjust_relu_1_{name}")(earlier)
            even = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_1_{name}")(x)
            even = _convolution(even, filters, f"adjust_conv_1_{name}")
            odd = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
            odd = layers.Cropping2D(((1, 0), (1, 0)))(odd)
            odd = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_2_{name}")(odd)
            odd = _convolution(odd, filters, f"adjust_conv_2_{name}")
            return _normalized(_joined([even, odd]), f"adjust_bn_{name}")

    def separable(self, x: Any, kernel: int, place: str, block: int, stride: int = 1) -> Any:
        """ReLU, separable convolution, normalization, twice; the first time with the stride."""
        name = f"{self.kind}_{place}_{self.name}"
        with self._scope(f"block_{block}", f"separable_conv_block_{name}"):
            x, padding = layers.Activation("relu")(x), "same"
            if stride == 2:
                around = construction.halving_padding(x, kernel)
                x, padding = layers.ZeroPadding2D(around, name=f"separable_conv_1_pad_{name}")(x), "valid"
            options: dict[str, Any] = {"strides": stride, "padding": padding, "use_bias": False}
            x = layers.SeparableConv2D(self.filters, kernel, **options, name=f"separable_conv_1_{name}")(x)
            x = layers.Activation("relu")(_normalized(x, f"separable_conv_1_bn_{name}"))
            options |= {"strides": 1, "padding": "same"}
            x = layers.SeparableConv2D(self.filters, kernel, **options, name=f"separable_conv_2_{name}")(x)
            return _normalized(x, f"separable_conv_2_bn_{name}")

    def mean(self, x: Any, place: str) -> Any:
        """The means of 3x3 windows."""
        return layers.AveragePooling2D(3, strides=1, padding="same", name=f"{self.kind}_{place}_{self.name}")(x)

    def added(self, one: Any, other: Any, place: str | None) -> Any:
        """The sum of two maps."""
        return layers.Add(name=place and f"{self.kind}_{place}_{self.name}")([one, other])


def _normal_cell(cell: _Cell, x: Any, earlier: Any) -> Any:
    """Figure 4, left: five sums of two maps each, behind the earlier maps, which have the cell's size."""
    x = cell.narrowed(x)
    sums = [
        cell.added(cell.separable(x, 5, "left1", 1), cell.separable(earlier, 3, "right1", 1), "add_1"),
        cell.added(cell.separable(earlier, 5, "left2", 2), cell.separable(earlier, 3, "right2", 2), "add_2"),
        cell.added(cell.mean(x, "left3"), earlier, "add_3"),
        cell.added(cell.mean(earlier, "left4"), cell.mean(earlier, "right4"), "add_4"),
        cell.added(cell.separable(x, 3, "left5", 5), x, "add_5"),
    ]
    return _joined([earlier, *sums], f"normal_concat_{cell.name}")


def _reduction_cell(cell: _Cell, x: Any, earlier: Any) -> Any:
    """Figure 4, right: half the side; five sums, of which the first is used inside only."""
    x = cell.narrowed(x)
    padded = layers.ZeroPadding2D(construction.halving_padding(x, 3), name=f"reduction_pad_1_{cell.name}")(x)

    def largest(place: str) -> Any:
        return layers.MaxPooling2D(3, strides=2, name=f"reduction_{place}_{cell.name}")(padded)

    first = cell.added(
        cell.separable(x, 5, "left1", 1, stride=2), cell.separable(earlier, 7, "right1", 1, stride=2), "add_1"
    )
    second = cell.added(largest("left2"), cell.separable(earlier, 7, "right2", 2, stride=2), "add_2")
    means = layers.AveragePooling2D(3, strides=2, name=f"reduction_left3_{cell.name}")(padded)
    third = cell.added(means, cell.separable(earlier, 5, "right3", 3, stride=2), "add3")
    fourth = cell.added(second, cell.mean(first, "left4"), None)
    fifth = cell.added(cell.separable(first, 3, "left4", 5), largest("right5"), "add4")
    return _joined([second, third, fourth, fifth], f"reduction_concat_{cell.name}")


def _stem(x: Any, plan: _Plan, filters: int) -> tuple[Any, Any]:
    """A convolution and two reduction cells: the output of the second, and that of the first."""
    x = _normalized(_convolution(x, plan.stem, "stem_conv1", 3, 2), "stem_bn1")
    first = _reduction_cell(_Cell("reduction", "stem_1", filters // 4), x, x)
    cell = _Cell("reduction", "stem_2", filters // 2)
    second = _reduction_cell(cell, first, cell.halved(x))
    return second, first


def _cells(images: Any, plan: _Plan) -> Any:
    """Three rows of normal cells, with a reduction cell between them."""
    filters = plan.features // 24
    x, earlier = _stem(images, plan, filters)
    for stage in range(3):
        if stage:
            filters *= 2
            cell = _Cell("reduction", f"reduce_{plan.depth * stage}", filters)
            smaller = _reduction_cell(cell, x, cell.projected(earlier))
            x, earlier = smaller, earlier if plan.skips else x
        for index in range(plan.depth):
            cell = _Cell("normal", str(plan.depth * stage + min(stage, 1) + index), filters)
            # Behind a reduction the earlier maps have twice the side.
            adjusted = cell.projected(earlier) if index else cell.halved(earlier)
            x, earlier = _normal_cell(cell, x, adjusted), x
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
