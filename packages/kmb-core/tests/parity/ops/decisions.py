"""Where kmb decided otherwise than Keras."""

from .difference import DECISION, Difference

DECISIONS: tuple[Difference, ...] = (
    Difference(
        aspects=("accepted",),
        kind=DECISION,
        reason="Keras ends in an exception, mostly the framework's, for lack of a kernel or of a cast; kmb "
        "computes, as its conformance rows prove.",
        ops={
            "jax": "bincount dot slice_update switch vander",
            "jax numpy tensorflow": "sigmoid",
            "jax numpy tensorflow torch": (
                "array_split average_pool batch_normalization binary_crossentropy categorical_crossentropy "
                "cdist cholesky cholesky_inverse conv_transpose depthwise_conv det dot_product_attention "
                "eig eigh fft fft2 glu histogram ifft2 image.map_coordinates image.resize "
                "image.sobel_edges inv irfft istft log_sigmoid log_softmax logdet lstsq lu_factor "
                "matrix_rank max_pool norm normalize pinv polar psnr qr rearrange rms_normalization round "
                "scatter scatter_update segment_max segment_min segment_prod segment_sum separable_conv "
                "silu slogdet softmax solve sparse_categorical_crossentropy stft svd"
            ),
            "jax numpy torch": "associative_scan ctc_loss",
            "jax tensorflow": "argpartition erf rsqrt while_loop",
            "jax tensorflow torch": (
                "adaptive_average_pool image.elastic_transform image.gaussian_blur kron meshgrid rfft where"
            ),
            "jax torch": "repeat",
            "numpy": "image.ssim vectorized_map view",
            "numpy tensorflow": "nanmedian",
            "numpy tensorflow torch": (
                "conv digitize geomspace hard_tanh image.scale_and_translate linspace logspace map scan "
                "select solve_triangular threshold unfold"
            ),
            "numpy torch": "average multi_hot one_hot",
            "tensorflow": (
                "bitwise_invert bitwise_not clip conj conjugate corrcoef correlate diag diagonal "
                "divide_no_nan erfc erfinv fmax fmin heaviside i0 kaiser logsumexp max maximum min minimum "
                "nanquantile negative pad prod real reciprocal sparse_plus sparse_sigmoid squareplus top_k "
                "unique vectorize"
            ),
            "tensorflow torch": (
                "adaptive_max_pool add arange bitwise_and bitwise_left_shift bitwise_or "
                "bitwise_right_shift bitwise_xor celu divide einsum elu floor_divide fmod fold full_like "
                "gelu get_item greater greater_equal hard_shrink hard_sigmoid hard_silu hstack hypot "
                "image.affine_transform image.extract_patches image.perspective_transform in_top_k lcm "
                "leaky_relu left_shift less less_equal mod moments multiply power right_shift searchsorted "
                "selu soft_shrink softplus softsign sparsemax subtract tanh_shrink trapezoid true_divide "
                "view_as_real vstack"
            ),
            "torch": (
                "append concatenate cross dstack equal full gcd imag isin jvp layer_normalization "
                "logical_and logical_or logical_xor not_equal outer stack take vdot"
            ),
        },
    ),
    Difference(
        aspects=("node config",),
        kind=DECISION,
        reason="A default dtype stays unstated in a file and is resolved where the model is built; Keras writes "
        "the name that it resolved. Each reads the other's.",
        ops={
            "jax numpy tensorflow torch": "multi_hot one_hot",
        },
    ),
    Difference(
        aspects=("node config",),
        kind=DECISION,
        reason="Arguments that have their default value or a shorter equal form are written as they were given; "
        "each library reads the other's form.",
        ops={
            "jax numpy tensorflow torch": "image.extract_patches image.extract_patches_3d layer_normalization",
        },
    ),
    Difference(
        aspects=("node inbound_nodes",),
        kind=DECISION,
        reason="Tensors of a call are written by position where Keras writes some by keyword, or the other way "
        "round; each library reads both forms.",
        ops={
            "jax numpy tensorflow torch": "dot_product_attention isclose rms_normalization",
        },
    ),
    Difference(
        aspects=(
            "structure",
            "spec structure",
            "batch structure",
        ),
        kind=DECISION,
        reason="Several tensors come in the same kind of sequence on every backend; Keras gives a list on one "
        "and a tuple on another.",
        ops={
            "jax numpy torch": "meshgrid",
            "tensorflow torch": "where",
        },
        varying={
            "jax": "meshgrid",
        },
    ),
    Difference(
        aspects=(
            "kind",
            "spec kind",
        ),
        kind=DECISION,
        reason="A truth value is a tensor on every backend, so that it can be traced; Keras on NumPy gives "
        "Python's bool.",
        ops={
            "numpy": "allclose",
        },
    ),
    Difference(
        aspects=(
            "kind",
            "spec kind",
            "spec dtype",
            "spec shape",
            "batch *",
        ),
        kind=DECISION,
        reason="A size known without a value is a Python int.",
        ops={
            "jax numpy tensorflow torch": "ndim",
            "tensorflow torch": "size",
        },
    ),
    Difference(
        aspects=(
            "spec refused",
            "batch refused",
            "node refused",
        ),
        kind=DECISION,
        reason="How many places there are is unknown before the tensor has a value, so this form is refused "
        "symbolically.",
        ops={
            "jax numpy tensorflow torch": "where",
        },
    ),
    Difference(
        aspects=(
            "spec refused",
            "node refused",
        ),
        kind=DECISION,
        reason="The fill value of a symbolic call is a number: a symbolic tensor has no value to store in the "
        "configuration.",
        ops={
            "jax numpy tensorflow torch": "full",
        },
    ),
    Difference(
        aspects=(
            "refused",
            "spec refused",
            "batch refused",
        ),
        kind=DECISION,
        reason="A parameter of the wrong shape is refused on every backend in the same words; Keras lets a "
        "framework broadcast it, or refuses it on some backends.",
        ops={
            "jax numpy tensorflow": "rms_normalization",
            "jax numpy torch": "scatter_update",
            "tensorflow": "batch_normalization",
            "torch": "average slice_update tensordot",
        },
    ),
    Difference(
        aspects=(
            "refused",
            "spec refused",
            "batch refused",
        ),
        kind=DECISION,
        reason="Loops keep the dtypes of what they carry; a body that changes one is refused on every backend, "
        "as Keras does on JAX only.",
        ops={
            "numpy tensorflow torch": "fori_loop scan while_loop",
        },
    ),
    Difference(
        aspects=(
            "refused",
            "spec refused",
            "batch refused",
        ),
        kind=DECISION,
        reason="Derivatives are of floating tensors; refused on every backend, as Keras does on JAX only.",
        ops={
            "tensorflow": "jvp",
        },
    ),
    Difference(
        aspects=(
            "refused",
            "spec refused",
            "batch refused",
        ),
        kind=DECISION,
        reason="Booleans have no sign, difference or negative: refused on every backend, as most of Keras's "
        "backends do.",
        ops={
            "torch": "sign",
        },
    ),
    Difference(
        aspects=("refused",),
        kind=DECISION,
        reason="A start outside of the tensor's dtype is refused rather than wrapped round.",
        ops={
            "torch": "max min",
        },
    ),
    Difference(
        aspects=("dtype",),
        kind=DECISION,
        reason="Eigenvalues of any matrix are complex; NumPy makes them real where it finds no imaginary part.",
        ops={
            "numpy": "eig",
        },
    ),
    Difference(
        aspects=(
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="A Python number takes the dtype of the tensor beside it.",
        ops={
            "tensorflow": "gcd kron lcm",
        },
        details=("*int8, Keras int64",),
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="A shift by at least the width gives 0 (or the sign) everywhere; TensorFlow's result depends on "
        "the processor.",
        ops={
            "numpy tensorflow": "bitwise_left_shift left_shift",
        },
        varying={
            "tensorflow": "bitwise_left_shift left_shift",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="Among equal or partitioned elements the order is not determined by the documentation; kmb is stable.",
        ops={
            "jax numpy tensorflow torch": "argpartition",
            "numpy": "argsort top_k",
            "tensorflow": "lu_factor",
        },
        varying={
            "numpy": "argpartition argsort top_k",
            "tensorflow": "argpartition lu_factor",
            "torch": "argpartition",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="The smallest spacing is that of the dtype of the result, floatx, not of half precision as NumPy "
        "chooses for small integers.",
        ops={
            "numpy": "nextafter",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="A path that cannot be is infinitely unlikely; Keras adds a finite penalty.",
        ops={
            "jax numpy tensorflow": "ctc_loss",
        },
    ),
    Difference(
        aspects=(
            "values",
            "dtype",
        ),
        kind=DECISION,
        reason="A distance of complex numbers is real.",
        ops={
            "jax numpy tensorflow torch": "cdist",
        },
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="The eigenvalues and determinants' logarithms of complex matrices that are real are of a real dtype.",
        ops={
            "numpy tensorflow torch": "eigh slogdet",
        },
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="A Python number takes the dtype of the tensor beside it; Keras makes a tensor of floatx or "
        "int32 of it first.",
        ops={
            "jax numpy tensorflow torch": "arctan2 ctc_decode nextafter normalize psnr",
            "numpy": (
                "adaptive_average_pool average_pool batch_normalization binary_crossentropy celu cholesky "
                "cholesky_inverse det elu full_like gelu hard_sigmoid hard_silu histogram inv log_sigmoid "
                "log_softmax logdet logsumexp lstsq lu_factor moments pinv qr selu sigmoid silu softmax "
                "softplus softsign solve solve_triangular sparse_categorical_crossentropy sparsemax "
                "squareplus svd tanh_shrink"
            ),
            "numpy tensorflow": "bitwise_and bitwise_or bitwise_xor gcd geomspace lcm select where",
            "numpy tensorflow torch": (
                "bitwise_left_shift bitwise_right_shift ctc_loss heaviside hypot kron left_shift linspace "
                "right_shift trapezoid"
            ),
            "numpy torch": "associative_scan categorical_crossentropy",
            "tensorflow": (
                "add append cross dot einsum fmax fmin inner logspace matmul maximum minimum multiply "
                "outer power stack subtract tensordot vdot"
            ),
            "tensorflow torch": "dstack searchsorted",
            "torch": "hstack view_as_real vstack",
        },
        calls=(
            "* 2*",
            "*(2,*",
            "*[[]2,*",
            "* 0.5*",
            "*(0.5,*",
            "*[[]0.5,*",
            "*True*",
        ),
        details=(
            "float16, Keras float32",
            "bfloat16, Keras float32",
            "int8, Keras int32",
            "uint8, Keras int32",
            "int32, Keras int64",
            "float32, Keras float64",
        ),
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="Integers and booleans become floatx where a function is one of real numbers; Keras leaves them "
        "as they are, or follows NumPy to half or double precision.",
        ops={
            "jax numpy tensorflow": "erf rsqrt sigmoid",
            "jax numpy tensorflow torch": (
                "adaptive_average_pool average_pool batch_normalization binary_crossentropy cholesky "
                "cholesky_inverse conv conv_transpose depthwise_conv det dot_product_attention elu fft glu "
                "hard_sigmoid hard_tanh histogram hypot ifft2 image.sobel_edges image.ssim irfft istft "
                "layer_normalization log_sigmoid log_softmax lstsq rms_normalization separable_conv silu "
                "softmax softplus solve sparse_categorical_crossentropy stft threshold"
            ),
            "numpy tensorflow": "clip select sparse_plus sparse_sigmoid squareplus",
            "numpy tensorflow torch": (
                "categorical_crossentropy celu fft2 gelu hard_shrink hard_silu heaviside inv leaky_relu "
                "logdet lu_factor moments pinv qr rfft selu soft_shrink softsign solve_triangular "
                "sparsemax svd tanh_shrink"
            ),
            "numpy torch": "multi_hot",
            "tensorflow": "correlate erfinv",
        },
        calls=(
            "*int*",
            "*bool*",
        ),
        details=(
            "float32, Keras *",
            "float16, Keras *int*",
            "bfloat16, Keras *int*",
        ),
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="Computed in floatx for integers and booleans, where Keras computes in integers or half "
        "precision and so rounds, wraps round or divides by zero.",
        ops={
            "jax": "cdist scatter_update",
            "jax numpy": (
                "binary_crossentropy categorical_crossentropy conv conv_transpose depthwise_conv hard_tanh "
                "log_sigmoid log_softmax separable_conv softmax sparse_categorical_crossentropy"
            ),
            "jax numpy tensorflow": "batch_normalization psnr",
            "jax numpy tensorflow torch": (
                "dot_product_attention image.map_coordinates image.perspective_transform image.resize "
                "image.scale_and_translate image.ssim layer_normalization rms_normalization saturate_cast"
            ),
            "jax numpy torch": "ctc_decode image.sobel_edges",
            "jax torch": "geomspace",
            "numpy": (
                "elu erf gelu glu hard_shrink hard_sigmoid hard_silu hypot image.gaussian_blur leaky_relu "
                "logaddexp2 nanquantile normalize rad2deg reciprocal rfft rsqrt selu sigmoid silu "
                "soft_shrink softsign squareplus threshold"
            ),
            "numpy tensorflow": "clip moments",
            "numpy tensorflow torch": "image.affine_transform",
            "numpy torch": "associative_scan cbrt segment_sum sparse_plus sparse_sigmoid trapezoid",
            "tensorflow": "correlate depth_to_space space_to_depth",
            "tensorflow torch": "segment_max segment_min",
            "torch": "cross digitize einsum ldexp linspace pad segment_prod take_along_axis",
        },
        varying={
            "numpy": "nanquantile",
            "numpy tensorflow torch": "saturate_cast",
            "tensorflow torch": "segment_max segment_min",
        },
        calls=(
            "*int*",
            "*bool*",
        ),
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="Nothing gets 64 bits wide that was not: int32 and uint32 share int32, as in JAX without its "
        "64-bit mode.",
        ops={
            "numpy": (
                "associative_scan binary_crossentropy categorical_crossentropy linspace logsumexp lstsq "
                "lu_factor psnr solve solve_triangular"
            ),
            "numpy tensorflow torch": "select",
            "tensorflow": (
                "bitwise_left_shift bitwise_right_shift dstack floor_divide fmod gcd lcm left_shift mod right_shift"
            ),
            "tensorflow torch": "searchsorted",
        },
        details=(
            "int32, Keras int64",
            "float32, Keras float64",
            "float16, Keras float64",
            "bfloat16, Keras float64",
            "int32, Keras uint32",
            "uint32, Keras int64",
        ),
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="Booleans count as int32; NumPy makes int8 of them, other frameworks leave them.",
        ops={
            "jax numpy tensorflow torch": "einsum floor_divide matmul power relu relu6 vander",
            "numpy tensorflow torch": "bitwise_left_shift bitwise_right_shift left_shift lu_factor right_shift select",
            "numpy torch": "associative_scan",
            "torch": "linspace logspace",
        },
        calls=(
            "*bool*",
            "*True*",
        ),
        details=(
            "int32, Keras *",
            "bool, Keras int8",
            "bool, Keras float16",
            "int32, Keras bool",
            "bool, Keras int32",
        ),
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="Tensors of several dtypes are brought to the one that they share; Keras keeps that of one of "
        "them, or of floatx.",
        ops={
            "jax numpy tensorflow torch": (
                "categorical_crossentropy cdist conv conv_transpose ctc_loss depthwise_conv fft fft2 ifft2 "
                "image.ssim irfft istft layer_normalization lstsq rms_normalization separable_conv solve"
            ),
            "numpy": "logspace logsumexp lu_factor",
            "numpy tensorflow": "geomspace select trapezoid",
            "numpy tensorflow torch": "binary_crossentropy solve_triangular",
            "numpy torch": "linspace",
            "tensorflow": "batch_normalization",
            "torch": "associative_scan logdet",
        },
        details=(
            "float32, Keras float16",
            "float32, Keras bfloat16",
            "float16, Keras float32",
            "bfloat16, Keras float32",
            "float16, Keras *",
            "bfloat16, Keras *",
            "float32, Keras *",
        ),
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="Sums of unsigned bytes are uint32, as elsewhere; Keras has no such dtype on torch.",
        ops={
            "torch": "nanprod nansum prod sum trace",
        },
        details=("uint32, Keras int32",),
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="Tensors of several dtypes are brought to the one that they share before, not after, they are rounded.",
        ops={
            "numpy": "istft",
            "numpy tensorflow": "image.gaussian_blur",
            "numpy tensorflow torch": "image.affine_transform image.map_coordinates saturate_cast",
            "tensorflow": (
                "angle clip correlate depth_to_space histogram hypot image.sobel_edges isclose space_to_depth"
            ),
            "tensorflow torch": "heaviside image.scale_and_translate",
            "torch": "average_pool binary_crossentropy digitize image.resize linspace pad sign",
        },
        calls=("*float16*",),
    ),
    Difference(
        aspects=("dtype",),
        kind=DECISION,
        reason="Nothing gets 64 bits wide that was not: complex numbers of 64 bits suffice for floats of 32.",
        ops={
            "numpy": "polar",
        },
        details=("complex64, Keras complex128",),
    ),
    Difference(
        aspects=(
            "dtype",
            "spec dtype",
            "batch dtype",
        ),
        kind=DECISION,
        reason="Parts are combined in the dtype that they came in.",
        ops={
            "numpy torch": "associative_scan",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="Outside of the outermost pixels' centres lies the fill value, as SciPy documents for the mode "
        '"constant"; other borders mirror and wrap as in SciPy. Keras\'s backends differ from each other.',
        ops={
            "jax numpy tensorflow torch": "image.affine_transform",
            "numpy tensorflow torch": "image.map_coordinates",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="Cubic weights are exact and of parameter -0.5, as on JAX; TensorFlow reads them from a table, "
        "torch takes -0.75.",
        ops={
            "tensorflow torch": "image.resize",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="The logarithm of the determinant's magnitude, also where the matrix is not positive definite; "
        "Keras gives NaN on some backends.",
        ops={
            "tensorflow torch": "logdet",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="With channels_first the channels are ordered as Keras has them on JAX, NumPy and torch; Keras "
        "on TensorFlow orders them otherwise.",
        ops={
            "tensorflow": "depth_to_space space_to_depth",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="Where limits cross the upper one counts, as in NumPy.",
        ops={
            "tensorflow": "clip",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="The solution of least norm, also for matrices that lack full rank, which Keras's driver on "
        "torch presumes.",
        ops={
            "torch": "lstsq",
        },
        varying={
            "torch": "lstsq",
        },
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="A tensor that has the dtype already comes back as it is; Keras clips its infinities.",
        ops={
            "jax": "saturate_cast",
        },
        calls=("saturate_cast(float16*, 'float16')",),
    ),
    Difference(
        aspects=("values",),
        kind=DECISION,
        reason="Weights are computed in 32 bits for images of half precision; Keras rounds them on the way.",
        ops={
            "jax": "image.scale_and_translate",
        },
        calls=("*float16*",),
    ),
)
