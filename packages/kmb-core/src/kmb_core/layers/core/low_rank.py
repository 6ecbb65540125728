"""Low-rank adaptation: train two thin matrices beside a frozen one.

`W + (alpha / rank) * A @ B`. Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021, section 4.
Files hold the sum, so that they load into a layer without it; beside it, where other readers do not look, they hold the
parts, so that training goes on where it was.
"""

from typing import Any

from kmb_core.backend import Variable, convert_to_numpy
from kmb_core.backend.memory import assign_from
from kmb_core.errors import NotBuiltError, message
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.creation import zeros
from kmb_core.ops.products import matmul


class LowRank(Layer):
    """The part of a layer that adapts its weight matrix.

    Subclasses set `lora_rank` and `lora_alpha` with `_init_low_rank` and call `_build_low_rank` at the end of `build`.
    """

    _adapted_weight = "kernel"  # name of the weight; the attribute is "_kernel", its constraint "kernel_constraint"
    lora_enabled = False
    lora_rank: int | None
    lora_alpha: float | None
    _low_rank: tuple[Variable, Variable] | None = None
    optional_places = ("low_rank",)  # parts that a file may have when the layer has not, and the reverse

    def _init_low_rank(self, rank: int | None, alpha: float | None) -> None:
        self.lora_rank = rank
        self.lora_alpha = alpha if alpha is not None else rank
        self.lora_enabled = False

    def _build_low_rank(self) -> None:
        if self.lora_rank:
            self.enable_lora(self.lora_rank, self.lora_alpha)

    def _matrix(self) -> Variable:
        return self.__dict__[f"_{self._adapted_weight}"]

    def _adapted_shape(self) -> tuple[int, ...]:
        """The shape of the matrix in floats."""
        return tuple(self._matrix().shape)

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the weight matrix and train two thin ones beside it.

        Args:
            rank: their common size.
            lora_alpha: factor of their product, over the rank; the rank when None.
            a_initializer, b_initializer: of the two.

        Raises:
            ValueError: before the layer is built, for a second time, or together with a constraint.
        """
        matrix = self._check_adaptable(rank)
        name = f"lora_{self._adapted_weight}"
        *outer, last = self._adapted_shape()
        regularizer = matrix.regularizer
        a = self.add_weight(name=f"{name}_a", shape=(*outer, rank), initializer=a_initializer, regularizer=regularizer)
        b = self.add_weight(name=f"{name}_b", shape=(rank, last), initializer=b_initializer, regularizer=regularizer)
        setattr(self, f"{name}_a", a)
        setattr(self, f"{name}_b", b)
        matrix.trainable = False
        self._low_rank = (a, b)
        self.low_rank = LowRankParts(self)
        self.lora_enabled = True
        self.lora_rank = rank
        self.lora_alpha = rank if lora_alpha is None else lora_alpha

    def _check_adaptable(self, rank: int) -> Variable:
        matrix = self.__dict__.get(f"_{self._adapted_weight}")
        constraint = f"{self._adapted_weight}_constraint"
        if matrix is None:
            what = f"{self._where()}: enable_lora needs a built layer"
            raise NotBuiltError(
                message(what, "It has no weights yet.", "Call it on data, or build(input_shape), first.")
            )
        if self.lora_enabled:
            raise ValueError(f"{self._where()}: LoRA is enabled already")
        if getattr(self, constraint) is not None:
            raise ValueError(f"{self._where()}: LoRA and {constraint} exclude each other")
        if not isinstance(rank, int) or rank < 1:
            raise ValueError(f"{self._where()}: expected a rank of 1 or more, got {rank!r}")
        return matrix

    def _adapted(self) -> Any:
        """The weight matrix with what was learned beside it."""
        value = self._matrix().value
        return value if self._low_rank is None else add(value, self.low_rank_product())

    def low_rank_product(self) -> Any:
        """What was learned: the product of the thin matrices, with its factor."""
        a, b = self._low_rank  # type: ignore[misc]  # LoRA is enabled
        return multiply(matmul(a.value, b.value), self.lora_alpha / self.lora_rank)  # type: ignore[operator]  # set with it

    def save_own_variables(self, store: Any) -> None:
        """Put the adapted matrix and the other variables into a mapping under "0", "1", …"""
        for index, variable in enumerate(self._saved_variables()):
            adapted = self.lora_enabled and variable is self._matrix()
            store[str(index)] = convert_to_numpy(self._adapted()) if adapted else variable

    def load_own_variables(self, store: Any) -> None:
        """Take them back; the product of the thin matrices starts from zero."""
        own = self._saved_variables()
        if self._low_rank is None or len(store.keys()) != len(own):
            super().load_own_variables(store)
            return
        for index, variable in enumerate(own):
            assign_from(variable, store, str(index))
        self._forget_low_rank()

    def _forget_low_rank(self) -> None:
        """Let the product be zero, with one factor that is not: else no gradient would reach either."""
        if self._low_rank is not None:
            b = self._low_rank[1]
            b.assign(zeros(b.shape, b.dtype))

    def unadapted(self) -> dict[str, Variable]:
        """By name, the variables of which a file holds what they are together with the thin matrices."""
        return {self._adapted_weight: self._matrix()}

    def _saved_variables(self) -> list[Variable]:
        thin = self._low_rank or ()
        own = [*self._trainable_variables, *self._non_trainable_variables]
        return [v for v in own if not any(v is t for t in thin)]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        if not self.lora_enabled:
            config.pop("lora_rank", None)
            config.pop("lora_alpha", None)
        return config


class LowRankParts:
    """What a file holds of an adapted layer beside the sum: the thin matrices, and the variables without them.

    Args:
        layer: the layer.
    """

    def __init__(self, layer: LowRank) -> None:
        self._layer = layer

    def _variables(self) -> dict[str, Variable]:
        return {**dict(zip("ab", self._layer._low_rank or ())), **self._layer.unadapted()}

    def save_own_variables(self, store: Any) -> None:
        """Put them into a mapping, by name."""
        store.update(self._variables())

    def load_own_variables(self, store: Any) -> None:
        """Take them back; the layer has taken the sum before."""
        for name, variable in self._variables().items():
            assign_from(variable, store, name)
