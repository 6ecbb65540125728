"""The layers, by name: each module is imported when one of its names is used."""

from kmb_core._lazy import lazy_names
from kmb_core.serialization.registry import provide

_MODULES = {
    "input_layer": "Input InputLayer",
    "input_spec": "InputSpec",
    "layer": "Layer",
    "core.activation": "Activation",
    "core.dense": "Dense",
    "core.embedding": "Embedding",
    "core.identity": "Identity",
    "core.masking": "Masking",
    "core.wrapper": "Wrapper",
    "convolution.conv1d": "Conv1D Convolution1D",
    "convolution.conv2d": "Conv2D Convolution2D",
    "convolution.conv3d": "Conv3D Convolution3D",
    "pooling.max_pooling": "MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D",
    "pooling.average_pooling": "AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D",
    "pooling.global_max_pooling": (
        "GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D"
    ),
    "pooling.global_average_pooling": (
        "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D "
        "GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D"
    ),
    "normalization.batch_normalization": "BatchNormalization",
    "normalization.layer_normalization": "LayerNormalization",
    "normalization.rms_normalization": "RMSNormalization",
    "normalization.unit_normalization": "UnitNormalization",
    "regularization.activity_regularization": "ActivityRegularization",
    "regularization.dropout": "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D",
    "regularization.noise": "GaussianDropout GaussianNoise",
    "reshaping.flatten": "Flatten",
    "reshaping.permute": "Permute",
    "reshaping.repeat_vector": "RepeatVector",
    "reshaping.reshape": "Reshape",
    "merging.concatenate": "Concatenate concatenate",
    "merging.elementwise": (
        "Add Average Maximum Minimum Multiply Subtract add average maximum minimum multiply subtract"
    ),
    "activation.elu": "ELU",
    "activation.leaky_relu": "LeakyReLU",
    "activation.prelu": "PReLU",
    "activation.relu": "ReLU",
    "activation.softmax": "Softmax",
}
_NAMES = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)

provide("keras.layers", __getattr__)
