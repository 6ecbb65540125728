"""Where Keras contradicts itself or its documentation; the evidence is the reason, or found in each call."""

from .difference import DEFECT, Difference

DEFECTS: tuple[Difference, ...] = (
    Difference(
        aspects=(
            "dtype",
            "shape",
            "structure",
        ),
        kind=DEFECT,
        reason="Keras gives tensors of another dtype or shape than it foresees from symbolic tensors; kmb gives "
        "what Keras foresees.",
        ops={
            "jax": "image.scale_and_translate",
            "jax numpy tensorflow": "view_as_real",
            "jax numpy tensorflow torch": "istft",
            "jax numpy torch": "top_k",
            "jax tensorflow": "conv",
            "numpy": (
                "associative_scan batch_normalization binary_crossentropy categorical_crossentropy cdist "
                "cholesky cholesky_inverse conj conjugate conv_transpose det eigh histogram i0 ifft2 inv "
                "logdet logsumexp lstsq normalize pinv psnr qr reciprocal round slogdet solve "
                "solve_triangular sparse_categorical_crossentropy sparsemax stft svd"
            ),
            "numpy tensorflow": "fmod geomspace mod",
            "numpy tensorflow torch": "dot inner logaddexp logaddexp2 outer select unique",
            "numpy torch": "meshgrid segment_max segment_min slice",
            "tensorflow": "depthwise_conv image.extract_patches prod",
            "tensorflow torch": "matmul nonzero",
            "torch": (
                "average correlate cross einsum fmax fmin full_like image.gaussian_blur "
                "image.perspective_transform max maximum min minimum nanprod pad saturate_cast "
                "segment_prod segment_sum unstack view"
            ),
        },
        proof="as Keras foresees",
    ),
    Difference(
        aspects=(
            "spec *",
            "batch *",
        ),
        kind=DEFECT,
        reason="Keras foresees another dtype or shape than it then computes; kmb foresees what both compute.",
        ops={
            "jax": (
                "celu cholesky gelu hard_shrink hard_silu heaviside histogram inv log_softmax lstsq "
                "moments pinv qr selu soft_shrink softmax"
            ),
            "jax numpy": "cholesky_inverse",
            "jax numpy tensorflow": "sign slice_update",
            "jax numpy tensorflow torch": (
                "adaptive_average_pool adaptive_max_pool array_split bitwise_and bitwise_invert "
                "bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor "
                "categorical_crossentropy corrcoef cross eig gcd geomspace image.scale_and_translate kron "
                "layer_normalization lcm left_shift logspace lu_factor polar ptp right_shift searchsorted "
                "select slogdet svd tensordot trapezoid unravel_index vdot"
            ),
            "jax numpy torch": "batch_normalization binary_crossentropy solve solve_triangular",
            "jax tensorflow": "leaky_relu meshgrid multi_hot",
            "jax torch": "rfft softsign sparse_plus squareplus",
            "numpy": "ifft2 istft",
            "numpy tensorflow": "logdet view_as_real",
            "numpy tensorflow torch": (
                "angle arctan2 dot_product_attention imag linspace logsumexp ndim negative normalize psnr "
                "real reciprocal rot90 subtract"
            ),
            "numpy torch": "eigh erfinv sparse_categorical_crossentropy vstack",
            "tensorflow": "scatter_update",
            "torch": "clip erf rms_normalization rsqrt sigmoid sparse_sigmoid sparsemax tanh_shrink",
        },
        proof="as Keras computes",
    ),
    Difference(
        aspects=(
            "spec accepted",
            "batch accepted",
        ),
        kind=DEFECT,
        reason="Keras cannot foresee what it can compute; kmb can.",
        ops={
            "jax numpy tensorflow torch": (
                "adaptive_average_pool adaptive_max_pool bincount bitwise_and bitwise_or "
                "bitwise_right_shift bitwise_xor correlate digitize dot_product_attention dstack "
                "full_like heaviside hstack ifft2 image.map_coordinates isin left_shift linspace meshgrid "
                "polar rearrange searchsorted segment_min select squeeze vstack"
            ),
            "numpy tensorflow torch": (
                "array_split bitwise_left_shift conv fft fft2 get_item hypot lstsq right_shift "
                "segment_max segment_prod segment_sum stft"
            ),
            "tensorflow": "scan",
        },
    ),
    Difference(
        aspects=(
            "shape",
            "values",
        ),
        kind=DEFECT,
        reason="Keras puts the diagonal into a matrix of another size on TensorFlow.",
        ops={
            "tensorflow": "eye",
        },
    ),
    Difference(
        aspects=(
            "spec shape",
            "batch shape",
        ),
        kind=DEFECT,
        reason="Keras foresees what it does on TensorFlow only: vectors end to end.",
        ops={
            "tensorflow": "vstack",
        },
    ),
    Difference(
        aspects=("shape",),
        kind=DEFECT,
        reason="Keras joins vectors end to end on TensorFlow; NumPy, and Keras elsewhere, make rows of them.",
        ops={
            "tensorflow": "vstack",
        },
    ),
    Difference(
        aspects=(
            "shape",
            "values",
        ),
        kind=DEFECT,
        reason="Keras pads or sorts otherwise than jax.numpy, which it documents; the result here is that of "
        "jax.numpy.",
        ops={
            "numpy tensorflow torch": "unique",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras rotates about another plane than `axes` names on TensorFlow.",
        ops={
            "tensorflow": "rot90",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras takes the sizes in the wrong order on TensorFlow.",
        ops={
            "tensorflow": "unravel_index",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras computes limits and counts in integers.",
        ops={
            "tensorflow": "histogram",
        },
        calls=(
            "*int*",
            "*bool*",
        ),
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="ml_dtypes' bfloat16 is unknown to NumPy's isnan-aware functions, so Keras does not see the NaN.",
        ops={
            "numpy": (
                "median nan_to_num nanargmax nanargmin nancumprod nancumsum nanmean nanprod nanstd nansum nanvar sort"
            ),
        },
        calls=("*bfloat16*",),
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras's projection does not sum to 1, which a projection to the simplex does.",
        ops={
            "jax numpy tensorflow torch": "sparsemax",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras turns a zero vector of half precision into NaN: its epsilon is 0 there.",
        ops={
            "numpy tensorflow torch": "normalize",
        },
        calls=("*float16*",),
    ),
    Difference(
        aspects=(
            "dtype",
            "values",
            "spec dtype",
            "batch dtype",
        ),
        kind=DEFECT,
        reason="Keras on TensorFlow casts every grid to the dtype of the first.",
        ops={
            "numpy tensorflow torch": "meshgrid",
        },
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DEFECT,
        reason="Keras ignores the dtype that is asked for.",
        ops={
            "torch": "linspace",
        },
        details=("int32, Keras float32",),
    ),
    Difference(
        aspects=(
            "spec *",
            "batch *",
        ),
        kind=DEFECT,
        reason="Keras foresees the shape of one argument where arguments broadcast, are stacked or reduced.",
        ops={
            "jax numpy tensorflow torch": "slogdet",
            "jax tensorflow torch": "adaptive_average_pool",
            "numpy tensorflow torch": (
                "categorical_crossentropy image.scale_and_translate polar rearrange solve solve_triangular"
            ),
            "tensorflow": "corrcoef kron",
            "tensorflow torch": (
                "adaptive_max_pool bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift "
                "bitwise_xor dot_product_attention left_shift right_shift"
            ),
        },
        details=("(*",),
    ),
    Difference(
        aspects=(
            "spec dtype",
            "batch dtype",
        ),
        kind=DEFECT,
        reason="Keras foresees the dtype of an argument for results that are complex or integers.",
        ops={
            "jax numpy tensorflow torch": "eig",
            "numpy tensorflow torch": "lu_factor polar",
        },
        details=(
            "complex64, Keras *",
            "int32, Keras float*",
            "int32, Keras bfloat16",
            "int32, Keras *int8",
            "int32, Keras complex64",
            "complex128, Keras *",
        ),
    ),
    Difference(
        aspects=(
            "spec dtype",
            "batch dtype",
        ),
        kind=DEFECT,
        reason="Keras foresees the dtype of one choice, not the one that all share.",
        ops={
            "torch": "select",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras scales the inverse by the padded window where there is none, so that it does not undo "
        "`stft` (7/3 of the signal for sequence_length=5, sequence_stride=3, fft_length=7, window=None).",
        ops={
            "jax numpy tensorflow torch": "istft",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras centres a window shorter than the transform on some backends only; kmb does as Keras on JAX.",
        ops={
            "tensorflow torch": "stft",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras's backends differ from each other in the border or in the placing of an even kernel; kmb "
        "gives one result on all of them.",
        ops={
            "numpy tensorflow": "image.gaussian_blur image.sobel_edges",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras transposes a complex triangle without conjugating it.",
        ops={
            "numpy tensorflow torch": "cholesky_inverse",
        },
    ),
    Difference(
        aspects=("shape",),
        kind=DEFECT,
        reason="Keras inverts one matrix of a stack only.",
        ops={
            "jax": "cholesky_inverse",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras loses a NaN or infinity on the way, where NumPy keeps it.",
        ops={
            "tensorflow": "angle isclose",
            "tensorflow torch": "heaviside",
            "torch": "sign",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras counts the padding in on torch.",
        ops={
            "torch": "average_pool",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras takes falling bins for rising ones on torch.",
        ops={
            "torch": "digitize",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras rounds integers as floats of 32 bits, which the widest integers are not.",
        ops={
            "torch": "round",
        },
        varying={
            "torch": "round",
        },
        calls=("*int*",),
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras divides by the number of steps, which is 0 for one value.",
        ops={
            "torch": "linspace",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras mirrors at other places than NumPy does.",
        ops={
            "torch": "pad",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras shifts the centre where the first sequence is the shorter one; kmb does as NumPy.",
        ops={
            "tensorflow": "correlate",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras makes bins of no width or of NaN for equal or no elements; NumPy widens the range by a half.",
        ops={
            "tensorflow": "histogram",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras reads memory that holds no number for an empty axis.",
        ops={
            "tensorflow": "rfft",
        },
    ),
)
