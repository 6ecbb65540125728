"""What StringLookup and IntegerLookup share: a vocabulary, its special tokens, and how it is learned and stored.

The order of the numbers: the mask token (in mode "int" alone), those of tokens that are not in the vocabulary, the
vocabulary itself.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from kmb_core.errors import SecurityError, message
from kmb_core.layers.preprocessing import texts
from kmb_core.layers.preprocessing.encoding import check_mode
from kmb_core.layers.preprocessing.fingerprints import fingerprint64, strong_hash
from kmb_core.layers.preprocessing.graph_lookup import UNKNOWN, GraphLookup
from kmb_core.layers.preprocessing.learning import as_array, batches
from kmb_core.layers.preprocessing.text_layer import as_key, categories, counted
from kmb_core.layers.preprocessing.texts import Items

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_LEFT_OUT = -1
_FILE, _WEIGHTS = "vocabulary.txt", "idf_weights"


class IndexLookup(GraphLookup):
    """Tokens to numbers, or back. Subclasses say how tokens are read, written and hashed."""

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        oov_method: str,
        salt: Any,
        name: str | None,
        **kwargs: Any,
    ) -> None:
        size = kwargs.pop("vocabulary_size", None)  # in configs: of a vocabulary that lies in a file beside it
        super().__init__(name=name, **kwargs)
        output_mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert, self.output_mode, self.sparse = invert, output_mode, sparse
        self.pad_to_max_tokens, self.oov_method = pad_to_max_tokens, oov_method
        self.salt = as_key(salt, self._where())
        self._check(idf_weights)
        self._special = [mask_token] if mask_token is not None and output_mode == "int" else []
        self._special += [oov_token] * num_oov_indices
        self._tokens: list[Any] | None = None
        self._tables = {}
        self._size = size
        self.idf_weights: np.ndarray | None = None
        self._frozen = vocabulary is not None
        self.input_vocabulary, self.input_idf_weights = None, None
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
            self.input_vocabulary = self._tokens
            self.input_idf_weights = None if idf_weights is None else as_array(idf_weights).tolist()
        self._needs_no_building()

    def _check(self, idf_weights: Any) -> None:
        where = self._where()
        check_mode(where, self.output_mode, MODES, self.sparse)
        if self.max_tokens is not None and (not isinstance(self.max_tokens, int) or self.max_tokens <= 1):
            raise ValueError(f"{where}: max_tokens is more than 1, or None; got {self.max_tokens!r}")
        if not isinstance(self.num_oov_indices, int) or self.num_oov_indices < 0:
            raise ValueError(f"{where}: num_oov_indices is 0 or more, got {self.num_oov_indices!r}")
        if self.invert and self.output_mode != "int":
            raise ValueError(f"{where}: with invert=True output_mode is 'int', got {self.output_mode!r}")
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise ValueError(f"{where}: pad_to_max_tokens=True needs max_tokens")
        if idf_weights is not None and self.output_mode != "tf_idf":
            raise ValueError(f"{where}: idf_weights are for output_mode 'tf_idf'; it is {self.output_mode!r}")
        if self.oov_method not in ("floormod", "farmhash"):
            raise ValueError(f"{where}: oov_method is 'floormod' or 'farmhash', got {self.oov_method!r}")

    # What subclasses say -----------------------------------------------------------------------------------------

    _vocabulary_dtype: str

    def _read(self, inputs: Any) -> Items:
        """Tokens out of inputs."""
        raise NotImplementedError

    def _as_tokens(self, vocabulary: Sequence[Any]) -> list[Any]:
        """A vocabulary's tokens, of the layer's kind."""
        raise NotImplementedError

    def _texts(self, values: Iterable[Any]) -> list[bytes]:
        """Tokens as text to be hashed."""
        raise NotImplementedError

    # The vocabulary ----------------------------------------------------------------------------------------------

    @property
    def compute_dtype(self) -> str:
        """The tokens' dtype."""
        return self._vocabulary_dtype

    @property
    def variable_dtype(self) -> str:
        """The tokens' dtype."""
        return self._vocabulary_dtype

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their numbers.

        Args:
            include_special_tokens: with the mask and the token for those that are not in it.
        """
        tokens = self._tokens or []
        return [*self._special, *tokens] if include_special_tokens else list(tokens)

    def vocabulary_size(self) -> int:
        """How many numbers there are, those of special tokens included."""
        if self._tokens is None and self._size is not None:
            return int(self._size)
        return len(self._special) + len(self._tokens or [])

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the vocabulary.

        Args:
            vocabulary: tokens, with or without the special ones in front; or the path of a text file of one a line.
            idf_weights: for "tf_idf": a weight for each token.

        Raises:
            ValueError: for a file that does not exist, repeated tokens, none, more than `max_tokens`, the mask token
                among them, or weights of another number, missing or of no use.
        """
        where = self._where()
        if isinstance(vocabulary, (str, os.PathLike)):
            vocabulary = _lines(vocabulary, where)
        given = vocabulary if isinstance(vocabulary, (list, tuple)) else texts.nested(vocabulary).values
        tokens = self._as_tokens(given)
        if not tokens:
            raise ValueError(f"{where}: the vocabulary is empty")
        front = len(self._special)
        with_special = front > 0 and tokens[:front] == self._special
        tokens = tokens[front:] if with_special else tokens
        self._check_tokens(tokens)
        self.idf_weights = self._full_weights(idf_weights, len(tokens), front if with_special else 0)
        self._take(tokens)

    def _check_tokens(self, tokens: list[Any]) -> None:
        where = self._where()
        repeated = [token for token, count in Counter(tokens).items() if count > 1]
        if repeated:
            raise ValueError(message(f"{where}: the vocabulary repeats {repeated[:5]}", None, "List each once."))
        if self.mask_token is not None and self.mask_token in tokens:
            raise ValueError(f"{where}: the mask token {self.mask_token!r} stands in front, or not at all")
        total = len(tokens) + len(self._special)
        if self.max_tokens is not None and total > self.max_tokens:
            raise ValueError(f"{where}: max_tokens is {self.max_tokens}; with special tokens there are {total}")

    def _full_weights(self, weights: Any, count: int, front: int) -> np.ndarray | None:
        """A weight for each number; tokens that are not in the vocabulary weigh as those in it do on average."""
        where = self._where()
        if self.output_mode != "tf_idf":
            if weights is not None:
                raise ValueError(f"{where}: idf_weights are for output_mode 'tf_idf'; it is {self.output_mode!r}")
            return None
        if weights is None:
            raise ValueError(f"{where}: output_mode 'tf_idf' needs idf_weights beside a vocabulary")
        array = as_array(weights).astype("float32")
        if array.ndim != 1 or len(array) not in (count, count + front):
            raise ValueError(f"{where}: {count} tokens, but idf_weights of shape {array.shape}")
        array = array[len(array) - count :]
        full = np.concatenate([np.full(len(self._special), array.mean(), "float32"), array])
        return self._padded_weights(full)

    def _padded_weights(self, weights: np.ndarray) -> np.ndarray:
        depth = self.max_tokens if self.pad_to_max_tokens and self.max_tokens else len(weights)
        return np.pad(weights, (0, depth - len(weights)))

    def _take(self, tokens: list[Any]) -> None:
        start = len(self._special)
        table = {token: start + number for number, token in enumerate(tokens)}
        if self.mask_token is not None:
            table[self.mask_token] = 0 if self.output_mode == "int" else _LEFT_OUT
        # Not by setattr, which looks at each token for variables.
        self.__dict__.update(_tokens=tokens, _tables={None: table})

    def _first_unknown(self) -> int:
        return len(self._special) - self.num_oov_indices

    def _known(self) -> list[Any]:
        if self._tokens is None:
            what = f"{self._where()}: it has no vocabulary yet"
            raise ValueError(message(what, None, "Call adapt(data) or set_vocabulary(tokens) first."))
        return self._tokens

    # Learning it -------------------------------------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Make a vocabulary of the tokens in data, the most frequent first; earlier data is forgotten.

        Args:
            data: an array, a list or a tensor, or what gives batches: a dataset, a loader, a generator.
            steps: how many batches are read; all when None.

        Raises:
            ValueError: where the vocabulary was given, or there are no tokens.
        """
        self.reset_state()
        for batch in batches(data, self._where(), steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget the data."""
        self._counts: Counter[Any] = Counter()
        self._in_documents: Counter[Any] = Counter()
        self._documents = 0

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch; for "tf_idf" each row is a document."""
        if self._frozen:
            raise ValueError(f"{self._where()}: adapt: the vocabulary was given, there is nothing to find")
        self._count(self._read(data))

    def _count(self, items: Items) -> None:
        self._counts.update(items.values)
        if self.output_mode == "tf_idf":
            start = 0
            for length in row_lengths(items).tolist():
                self._in_documents.update(set(items.values[start : start + length]))
                start += length
                self._documents += 1

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self._frozen or not self._counts:
            return
        counts = self._plain(self._counts)
        for special in (self.mask_token, self.oov_token):
            counts.pop(special, None)
        tokens = by_frequency(counts, None if self.max_tokens is None else self.max_tokens - len(self._special))
        if self.output_mode == "tf_idf":
            self.idf_weights = self._learned_weights(tokens)
        self._take(tokens)
        self._size = None
        self.reset_state()

    def _plain(self, counts: Counter[Any]) -> Counter[Any]:
        """Counts by tokens of the layer's kind."""
        return counts

    def _learned_weights(self, tokens: list[Any]) -> np.ndarray:
        """log(1 + documents / (1 + documents with the token))."""
        documents = self._plain(self._in_documents)
        found = np.array([documents[token] for token in tokens], "float64")
        weights = np.log(1.0 + self._documents / (1.0 + found))
        unknown = np.full(len(self._special), weights.mean() if len(weights) else 0.0)
        return self._padded_weights(np.concatenate([unknown, weights]).astype("float32"))

    # Looking up --------------------------------------------------------------------------------------------------

    def _on_host(self, inputs: Any) -> np.ndarray:
        self._known()
        if self.invert:
            return self._tokens_of(inputs)
        items = self._read(inputs)
        ids = self._ids(items.values)
        if items.lengths is not None:
            if self.output_mode in ("int", "one_hot"):
                what = f"{self._where()}: rows of different lengths give no tensor in mode {self.output_mode!r}"
                raise ValueError(message(what, None, "Pad them to one length."))
            return counted(ids, items.lengths, self._width(), self.output_mode, self._output_dtype(), self.idf_weights)
        ids = ids.reshape(items.shape)  # type: ignore[arg-type]  # all known
        return categories(ids, self.output_mode, self._width(), self._output_dtype(), self.idf_weights)

    def _ids(self, values: Sequence[Any]) -> np.ndarray:
        """The tokens' numbers, flat."""
        table = self._table(values)
        ids = np.fromiter(map(table.get, values, repeat(UNKNOWN)), np.int64, len(values))
        return self._with_unknown(ids, values)

    def _table(self, values: Sequence[Any]) -> dict[Any, int]:
        return self._tables[None]

    def _with_unknown(self, ids: np.ndarray, values: Sequence[Any]) -> np.ndarray:
        unknown = np.flatnonzero(ids == UNKNOWN)
        if not len(unknown):
            return ids
        if self.num_oov_indices == 0:
            found = sorted({values[place] for place in unknown[:1000].tolist()})[:5]
            what = f"{self._where()}: tokens are not in the vocabulary: {', '.join(map(repr, found))}"
            raise ValueError(message(what, "num_oov_indices is 0.", "Give them a number with num_oov_indices=1."))
        start = self._first_unknown()
        if self.num_oov_indices == 1:
            ids[unknown] = start
        else:
            ids[unknown] = start + self._spread([values[place] for place in unknown.tolist()])
        return ids

    def _spread(self, values: list[Any]) -> np.ndarray:
        """Tokens that are not in the vocabulary, by their hashes, over the numbers for them."""
        content = self._texts(values)
        hashes = fingerprint64(content) if self.salt is None else strong_hash(content, self.salt)
        return (hashes % np.uint64(self.num_oov_indices)).astype("int64")

    def _tokens_of(self, inputs: Any) -> np.ndarray:
        """The tokens for numbers; what is no number of the vocabulary gives the token for unknown ones."""
        ids = np.asarray(as_array(inputs)).astype("int64")
        tokens = np.array([*self.get_vocabulary(), self.oov_token])
        inside = (ids >= 0) & (ids < len(tokens) - 1)
        return tokens[np.where(inside, ids, len(tokens) - 1)]

    def _width(self) -> int:
        return self.max_tokens if self.pad_to_max_tokens and self.max_tokens else self.vocabulary_size()

    def _depth(self) -> int | None:
        return self._width() if self._tokens is not None or self._size is not None else None

    def _output_dtype(self) -> str:
        if self.invert:
            return self._vocabulary_dtype
        return "float32" if self.output_mode == "tf_idf" else "int64"

    # Files -------------------------------------------------------------------------------------------------------

    def get_build_config(self) -> dict[str, Any]:
        """Nothing: there is nothing to build."""
        return {}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Nothing."""

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of "tf_idf" into a mapping."""
        if self.output_mode == "tf_idf" and (self.idf_weights is not None or self._size is not None):
            placeholder = np.zeros(self._width(), "float32")  # of the size of what a file holds, to be loaded into
            store[_WEIGHTS] = placeholder if self.idf_weights is None else self.idf_weights

    def load_own_variables(self, store: Any) -> None:
        """Take them back."""
        if self.output_mode == "tf_idf" and _WEIGHTS in store:
            self.idf_weights = np.asarray(store[_WEIGHTS], "float32")

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a folder, one token a line; one that is in the config is not written."""
        if self.input_vocabulary is not None or self._tokens is None:
            return
        lines = [str(token) for token in self.get_vocabulary()]
        if any("\n" in line or "\r" in line for line in lines):
            raise ValueError(f"{self._where()}: a token with a line break cannot be written to a file of lines")
        with open(os.path.join(dir_path, _FILE), "w", encoding="utf-8", newline="") as file:
            file.write("\n".join(lines))

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary that was written."""
        path = os.path.join(dir_path, _FILE)
        if self.input_vocabulary is not None or not os.path.exists(path):
            return
        with open(path, encoding="utf-8", newline="") as file:
            tokens = self._as_tokens(file.read().split("\n"))[len(self._special) :]
        self._check_tokens(tokens)
        self._take(tokens)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a vocabulary that was learned lies in a file beside it."""
        config = super().get_config()
        return {
            **config,
            "vocabulary": self.input_vocabulary,
            "idf_weights": self.input_idf_weights,
            "vocabulary_size": self.vocabulary_size() if self._tokens is not None else self._size,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from what `get_config` gave.

        Raises:
            SecurityError: where it names a file: configs are data, and open nothing.
        """
        refuse_path(cls, config)
        return super().from_config(config)


def refuse_path(cls: type, config: dict[str, Any]) -> None:
    """Refuse a config whose vocabulary is a path."""
    if isinstance(config.get("vocabulary"), str):
        what = f"{cls.__name__}: its config names the vocabulary file {config['vocabulary']!r}"
        cause = "A config may come from anywhere; no file is opened because it says so."
        raise SecurityError(message(what, cause, "Read the file yourself and put the list of tokens in its place."))


def by_frequency(counts: Mapping[Any, int], most: int | None) -> list[Any]:
    """The most frequent tokens, of equally frequent ones the one that sorts last first.

    Args:
        counts: how often each token occurs.
        most: how many tokens are wanted; all when None.
    """
    tokens = list(counts)
    if most is not None and 0 < most < len(tokens):
        fewest = int(np.partition(np.fromiter(counts.values(), np.int64, len(tokens)), -most)[-most])
        tokens = [token for token, count in counts.items() if count >= fewest]
    tokens.sort(reverse=True)
    tokens.sort(key=counts.__getitem__, reverse=True)
    return tokens[:most]


def row_lengths(items: Items) -> np.ndarray:
    """How many values each row has; of values without rows each is one."""
    if items.lengths is not None:
        return items.lengths
    if len(items.shape) < 2:
        return np.ones(len(items.values), np.int64)
    width = items.shape[-1] or 0
    return np.full(len(items.values) // max(width, 1), width)


def _lines(path: Any, where: str) -> list[str]:
    if not os.path.isfile(path):
        raise ValueError(f"{where}: there is no vocabulary file {os.fspath(path)}")
    with open(path, encoding="utf-8", newline="") as file:
        return [line.rstrip("\r") for line in file.read().rstrip("\n").split("\n")]
