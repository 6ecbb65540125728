"""11,228 news of Reuters from 1987 as lists of word numbers, in 46 topics."""

import json
from pathlib import Path
from typing import Any

from kmb_core.datasets.shuffling import shuffled, split
from kmb_core.datasets.stored import BASE, npz
from kmb_core.datasets.word_numbers import marked, without_rare_words
from kmb_core.utils.downloads import get_file

HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
WORDS_HASH = "4d44cc38712099c9e383dc6e5f11a921"
TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass "
    "crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi "
    "iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Any:
    """The news and their topics, in two parts.

    Args:
        path: name of the file in the cache.
        num_words: the number from which on words are replaced; None keeps all but the
            rarest.
        skip_top: so many of the most frequent words are replaced.
        maxlen: news of this length and more are left out.
        test_split: share of the second part.
        seed: of the order of the rows.
        start_char: number at the beginning of each text, or None.
        oov_char: number in place of a word; None leaves the word out.
        index_from: is added to the words' numbers.

    Returns:
        ((x_train, y_train), (x_test, y_test)): arrays of lists, and the number of the topic for each.

    Raises:
        ValueError: when no text is short enough, or for a share outside of 0 … 1.
    """
    file = get_file(path, origin=BASE + "reuters.npz", file_hash=HASH)
    x, y = shuffled(seed, *npz(file, "x", "y"))
    sequences, labels = marked(x, y, maxlen, start_char, index_from)
    return split(without_rare_words(sequences, num_words, skip_top, oov_char), labels, test_split)


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The number of each word, from 1; `load_data` adds `index_from` to it.

    Args:
        path: name of the file in the cache.
    """
    file = get_file(path, origin=BASE + "reuters_word_index.json", file_hash=WORDS_HASH)
    return json.loads(Path(file).read_text(encoding="utf-8"))


def get_label_names() -> tuple[str, ...]:
    """The names of the topics, in the order of their numbers.

    Example:
        >>> import kmb_core
        >>> kmb_core.datasets.reuters.get_label_names()[:3]
        ('cocoa', 'grain', 'veg-oil')
    """
    return tuple(TOPICS.split())
