"""StringLookup: text to numbers by a vocabulary, or numbers back to text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from kmb_core.layers.preprocessing import texts
from kmb_core.layers.preprocessing.graph_lookup import UNKNOWN
from kmb_core.layers.preprocessing.index_lookup import IndexLookup
from kmb_core.layers.preprocessing.packed_tokens import LetterTable, PackedTable, counts_of_tokens
from kmb_core.layers.preprocessing.texts import Items
from kmb_core.serialization import saved_as

_LONG = 16384  # bytes of a text from which its tokens are counted by NumPy
_WIDE = 4 * 32  # bytes of a text in an array up to which all of them are looked up at once


def _is_narrow(dtype: np.dtype[Any]) -> bool:
    return dtype.isnative and 0 < dtype.itemsize <= _WIDE


@saved_as("keras.layers")
class StringLookup(IndexLookup):
    """Give each text its number in a vocabulary.

    Args:
        max_tokens: the most numbers there may be, those of special tokens included; no limit when None.
        num_oov_indices: how many numbers there are for text that is not in the vocabulary, which is spread over them
            by its hash; with 0 it is an error.
        mask_token: text that gets number 0 in mode "int" and is left out in the others; none when None.
        oov_token: stands for text that is not in the vocabulary where numbers become text.
        vocabulary: a list of texts, or the path of a file of one a line; `adapt` finds it when None.
        idf_weights: for "tf_idf", a weight for each token of the vocabulary.
        invert: numbers to text.
        output_mode: "int"; "one_hot", "multi_hot", "count" as `CategoryEncoding` has them; "tf_idf": "count" times the
            weight of each token.
        pad_to_max_tokens: vectors of size `max_tokens`, however small the vocabulary is.
        sparse: sparse outputs, on backends that have such.
        encoding: of bytes.
        salt: hash with SipHash-2-4 under this key of one or two whole numbers.
        **kwargs: `oov_method`, "floormod" or "farmhash": text is always hashed.

    Input: text of any shape: lists, arrays of str, bytes or objects, columns of tables, tensors of strings.

    Output: integers of the same shape, or vectors of the size of the vocabulary.

    Raises:
        ValueError: for arguments that contradict one another, and vocabularies with repetitions or without tokens.
        DTypeError: for inputs that are no text.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.StringLookup(vocabulary=["a", "b", "c"])
        >>> [int(number) for number in layer(["c", "a", "z"])]
        [3, 1, 0]
        >>> back = kmb_core.layers.StringLookup(vocabulary=["a", "b", "c"], invert=True)
        >>> back.get_vocabulary()
        ['[UNK]', 'a', 'b', 'c']
    """

    _vocabulary_dtype = "string"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",  # a token of vocabularies
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
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
            oov_method=kwargs.pop("oov_method", "floormod"),
            salt=salt,
            name=name,
            **kwargs,
        )

    def _read(self, inputs: Any) -> Items:
        if isinstance(inputs, np.ndarray) and inputs.dtype.kind == "U" and _is_narrow(inputs.dtype):
            return Items(inputs.ravel(), inputs.shape)  # type: ignore[arg-type]  # an array is the quicker list
        return texts.read(inputs, self._where())

    def _as_tokens(self, vocabulary: Sequence[Any]) -> list[str]:
        return texts.decoded(texts.read(list(vocabulary), f"{self._where()}: vocabulary").values, self.encoding)

    def _texts(self, values: Iterable[Any]) -> list[bytes]:
        return texts.encoded(values, self.encoding)

    def _table(self, values: Sequence[Any]) -> dict[Any, int]:
        """The table whose keys are of the values' kind; that of bytes is made when bytes come."""
        kinds = set(map(type, values))
        if bytes not in kinds:
            return self._tables[None]
        key = bytes if kinds == {bytes} else "both"
        if key not in self._tables:
            table = {token.encode(self.encoding): number for token, number in self._tables[None].items()}
            self._tables[key] = table if key is bytes else {**table, **self._tables[None]}
        return self._tables[key]

    def _ids(self, values: Sequence[Any]) -> np.ndarray:
        if not isinstance(values, np.ndarray):
            return super()._ids(values)
        if "letters" not in self._tables:
            self._tables["letters"] = LetterTable(self._tables[None], UNKNOWN)
        return self._with_unknown(self._tables["letters"].of_array(values), values)

    def _ids_of_bytes(self, values: Iterable[bytes], count: int) -> np.ndarray:
        """The numbers of tokens that are bytes, where there is one number for unknown ones."""
        find = self._table([b""]).get
        return np.fromiter(map(find, values, repeat(self._first_unknown())), np.int64, count)

    def _packed_table(self, unknown: int) -> PackedTable:
        """The tokens' table for many at once; made when it is needed."""
        key = ("packed", unknown)
        if key not in self._tables:
            self._tables[key] = PackedTable(self._table([b""]), unknown)
        return self._tables[key]

    def _count(self, items: Items) -> None:
        values = items.values.tolist() if isinstance(items.values, np.ndarray) else items.values
        super()._count(Items(values, items.shape, items.lengths))

    def _count_text(self, text: bytes) -> None:
        """Count the tokens of a text, between which there is white space."""
        counts = counts_of_tokens(text) if len(text) > _LONG else None
        self._counts.update(text.split() if counts is None else counts)

    def _plain(self, counts: Counter[Any]) -> Counter[Any]:
        kinds = set(map(type, counts))
        if bytes not in kinds:
            return counts
        if kinds == {bytes}:
            decoded = dict(zip(map(bytes.decode, counts, repeat(self.encoding)), counts.values(), strict=True))
            if len(decoded) == len(counts):  # no two tokens are the same text, as in all encodings but odd ones
                return Counter(decoded)
        plain: Counter[Any] = Counter()
        for token, count in counts.items():
            plain[token.decode(self.encoding) if isinstance(token, bytes) else str(token)] += count
        return plain
