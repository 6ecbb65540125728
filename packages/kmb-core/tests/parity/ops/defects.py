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
            "jax": "fold image.scale_and_translate relu6",
            "jax numpy": "conv_transpose sparse_categorical_crossentropy stft",
            "jax numpy tensorflow": "view_as_real",
            "jax numpy tensorflow torch": "istft logaddexp logaddexp2 unique",
            "jax numpy torch": "top_k",
            "jax tensorflow": "conv",
            "numpy": (
                "associative_scan batch_normalization binary_crossentropy categorical_crossentropy cdist "
                "cholesky cholesky_inverse conj conjugate det eigh histogram i0 ifft2 inv logdet logsumexp "
                "lstsq normalize pinv psnr qr reciprocal round slogdet solve solve_triangular sparsemax "
                "svd"
            ),
            "numpy tensorflow": "fmod geomspace mod",
            "numpy tensorflow torch": "dot inner outer select",
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
            "jax numpy tensorflow": "logdet sign slice_update view_as_real",
            "jax numpy tensorflow torch": (
                "adaptive_average_pool adaptive_max_pool angle array_split bitwise_and bitwise_invert "
                "bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor "
                "categorical_crossentropy corrcoef cross eig gcd geomspace imag image.scale_and_translate "
                "kron layer_normalization lcm left_shift linspace logspace logsumexp lu_factor negative "
                "normalize polar psnr ptp real reciprocal right_shift rot90 searchsorted select slogdet "
                "subtract svd tensordot trapezoid unravel_index vdot"
            ),
            "jax numpy torch": "batch_normalization binary_crossentropy eigh erfinv solve solve_triangular vstack",
            "jax tensorflow": "leaky_relu meshgrid multi_hot",
            "jax torch": "clip rfft softsign sparse_plus sparse_sigmoid sparsemax squareplus tanh_shrink",
            "numpy": "ifft2 istft",
            "numpy tensorflow torch": "arctan2 dot_product_attention ndim",
            "numpy torch": "sparse_categorical_crossentropy",
            "tensorflow": "scatter_update",
            "torch": "erf rms_normalization rsqrt sigmoid",
        },
        varying={
            "jax": "meshgrid",
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
            "jax": "cond",
            "jax numpy tensorflow torch": (
                "adaptive_average_pool adaptive_max_pool array_split bincount bitwise_and "
                "bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor conv correlate digitize "
                "dot_product_attention dstack fft fft2 full_like get_item heaviside hstack hypot ifft2 "
                "image.map_coordinates isin left_shift linspace lstsq meshgrid polar rearrange right_shift "
                "searchsorted segment_max segment_min segment_prod segment_sum select squeeze stft vstack"
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
            "jax numpy tensorflow torch": "normalize",
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
        reason="Keras casts every grid to the dtype of the first on TensorFlow, and foresees it everywhere.",
        ops={
            "jax numpy tensorflow torch": "meshgrid",
        },
        varying={
            "jax": "meshgrid",
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
            "jax numpy tensorflow torch": "categorical_crossentropy polar rearrange slogdet solve",
            "jax tensorflow": "kron",
            "jax tensorflow torch": "adaptive_average_pool dot_product_attention",
            "numpy tensorflow torch": "image.scale_and_translate solve_triangular",
            "tensorflow": "corrcoef",
            "tensorflow torch": (
                "adaptive_max_pool bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift "
                "bitwise_xor left_shift right_shift"
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
            "jax numpy tensorflow torch": "eig lu_factor polar",
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
            "jax numpy tensorflow": "image.gaussian_blur",
            "numpy tensorflow": "image.sobel_edges",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras transposes a complex triangle without conjugating it.",
        ops={
            "jax numpy tensorflow torch": "cholesky_inverse",
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
            "jax": "divide solve_triangular true_divide",
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
    Difference(
        aspects=(
            "dtype",
            "values",
        ),
        kind=DEFECT,
        reason="Keras adds bytes up in their own dtype on JAX, which they leave, and in int32 elsewhere.",
        ops={
            "jax": "bincount",
        },
        calls=("*int8*",),
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Keras's remainder by a zero that is a boolean is the dividend on JAX; of integers, and in NumPy, it "
        "is 0.",
        ops={
            "jax": "fmod",
        },
        calls=("*bool*",),
    ),
    Difference(
        aspects=("values",),
        kind=DEFECT,
        reason="Integers rounded past the end of their dtype wrap round in NumPy; Keras converts a float, which is "
        "clipped.",
        ops={
            "jax": "round",
        },
        calls=("*int8*",),
    ),
)
