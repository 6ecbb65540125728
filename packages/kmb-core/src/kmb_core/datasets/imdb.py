"""50,000 reviews of films as lists of word numbers, and whether they are good or bad."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from kmb_core.datasets.stored import BASE, npz
from kmb_core.datasets.word_numbers import marked, without_rare_words
from kmb_core.utils.downloads import get_file

HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
WORDS_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> Any:
    """The reviews and their labels, in two parts.

    Args:
        path: name of the file in the cache.
        num_words: the number from which on words are replaced; None keeps all but the
            rarest.
        skip_top: so many of the most frequent words are replaced.
        maxlen: reviews of this length and more are left out.
        seed: of the order of the rows.
        start_char: number at the beginning of each review, or None.
        oov_char: number in place of a word; None leaves the word out.
        index_from: is added to the words' numbers.
        **kwargs: `nb_words`, the former name of `num_words`.

    Returns:
        ((x_train, y_train), (x_test, y_test)): arrays of lists, and 0 or 1 for each.

    Raises:
        ValueError: when no review is short enough.

    Source: A. Maas and others, "Learning word vectors for sentiment analysis", 2011.
    """
    num_words = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError(f"load_data: unexpected arguments {', '.join(sorted(kwargs))}")
    file = get_file(path, origin=BASE + "imdb.npz", file_hash=HASH)
    x_train, y_train, x_test, y_test = npz(file, "x_train", "y_train", "x_test", "y_test")
    random = np.random.RandomState(seed)
    parts = []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        order = np.arange(len(x))
        random.shuffle(order)
        parts.append(marked(x[order], y[order], maxlen, start_char, index_from))
    (first, first_labels), (second, second_labels) = parts
    sequences = without_rare_words([*first, *second], num_words, skip_top, oov_char)
    return (sequences[: len(first)], first_labels), (sequences[len(first) :], second_labels)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The number of each word, from 1; `load_data` adds `index_from` to it.

    Args:
        path: name of the file in the cache.
    """
    file = get_file(path, origin=BASE + "imdb_word_index.json", file_hash=WORDS_HASH)
    return json.loads(Path(file).read_text(encoding="utf-8"))
