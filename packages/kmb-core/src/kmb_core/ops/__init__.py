"""The operations: one function each, on every backend, on symbolic tensors too.

`kmb_core.ops` is NumPy's vocabulary and the functions of neural networks. Each is declared once, in the module of its
family, which is imported when one of its names is used; `__init__.pyi` tells type checkers the same.
"""

from kmb_core._lazy import lazy_names

_FAMILIES = {
    "arithmetic": (
        "abs absolute add ceil clip divide floor floor_divide maximum minimum mod multiply negative power "
        "reciprocal round sign square subtract true_divide trunc"
    ),
    "comparison": (
        "equal greater greater_equal isclose isfinite isinf isnan less less_equal logical_and logical_not "
        "logical_or logical_xor nan_to_num not_equal where"
    ),
    "functions": (
        "arccos arccosh arcsin arcsinh arctan arctan2 arctanh cos cosh erf erfc erfinv exp expm1 log log10 log1p "
        "log2 logaddexp rsqrt sin sinh sqrt tan tanh"
    ),
    "creation": (
        "arange cast convert_to_tensor empty eye full full_like identity linspace ones ones_like "
        "stop_gradient tri tril triu zeros zeros_like"
    ),
    "manipulation": (
        "broadcast_to concatenate expand_dims flip moveaxis pad ravel repeat reshape roll split squeeze stack "
        "swapaxes tile transpose unstack"
    ),
    "indexing": "get_item scatter_update slice slice_update take take_along_axis",
    "reduction": (
        "all amax amin any argmax argmin argsort average count_nonzero cumprod cumsum in_top_k logsumexp max "
        "mean min prod sort std sum top_k var"
    ),
    "products": "dot einsum inner matmul outer tensordot trace vdot",
    "norms": "norm",
    "decompositions": "cholesky eig eigh lu_factor qr svd",
    "solving": "cholesky_inverse inv lstsq matrix_rank pinv solve solve_triangular",
    "distances": "cdist",
    "saturation": "saturate_cast",
    "rearrangement": "rearrange",
    "nn.image_quality": "psnr",
    "bits": (
        "bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor "
        "gcd lcm left_shift right_shift view"
    ),
    "special_functions": "cbrt deg2rad exp2 hypot i0 logaddexp2 rad2deg sinc",
    "guarded": "divide_no_nan fabs fmax fmin fmod heaviside",
    "floats": "isneginf isposinf ldexp nextafter signbit",
    "windows": "bartlett blackman hamming hanning kaiser",
    "complex_numbers": "angle conj conjugate imag isreal polar real view_as_complex view_as_real",
    "stacking": "append array_split dsplit dstack hsplit hstack vsplit vstack",
    "matrices": "corrcoef cross det diag diagflat diagonal fliplr flipud kron logdet rot90 slogdet vander",
    "grids": "geomspace logspace meshgrid unravel_index",
    "copies": "array copy empty_like ndim size",
    "nan_reduction": ("nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmin nanprod nanstd nansum nanvar"),
    "quantiles": "median nanmedian nanpercentile nanquantile percentile quantile",
    "differences": "allclose correlate diff ptp trapezoid",
    "searching": "argpartition bincount digitize histogram isin nonzero searchsorted select",
    "sets": "unique",
    "vectorization": "vectorize",
    "control_flow": "cond fori_loop map scan switch while_loop",
    "transformations": "associative_scan custom_gradient jvp vectorized_map",
    "signal": "extract_sequences fft fft2 ifft2 irfft istft rfft stft",
    "segments": "scatter segment_max segment_min segment_prod segment_sum",
    "tensors": "convert_to_numpy dtype is_tensor shape",
    "nn.activations": (
        "celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu log_sigmoid log_softmax "
        "relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid "
        "sparsemax squareplus tanh_shrink threshold"
    ),
    "nn.adaptive_pooling": "adaptive_average_pool adaptive_max_pool",
    "nn.attention": "dot_product_attention",
    "nn.convolution": "average_pool conv depthwise_conv max_pool separable_conv",
    "nn.transposed_convolution": "conv_transpose",
    "nn.ctc": "ctc_decode ctc_loss",
    "nn.loss": "binary_crossentropy categorical_crossentropy multi_hot one_hot sparse_categorical_crossentropy",
    "nn.rearranging": "depth_to_space fold space_to_depth unfold",
    "nn.normalization": "batch_normalization layer_normalization moments normalize rms_normalization",
}
_NAMES = {name: f"{__name__}.{family}" for family, names in _FAMILIES.items() for name in names.split()}
_NAMES |= {"swish": f"{__name__}.nn.activations:silu", "hard_swish": f"{__name__}.nn.activations:hard_silu"}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES, ("image", "linalg", "nn", "numpy"))
