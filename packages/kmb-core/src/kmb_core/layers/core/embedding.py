"""Embedding: integers to vectors."""

from typing import Any

from kmb_core import constraints, initializers, quantizers, regularizers
from kmb_core.backend import KerasTensor
from kmb_core.layers.quantization.quantizable import Quantizable
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import not_equal
from kmb_core.ops.creation import cast
from kmb_core.ops.nn.projection import embed
from kmb_core.ops.products import matmul
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Embedding(Quantizable):
    """Rows of a trained table.

    Args:
        input_dim: number of rows; indices run from 0 to input_dim - 1.
        output_dim: size of a row.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table.
        mask_zero: whether index 0 is padding and masked.
        weights: initial table, `(input_dim, output_dim)`, or a list of it.
        lora_rank, lora_alpha, quantization_config: low-rank adaptation and quantization.

    Input: integers of any shape. Output: the same with `output_dim` as one more axis, in the compute dtype.

    Raises:
        ValueError: for sizes that are no positive ints.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Embedding(10, 4)(kmb_core.ops.zeros((2, 3), "int32")).shape)
        (2, 3, 4)
    """

    _adapted_weight = "embeddings"
    _unsaved_arguments = frozenset({"weights"})
    _bias_in_files = False
    quantization_modes = ("int8", "int4")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # of Keras 2: what it said is known from the inputs
        super().__init__(autocast=False, **kwargs)
        for name, size in (("input_dim", input_dim), ("output_dim", output_dim)):
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise ValueError(f"{self._where()}: {name} is a positive int, got {size!r}")
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = self._makes_masks = bool(mask_zero)
        self.quantization_config = quantizers.get(quantization_config)
        self._init_low_rank(lora_rank, lora_alpha)
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, (list, tuple)) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        if not self._keeps_weights():
            self.quantized_build((self.input_dim, self.output_dim), self.quantization_mode)
        else:
            self._embeddings = self.add_weight(
                name="embeddings",
                shape=(self.input_dim, self.output_dim),
                initializer=self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
            )
        self._build_low_rank()

    def _plan_calls(self) -> None:
        policy = self.dtype_policy
        # The rows are cast, not the table: that is many times longer.
        self._cast_to = policy.compute_dtype if policy.compute_dtype != policy.variable_dtype else None
        super()._plan_calls()

    @property
    def embeddings(self) -> Any:
        """The table, `(input_dim, output_dim)`: the variable, or with LoRA the adapted one."""
        if self._mode is not None:
            return self._mode.readable(self, self.quantizable_weights()[0])
        return self._adapted() if self.lora_enabled else self._embeddings

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        if inputs.dtype in self._backend.floats:  # an Input has floatx unless it says otherwise
            inputs = cast(inputs, "int32")
        if self._mode is not None:
            return self.quantized_call(inputs)
        rows = embed(self._adapted() if self.lora_enabled else self._embeddings.value, inputs)
        return rows if self._cast_to is None else cast(rows, self._cast_to)

    # Quantization ------------------------------------------------------------------------------------------------

    def quantizable_weights(self) -> tuple[QuantizableWeight, ...]:
        """The table: each row has its scale, or one for each of its blocks."""
        table, scale = (self.input_dim, self.output_dim), (self.input_dim,)
        return (QuantizableWeight("embeddings", "_embeddings", table, (1,), (0, 1), scale, transposed=True),)

    def quantized_build(self, embeddings_shape: Any, mode: str, config: Any = None) -> None:
        """Make the table's variables in a mode.

        Args:
            embeddings_shape: `(input_dim, output_dim)`.
            mode: of quantization.
            config: of the mode; the layer's own when None.
        """
        self._quantized_build(mode, config)

    def quantized_call(self, inputs: Any) -> Any:
        """The rows for the inputs, in the layer's mode."""
        assert self._mode is not None
        rows = self._mode.rows(self, self.quantizable_weights()[0], inputs)
        if not self.lora_enabled:
            return rows
        a, b = self._low_rank  # type: ignore[misc]  # LoRA is enabled
        factor = self.lora_alpha / self.lora_rank  # type: ignore[operator]  # set with it
        return add(rows, cast(multiply(matmul(embed(a.value, inputs), b.value), factor), self.compute_dtype))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where the index is not 0; None unless `mask_zero`."""
        return not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape and `output_dim`."""
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: Any) -> Any:
        """A tensor of that shape in the compute dtype."""
        return KerasTensor.like((*inputs.shape, self.output_dim), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config
