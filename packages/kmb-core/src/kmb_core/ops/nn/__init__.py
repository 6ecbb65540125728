"""Functions of neural networks, one module for each family; the namespace `ops.nn`."""

from kmb_core._lazy import lazy_names

_FAMILIES = {
    "activations": (
        "celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu log_sigmoid log_softmax "
        "relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid "
        "sparsemax squareplus tanh_shrink threshold"
    ),
    "adaptive_pooling": "adaptive_average_pool adaptive_max_pool",
    "attention": "dot_product_attention",
    "convolution": "average_pool conv depthwise_conv max_pool separable_conv",
    "transposed_convolution": "conv_transpose",
    "ctc": "ctc_decode ctc_loss",
    "loss": "binary_crossentropy categorical_crossentropy multi_hot one_hot sparse_categorical_crossentropy",
    "image_quality": "psnr",
    "rearranging": "depth_to_space fold space_to_depth unfold",
    "normalization": "batch_normalization layer_normalization moments normalize rms_normalization",
}
_NAMES = {name: f"{__name__}.{family}" for family, names in _FAMILIES.items() for name in names.split()}
_NAMES |= {"swish": f"{__name__}.activations:silu", "hard_swish": f"{__name__}.activations:hard_silu"}
_NAMES |= {"polar": "kmb_core.ops.complex_numbers"}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
