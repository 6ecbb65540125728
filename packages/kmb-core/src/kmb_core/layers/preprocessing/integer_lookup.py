"""IntegerLookup: whole numbers of any size to the numbers of a vocabulary, or back."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kmb_core.errors import DTypeError, message
from kmb_core.layers.preprocessing import texts
from kmb_core.layers.preprocessing.index_lookup import IndexLookup
from kmb_core.layers.preprocessing.texts import Items
from kmb_core.ops.arithmetic import mod
from kmb_core.ops.creation import cast
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class IntegerLookup(IndexLookup):
    """Give each whole number its place in a vocabulary.

    Args:
        max_tokens: the most places there may be, those of special tokens included; no limit when None.
        num_oov_indices: how many places there are for numbers that are not in the vocabulary; with 0 such are an error.
        mask_token: a number that gets place 0 in mode "int" and is left out in the others; none when None.
        oov_token: stands for numbers that are not in the vocabulary where places become numbers.
        vocabulary: a list of numbers, or the path of a file of one a line; `adapt` finds it when None.
        vocabulary_dtype: "int64".
        idf_weights: for "tf_idf", a weight for each token of the vocabulary.
        invert: places to numbers.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf", see `StringLookup`.
        sparse: sparse outputs, on backends that have such.
        pad_to_max_tokens: vectors of size `max_tokens`, however small the vocabulary is.
        oov_method: how numbers that are not in the vocabulary are spread over their places: "floormod": by the rest of
            a division; "farmhash": by their hash.
        salt: hash with SipHash-2-4 under this key of one or two whole numbers; with "farmhash" alone.

    Input: whole numbers of any shape, as arrays, lists, text of digits, tensors.

    Output: integers of the same shape, or vectors of the size of the vocabulary.

    Raises:
        ValueError: for arguments that contradict one another, and vocabularies with repetitions or without tokens.
        DTypeError: for inputs that are no whole numbers.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.IntegerLookup(vocabulary=[12, 36, 1138])
        >>> [int(place) for place in layer([1138, 12, 7])]
        [3, 1, 0]
    """

    _vocabulary_dtype = "int64"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        where = f"IntegerLookup {name or ''!r}"
        if vocabulary_dtype != "int64":
            raise ValueError(f"{where}: vocabulary_dtype is 'int64', got {vocabulary_dtype!r}")
        if salt is not None and oov_method != "farmhash":
            raise ValueError(f"{where}: salt is for oov_method 'farmhash', got {oov_method!r}")
        self.vocabulary_dtype = vocabulary_dtype
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            oov_method=oov_method,
            salt=salt,
            name=name,
            **kwargs,
        )

    def _read(self, inputs: Any) -> Items:
        if isinstance(inputs, np.ndarray) and inputs.dtype.kind in "iub":
            return Items(inputs.ravel(), inputs.shape)  # type: ignore[arg-type]  # an array is the quicker list
        items = texts.nested(inputs)
        return Items(self._whole(items.values), items.shape, items.lengths)  # type: ignore[arg-type]  # as above

    def _whole(self, values: Sequence[Any]) -> np.ndarray:
        """Values as int64.

        Raises:
            DTypeError: where one is no whole number.
        """
        array = np.asarray(values) if len(values) else np.zeros(0, "int64")
        if array.dtype.kind in "SUO":
            try:
                return np.array([int(value) for value in texts.decoded(values)], "int64")
            except ValueError:
                what = f"{self._where()}: expected whole numbers, got {sorted(set(map(str, values)))[:3]}"
                raise DTypeError(message(what)) from None
        if array.dtype.kind == "f":
            if not np.isfinite(array).all():
                raise DTypeError(f"{self._where()}: expected whole numbers, got NaN or infinity")
            return np.trunc(array).astype("int64")
        return array.astype("int64")

    def _as_tokens(self, vocabulary: Sequence[Any]) -> list[int]:
        numbers: list[int] = self._whole(list(vocabulary)).tolist()
        return numbers

    def _texts(self, values: Iterable[Any]) -> list[bytes]:
        return [str(int(value)).encode() for value in values]

    def _count(self, items: Items) -> None:
        super()._count(Items(np.asarray(items.values).tolist(), items.shape, items.lengths))

    def _take(self, tokens: list[Any]) -> None:
        super()._take(tokens)
        table = self._tables[None]
        keys = np.fromiter(table.keys(), np.int64, len(table))
        order = np.argsort(keys)
        self._sorted = keys[order], np.fromiter(table.values(), np.int64, len(table))[order]

    def _ids(self, values: Any) -> np.ndarray:
        keys, numbers = self._sorted
        values = np.asarray(values, "int64")
        places = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
        return self._with_unknown(np.where(keys[places] == values, numbers[places], -2), values)

    def _spread(self, values: list[Any]) -> np.ndarray:
        if self.oov_method == "farmhash":
            return super()._spread(values)
        return np.asarray(values, "int64") % self.num_oov_indices

    def _spread_in_graph(self, inputs: Any) -> Any:
        if self.oov_method == "farmhash":
            return super()._spread_in_graph(inputs)
        return mod(cast(inputs, "int64"), self.num_oov_indices)
