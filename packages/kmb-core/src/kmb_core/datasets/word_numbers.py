"""Texts as lists of word numbers, the more frequent a word the smaller its number, as IMDB and Reuters have them."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def marked(
    sequences: Any, labels: np.ndarray, maxlen: int | None, start_char: int | None, index_from: int
) -> tuple[list[list[int]], np.ndarray]:
    """Sequences with a mark at their beginning, without the long ones.

    Args:
        sequences: lists of word numbers from 1.
        labels: one for each.
        maxlen: sequences of this length and more, the mark counted, are left out.
        start_char: the mark, or None.
        index_from: is added to the words' numbers.

    Returns:
        The sequences that stay, and their labels.

    Raises:
        ValueError: when none stays.
    """
    mark = [] if start_char is None else [start_char]
    moved = [mark + [number + index_from for number in sequence] for sequence in sequences]
    if maxlen is None:
        return moved, labels
    kept = [place for place, sequence in enumerate(moved) if len(sequence) < maxlen]
    if not kept:
        raise ValueError(f"load_data: no sequence is shorter than maxlen={maxlen}; give a larger one")
    return [moved[place] for place in kept], labels[kept]


def without_rare_words(
    sequences: list[list[int]], num_words: int | None, skip_top: int, oov_char: int | None
) -> np.ndarray:
    """Sequences in which the most frequent and the rarest words are replaced.

    Args:
        sequences: lists of word numbers.
        num_words: numbers from here on are replaced; the greatest one alone when None, as Keras does.
        skip_top: numbers below it are replaced.
        oov_char: what replaces a word; None leaves it out.

    Returns:
        The lists in an array of objects.
    """
    limit = max((max(sequence, default=0) for sequence in sequences), default=0) if num_words is None else num_words
    return _as_array([_replaced(sequence, skip_top, limit, oov_char) for sequence in sequences])


def _replaced(sequence: Sequence[int], least: int, limit: int, other: int | None) -> list[int]:
    if other is None:
        return [number for number in sequence if least <= number < limit]
    return [number if least <= number < limit else other for number in sequence]


def _as_array(sequences: list[list[int]]) -> np.ndarray:
    array = np.empty(len(sequences), dtype=object)
    for place, sequence in enumerate(sequences):
        array[place] = sequence
    return array
