"""TextVectorization: texts to rows of numbers: cleaned, split, looked up.

Everything happens on bytes of UTF-8, in which upper case, punctuation and white space of ASCII are found and changed in
C. Texts of a batch are joined by a byte that no UTF-8 has, so that each step is one call for all of them.
"""

import string
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError, ShapeError, message
from kmb_core.layers.preprocessing import texts
from kmb_core.layers.preprocessing.encoding import check_mode
from kmb_core.layers.preprocessing.index_lookup import MODES, refuse_path
from kmb_core.layers.preprocessing.learning import batches
from kmb_core.layers.preprocessing.string_lookup import StringLookup
from kmb_core.layers.preprocessing.text_layer import TextLayer, counted
from kmb_core.layers.preprocessing.texts import Items
from kmb_core.serialization import deserialize_keras_object, saved_as, serialize_keras_object

_PUNCTUATION = string.punctuation.encode()
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
# What bytes.translate takes: a table, and what is deleted.
_CLEANING: dict[Any, tuple[bytes | None, bytes]] = {
    "lower_and_strip_punctuation": (_LOWER, _PUNCTUATION),
    "lower": (_LOWER, b""),
    "strip_punctuation": (None, _PUNCTUATION),
    None: (None, b""),
}
_SPLITS = ("whitespace", "character")
_BORDER = b"\xff"  # in no UTF-8


@saved_as("keras.layers")
class TextVectorization(TextLayer):
    """Turn texts into rows of numbers of a vocabulary, or into vectors that count its tokens.

    Args:
        max_tokens: the most numbers there may be; no limit when None.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation" (letters and punctuation of ASCII),
            None, or a function of an array of texts.
        split: "whitespace", "character", None for whole texts, or a function from an array of texts to rows of tokens.
        ngrams: n for all sequences of up to n tokens, or a tuple of lengths; tokens alone when None.
        output_mode: "int", or "multi_hot", "count", "tf_idf" as `StringLookup` has them.
        output_sequence_length: cut or fill up rows to this length; that of the longest in the batch when None.
        pad_to_max_tokens: vectors of size `max_tokens`, however small the vocabulary is.
        vocabulary: a list of tokens, or the path of a file of one a line; `adapt` finds it when None.
        idf_weights: for "tf_idf", a weight for each token of the vocabulary.
        sparse: sparse vectors, on backends that have such.
        ragged: rows of their own lengths, on backends that have such.
        encoding: of bytes.

    Input: texts of shape `(batch,)`, `(batch, 1)` or a single one: lists, arrays, columns of tables, string tensors.

    Output: integers of shape `(batch, tokens)`, 0 behind a row's end and 1 for unknown tokens; or vectors of the size
    of the vocabulary.

    Raises:
        ValueError: for arguments that contradict one another, and vocabularies with repetitions or without tokens.
        ShapeError: for inputs with several texts in a row. DTypeError: for inputs that are no text.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.TextVectorization(vocabulary=["the", "cat", "sat"], output_sequence_length=4)
        >>> [[int(number) for number in row] for row in layer(["The cat sat.", "The dog!"])]
        [[2, 3, 4, 0], [2, 1, 0, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        size = kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, **kwargs)
        output_mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        self.max_tokens, self.standardize, self.split = max_tokens, standardize, split
        self.output_mode, self.output_sequence_length = output_mode, output_sequence_length
        self.pad_to_max_tokens, self.sparse, self.ragged, self.encoding = pad_to_max_tokens, sparse, ragged, encoding
        self.ngrams = ngrams
        self._widths = _widths(ngrams, self._where())
        self._check()
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            mask_token="",
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            vocabulary_size=size,
        )
        self._needs_no_building()

    def _check(self) -> None:
        where, length = self._where(), self.output_sequence_length
        for argument, value, allowed in (
            ("standardize", self.standardize, tuple(_CLEANING)),
            ("split", self.split, (*_SPLITS, None)),
        ):
            if not callable(value) and value not in allowed:
                raise ValueError(f"{where}: {argument} is one of {allowed} or a function, got {value!r}")
        check_mode(where, self.output_mode, MODES, self.sparse)
        if self.output_mode == "one_hot":
            raise ValueError(f"{where}: output_mode 'one_hot' makes nothing of rows of tokens; 'multi_hot' does")
        if length is not None and self.output_mode != "int":
            raise ValueError(f"{where}: output_sequence_length is for output_mode 'int'; it is {self.output_mode!r}")
        if length is not None and (not isinstance(length, int) or isinstance(length, bool) or length < 1):
            raise ValueError(f"{where}: output_sequence_length is a whole number, at least 1; got {length!r}")
        if self.ragged and self.output_mode != "int":
            raise ValueError(f"{where}: ragged=True is for output_mode 'int'; it is {self.output_mode!r}")
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"{where}: there is no encoding {self.encoding!r}") from None

    @property
    def compute_dtype(self) -> str:
        """The inputs' dtype."""
        return "string"

    @property
    def variable_dtype(self) -> str:
        """The tokens' dtype."""
        return "string"

    def build(self, input_shape: Any = None) -> None:
        """Nothing is made."""

    # The vocabulary ----------------------------------------------------------------------------------------------

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Make a vocabulary of the tokens in data, the most frequent first; earlier data is forgotten.

        Args:
            data: texts, or what gives batches of them: a dataset, a loader, a generator.
            batch_size: not needed: each batch is counted as it comes.
            steps: how many batches are read; all when None.

        Raises:
            ValueError: where the vocabulary was given.
        """
        self.reset_state()
        for batch in batches(data, self._where(), steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch; for "tf_idf" each text is a document."""
        if self._lookup_layer._frozen:
            raise ValueError(f"{self._where()}: adapt: the vocabulary was given, there is nothing to find")
        items = self._texts(data)
        if self.split == "whitespace" and self._widths is None and self.output_mode != "tf_idf":
            self._lookup_layer._count_text(self._joined(items.values, b" "))
            return
        rows = self._rows(items)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        self._lookup_layer._count(Items([*chain.from_iterable(rows)], (len(rows), None), lengths))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget the data."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens in the order of their numbers.

        Args:
            include_special_tokens: with "" for the end of a row, and the token for unknown ones.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the vocabulary; see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def vocabulary_size(self) -> int:
        """How many numbers there are, those of special tokens included."""
        return self._lookup_layer.vocabulary_size()

    # Looking up --------------------------------------------------------------------------------------------------

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        if not self.ragged:
            return super().call(inputs)
        backend = current_backend()
        kernel = backend.kernels.get("ragged")
        if kernel is None:
            what = f"{self._where()}: ragged=True: the {backend.name} backend makes no ragged tensors"
            raise CapabilityError(message(what, None, "Leave it out: rows are filled up with 0 then."))
        rows = super().call(inputs)
        return rows if len(rows.shape) < 2 else kernel(rows)

    def _on_host(self, inputs: Any) -> np.ndarray:
        lookup = self._lookup_layer
        lookup._known()
        items = self._texts(inputs)
        if self.split is None and self._widths is None:
            cleaned = np.array(self._cleaned(items.values), dtype=object).reshape(items.shape)  # type: ignore[arg-type]  # known
            return lookup._on_host(cleaned)
        ids, lengths = self._numbers(items)
        if self.output_mode == "int":
            result = texts.padded(ids, lengths, self.output_sequence_length)
        else:
            result = counted(ids, lengths, lookup._width(), self.output_mode, self._output_dtype(), lookup.idf_weights)
        return result[0] if items.shape == () else result

    def _texts(self, inputs: Any) -> Items:
        items = texts.read(inputs, self._where())
        if self.encoding.lower() not in ("utf-8", "utf8"):
            items = Items(texts.decoded(items.values, self.encoding), items.shape, items.lengths)
        if items.lengths is not None or len(items.shape) > 2 or (len(items.shape) == 2 and items.shape[1] != 1):
            if self.split is None and items.lengths is None:
                return items
            what = f"{self._where()}: expected texts of shape (batch,) or (batch, 1), got {items.shape}"
            raise ShapeError(message(what, "Each row is one text, which is split into tokens here.", None))
        return items

    def _numbers(self, items: Items) -> tuple[np.ndarray, np.ndarray]:
        """The tokens' numbers, one row after the other, and how many each row has."""
        if self.split == "whitespace" and self._widths is None:
            found = self._numbers_at_once(self._joined(items.values), len(items.values))
            if found is not None:
                return found
        rows = self._rows(items)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        return self._lookup_layer._ids_of_bytes(chain.from_iterable(rows), int(lengths.sum())), lengths

    def _numbers_at_once(self, joined: bytes, count: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The same from texts that were joined; None where a text held what they were joined with."""
        return self._lookup_layer._packed_table(self._lookup_layer._first_unknown()).of_text(joined, count)

    def _joined(self, values: list[Any], border: bytes = _BORDER) -> bytes:
        """All texts, cleaned, each with the border behind it."""
        if callable(self.standardize):
            values = self._cleaned(values)
        parts = texts.encoded(values)
        joined = border.join([*parts, b""])
        table, deleted = (None, b"") if callable(self.standardize) else _CLEANING[self.standardize]
        return joined.translate(table, deleted)

    def _cleaned(self, values: list[Any]) -> list[bytes]:
        if callable(self.standardize):
            return texts.encoded(texts.nested(self.standardize(_as_given(values))).values)
        table, deleted = _CLEANING[self.standardize]
        return [value.translate(table, deleted) for value in texts.encoded(values)]

    def _rows(self, items: Items) -> list[Sequence[bytes]]:
        """The tokens of each text."""
        rows = self._split(self._cleaned(items.values))
        return rows if self._widths is None else [_grams(row, self._widths) for row in rows]

    def _split(self, values: list[bytes]) -> list[Sequence[bytes]]:
        if self.split == "whitespace":
            return [value.split() for value in values]
        if self.split == "character":
            return [texts.encoded(value.decode("utf-8", "replace")) for value in values]
        if self.split is None:
            return [[value] for value in values]
        found = texts.nested(self.split(_as_given(values)))
        if len(found.shape) != 2:
            what = f"{self._where()}: split gives a row of tokens for each text; it gave shape {found.shape}"
            raise ShapeError(message(what))
        lengths = found.lengths if found.lengths is not None else np.full(found.shape[0] or 0, found.shape[1])
        ends = np.cumsum(lengths).tolist()
        tokens = texts.encoded(found.values)
        return [tokens[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    # Describing --------------------------------------------------------------------------------------------------

    def _depth(self) -> int | None:
        return self._lookup_layer._depth()

    def _output_dtype(self) -> str:
        return self._lookup_layer._output_dtype()

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`(batch, tokens)`, or `(batch, size of the vocabulary)`."""
        shape = tuple(input_shape)
        if self.split is None and self._widths is None:
            return self._lookup_layer.compute_output_shape(shape)
        return (*shape[:1], self.output_sequence_length if self.output_mode == "int" else self._depth())

    def load_own_variables(self, store: Any) -> None:
        """Take the weights of "tf_idf" back."""
        self._lookup_layer.load_own_variables(store)

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of "tf_idf" into a mapping."""
        self._lookup_layer.save_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a folder, one token a line; one that is in the config is not written."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary that was written."""
        self._lookup_layer.load_assets(dir_path)

    def get_build_config(self) -> dict[str, Any]:
        """Nothing is built."""
        return {"input_shape": None}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a vocabulary that was learned lies in a file beside it."""
        lookup = self._lookup_layer.get_config()
        return {
            **super().get_config(),
            "standardize": _plain(self.standardize),
            "split": _plain(self.split),
            "ngrams": list(self.ngrams) if isinstance(self.ngrams, tuple) else self.ngrams,
            **{name: lookup[name] for name in ("vocabulary", "idf_weights", "vocabulary_size")},
        }

    _unsaved_arguments = frozenset({"standardize", "split", "ngrams", "vocabulary", "idf_weights"})

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from what `get_config` gave."""
        refuse_path(cls, config)
        config = dict(config)
        for name in ("standardize", "split"):
            if isinstance(config.get(name), dict):
                config[name] = deserialize_keras_object(config[name])
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return super().from_config(config)


def _as_given(values: list[Any]) -> np.ndarray:
    """Texts as users' functions get them: an array of str."""
    array = np.empty(len(values), dtype=object)
    array[:] = [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values]
    return array


def _widths(ngrams: Any, where: str) -> tuple[int, ...] | None:
    if ngrams is None:
        return None
    numbers = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
    whole = isinstance(numbers, (tuple, list)) and all(isinstance(n, int) and n > 0 for n in numbers)
    if isinstance(ngrams, bool) or not whole or not numbers:
        raise ValueError(f"{where}: ngrams is None, a positive whole number or a tuple of them; got {ngrams!r}")
    return tuple(numbers)


def _grams(row: Sequence[bytes], widths: tuple[int, ...]) -> list[bytes]:
    """The sequences of tokens of each length in turn."""
    found: list[bytes] = []
    for width in widths:
        found += row if width == 1 else map(b" ".join, zip(*(row[start:] for start in range(width)), strict=False))
    return found


def _plain(value: Any) -> Any:
    return serialize_keras_object(value) if callable(value) else value
