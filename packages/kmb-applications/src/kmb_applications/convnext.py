"""A convolutional network built as transformers are: large depthwise kernels, few activations, layer normalization.

A ConvNet for the 2020s (Liu, Mao, Wu, Feichtenhofer, Darrell, Xie, 2022), https://arxiv.org/abs/2201.03545: the block
of figure 4 and the sizes of section 3.3. As in the published weights, the 1x1 convolutions of a block are dense layers,
no block is dropped while training, and the features without a top are normalized too.

Layers work on the last axis throughout: where channels come first, images are transposed once, and features back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kmb_applications import construction, pretrained
from kmb_applications.imagenet_utils import decode_predictions
from kmb_core import Model, Sequential, initializers, layers
from kmb_core.serialization import saved_as

ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/convnext/"
# SHA-256 of the files with and without the top
DIGESTS = {
    "tiny": (
        "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
        "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
    "small": (
        "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
        "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ),
    "base": (
        "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
        "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ),
    "large": (
        "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
        "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ),
    "xlarge": (
        "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
        "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ),
}
# blocks of each stage, and their channels
SIZES = {
    "tiny": ((3, 3, 9, 3), (96, 192, 384, 768)),
    "small": ((3, 3, 27, 3), (96, 192, 384, 768)),
    "base": ((3, 3, 27, 3), (128, 256, 512, 1024)),
    "large": ((3, 3, 27, 3), (192, 384, 768, 1536)),
    "xlarge": ((3, 3, 27, 3), (256, 512, 1024, 2048)),
}
# of ImageNet's colours, from 0 to 255
MEANS = [0.485 * 255, 0.456 * 255, 0.406 * 255]
VARIANCES = [(0.229 * 255) ** 2, (0.224 * 255) ** 2, (0.225 * 255) ** 2]
EPSILON = 1e-6
LAST = "channels_last"


@saved_as("keras.src.applications.convnext")
class LayerScale(layers.Layer):
    """Each channel multiplied by a factor that is trained, and small at first.

    Going deeper with Image Transformers (Touvron and others, 2021), https://arxiv.org/abs/2103.17239, section 2.

    Args:
        init_values: the factors at first.
        projection_dim: how many channels there are.

    Input and output: `(..., channels)`.

    Example:
        >>> from kmb_core import ops
        >>> float(LayerScale(0.5, 1)(ops.ones((1, 1)))[0, 0])
        0.5
    """

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        first = initializers.Constant(self.init_values)
        self.gamma = self.add_weight(shape=(self.projection_dim,), initializer=first)

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return inputs * self.gamma

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape


def _normalization(name: str | None = None) -> layers.Layer:
    return layers.LayerNormalization(epsilon=EPSILON, name=name)


def _convolution(filters: int, size: int, name: str) -> layers.Layer:
    """A convolution of windows that lie side by side."""
    return layers.Conv2D(filters, size, strides=size, data_format=LAST, name=name)


def _block(x: Any, name: str) -> Any:
    """7x7 of each channel, normalized; a dense layer to four times the channels, GELU and back; scaled and added."""
    channels = x.shape[-1]
    options = {"padding": "same", "groups": channels, "data_format": LAST}
    found = layers.Conv2D(channels, 7, **options, name=f"{name}_depthwise_conv")(x)
    found = _normalization(f"{name}_layernorm")(found)
    found = layers.Dense(4 * channels, name=f"{name}_pointwise_conv_1")(found)
    found = layers.Activation("gelu", name=f"{name}_gelu")(found)
    found = layers.Dense(channels, name=f"{name}_pointwise_conv_2")(found)
    found = LayerScale(1e-6, channels, name=f"{name}_layer_scale")(found)
    return x + layers.Activation("linear", name=f"{name}_identity")(found)


def _stages(x: Any, size: str, name: str) -> Any:
    depths, filters = SIZES[size]
    patches = [_convolution(filters[0], 4, f"{name}_stem_conv"), _normalization(f"{name}_stem_layernorm")]
    x = Sequential(patches, name=f"{name}_stem")(x)
    for stage, depth in enumerate(depths):
        if stage:
            x = _halved(x, filters[stage], stage - 1, name)
        for block in range(depth):
            x = _block(x, f"{name}_stage_{stage}_block_{block}")
    return x


def _halved(x: Any, filters: int, index: int, name: str) -> Any:
    """Half the side, more channels."""
    steps = [
        _normalization(f"{name}_downsampling_layernorm_{index}"),
        _convolution(filters, 2, f"{name}_downsampling_conv_{index}"),
    ]
    return Sequential(steps, name=f"{name}_downsampling_block_{index}")(x)


def _topped(x: Any, classes: int, activation: Any, name: str) -> Any:
    x = layers.GlobalAveragePooling2D(data_format=LAST, name=f"{name}_head_gap")(x)
    x = _normalization(f"{name}_head_layernorm")(x)
    return layers.Dense(classes, activation=activation, name=f"{name}_head_dense")(x)


def _pooled(x: Any, pooling: str | None, first: bool) -> Any:
    if pooling:
        kind = layers.GlobalAveragePooling2D if pooling == "avg" else layers.GlobalMaxPooling2D
        return _normalization()(kind(data_format=LAST)(x))
    x = _normalization()(x)
    return layers.Permute((3, 1, 2))(x) if first else x


def _network(
    size: str,
    include_top: bool,
    include_preprocessing: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    construction.check_options(name, weights, include_top, classes, pooling)
    if include_top:
        construction.check_activation(name, weights, classifier_activation)
    x = images = construction.image_input(
        input_tensor, input_shape, model=name, size=224, smallest=32, include_top=include_top, weights=weights
    )
    first = construction.channel_axis() == 1
    if first:
        x = layers.Permute((2, 3, 1))(x)
    if include_preprocessing and x.shape[-1] == len(MEANS):
        x = layers.Normalization(mean=MEANS, variance=VARIANCES, name=f"{name}_prestem_normalization")(x)
    x = _stages(x, size, name)
    x = _topped(x, classes, classifier_activation, name) if include_top else _pooled(x, pooling, first)
    return construction.finished(images, x, name=name, weights=weights, published=_file(size, include_top))


def _file(size: str, include_top: bool) -> pretrained.File:
    name = f"convnext_{size}{'' if include_top else '_notop'}.h5"
    return pretrained.File(ADDRESS + name, name, DIGESTS[size][0 if include_top else 1])


def ConvNeXtTiny(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "convnext_tiny",
) -> Model:
    """ConvNeXt-Tiny: 18 blocks of 96 to 768 channels.

    Args:
        include_top: whether the classifier stands on top.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        768 features, or (batch, 768) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.

    Example:
        >>> model = ConvNeXtTiny(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
        >>> model.output_shape
        (None, 768)
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("tiny", include_top, include_preprocessing, weights, *options)


def ConvNeXtSmall(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "convnext_small",
) -> Model:
    """ConvNeXt-Small: 36 blocks of 96 to 768 channels.

    Args:
        include_top: whether the classifier stands on top.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        768 features, or (batch, 768) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("small", include_top, include_preprocessing, weights, *options)


def ConvNeXtBase(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "convnext_base",
) -> Model:
    """ConvNeXt-Base: 36 blocks of 128 to 1024 channels.

    Args:
        include_top: whether the classifier stands on top.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        1024 features, or (batch, 1024) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("base", include_top, include_preprocessing, weights, *options)


def ConvNeXtLarge(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "convnext_large",
) -> Model:
    """ConvNeXt-Large: 36 blocks of 192 to 1536 channels.

    Args:
        include_top: whether the classifier stands on top.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
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
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("large", include_top, include_preprocessing, weights, *options)


def ConvNeXtXLarge(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "convnext_xlarge",
) -> Model:
    """ConvNeXt-XL: 36 blocks of 256 to 2048 channels.

    Args:
        include_top: whether the classifier stands on top.
        include_preprocessing: whether the model itself brings images of values 0 to 255 into its range.
        weights: None for random ones, "imagenet" for the published ones, or the path of a file.
        input_tensor: a KerasTensor to start from, or None.
        input_shape: shape of an image without the batch, sides of at least 32; (224, 224, 3) by default.
        pooling: without a top: None for maps of features, "avg" or "max" for one vector for each image.
        classes: how many classes the top tells apart.
        classifier_activation: activation of the top; None for logits.
        name: the model's name.

    Returns:
        A `Model` from images of shape (batch, height, width, channels) to (batch, classes), or without a top to maps of
        2048 features, or (batch, 2048) when pooled.

    Raises:
        ShapeError: for an input shape that the model does not take.
        ValueError: for options that contradict each other.
        CheckpointError: for a file that does not exist or does not fit.
    """
    options = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return _network("xlarge", include_top, include_preprocessing, weights, *options)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """The images as they are: the model itself brings values of 0 to 255 into its range.

    Example:
        >>> preprocess_input([255.0])
        [255.0]
    """
    return x


__all__ = [
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "decode_predictions",
    "preprocess_input",
]
