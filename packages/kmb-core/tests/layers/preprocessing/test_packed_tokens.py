"""Tables of packed tokens, beside dicts."""

from collections import Counter

import numpy as np
import pytest

from kmb_core.layers.preprocessing.packed_tokens import LetterTable, PackedTable, counts_of_tokens


@pytest.fixture
def words(random):
    letters = np.array(list("abcdeéüß"))
    found = ["".join(random.choice(letters, size)) for size in random.integers(1, 24, 3000)]
    return [*found, "a" * 15, "a" * 16, "a" * 17, "漢字", "x\0y"]


def test_texts_are_looked_up_as_in_a_dict(words):
    table = {word.encode(): number for number, word in enumerate(dict.fromkeys(words[::2]))}
    rows = [words[start : start + 7] for start in range(0, len(words) - 5, 7)]
    text = b"\xff".join([*(" ".join(row).encode() for row in rows), b""])
    ids, lengths = PackedTable(table, -2).of_text(text, len(rows))
    assert ids.tolist() == [table.get(word.encode(), -2) for row in rows for word in row]
    assert lengths.tolist() == [len(row) for row in rows]


def test_text_that_holds_a_border_or_a_zero_is_left_to_others():
    table = PackedTable({b"a": 1}, 0)
    assert table.of_text(b"a \xff b\xff", 1) is None
    assert table.of_text(b"a\0\xff", 1) is None
    ids, lengths = table.of_text(b"\xff a  a\xff", 2)
    assert (ids.tolist(), lengths.tolist()) == ([1, 1], [0, 2])


def test_arrays_of_str_are_looked_up_as_in_a_dict(words):
    table = {word: number for number, word in enumerate(dict.fromkeys(words[::2]))}
    found = LetterTable(table, -2).of_array(np.array(words))
    assert found.tolist() == [table.get(word, -2) for word in words]
    narrow = np.array([word for word in words if len(word) < 5])
    assert LetterTable(table, -2).of_array(narrow).tolist() == [table.get(word, -2) for word in narrow.tolist()]


def test_an_empty_table_knows_nothing():
    assert LetterTable({}, -2).of_array(np.array(["a", ""])).tolist() == [-2, -2]


def test_tokens_of_a_long_text_are_counted_as_one_after_the_other(words):
    for chosen in (words[:-1] * 3 + words[:700], ["a"], ["b" * 16, "b" * 17, "b" * 17], []):
        text = " \t\n".join(chosen).encode()
        assert counts_of_tokens(text) == Counter(text.split())
    assert counts_of_tokens(b"a \xff b") is None
    assert counts_of_tokens(b"a\0 b") is None
