"""Ready-made architectures, announced to the core as the namespace `applications`.

The package is separate because architectures outnumber everything else that a user installs, and most users need none.
A model's module is imported when the model is asked for.

Example:
    >>> import numpy as np
    >>> from kmb_core import applications
    >>> model = applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=10)
    >>> model.output_shape
    (None, 10)
"""

from kmb_core import _lazy

__version__ = "0.1.0"

# {module: the models that it supplies}; a module's own name is public too
MODELS = {
    "resnet": ("ResNet50", "ResNet101", "ResNet152"),
    "resnet_v2": ("ResNet50V2", "ResNet101V2", "ResNet152V2"),
    "vgg16": ("VGG16",),
    "vgg19": ("VGG19",),
    "mobilenet": ("MobileNet",),
    "mobilenet_v2": ("MobileNetV2",),
    "mobilenet_v3": ("MobileNetV3Small", "MobileNetV3Large"),
    "convnext": ("ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge"),
    "densenet": ("DenseNet121", "DenseNet169", "DenseNet201"),
    "efficientnet": (
        "EfficientNetB0",
        "EfficientNetB1",
        "EfficientNetB2",
        "EfficientNetB3",
        "EfficientNetB4",
        "EfficientNetB5",
        "EfficientNetB6",
        "EfficientNetB7",
    ),
    "efficientnet_v2": (
        "EfficientNetV2B0",
        "EfficientNetV2B1",
        "EfficientNetV2B2",
        "EfficientNetV2B3",
        "EfficientNetV2S",
        "EfficientNetV2M",
        "EfficientNetV2L",
    ),
    "inception_resnet_v2": ("InceptionResNetV2",),
    "inception_v3": ("InceptionV3",),
    "nasnet": ("NASNetMobile", "NASNetLarge"),
    "xception": ("Xception",),
}
_NAMES = {name: f"{__name__}.{module}" for module, names in MODELS.items() for name in names}
_NAMES |= dict.fromkeys(("ModelSummary", "list_models"), f"{__name__}.catalogue")
_MODULES = (*MODELS, "imagenet_utils", "resnet50")

__getattr__, __dir__, __all__ = _lazy.lazy_names(__name__, _NAMES, _MODULES)
