"""TextVectorization: cleaning, splitting, grams, rows and vectors."""

import re
import string
from collections import Counter

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.errors import DTypeError, ShapeError

TEXTS = ["Foo qux! bar", "qux baz, Foo foo", "", "a-b  c\td\x0be\u00a0f"]
WORDS = ["foo", "qux", "bar", "baz"]


def plain_tokens(text):
    """The definition: ASCII lower case, no ASCII punctuation, split at ASCII white space."""
    lowered = "".join(c.lower() if c in string.ascii_uppercase else c for c in text)
    return (
        re.sub(r"[ \t\n\r\x0b\x0c]+", " ", "".join(c for c in lowered if c not in string.punctuation))
        .strip(" ")
        .split(" ")
    )


def test_tokens_are_those_of_the_definition(numpy):
    texts = [*TEXTS, "Größe ÄÖ, naïve—text's", "İstanbul"]
    tokens = sorted({t for text in texts for t in plain_tokens(text) if t})
    layer = layers.TextVectorization(vocabulary=tokens)
    rows = numpy(layer(texts))
    for row, text in zip(rows, texts, strict=True):
        expected = [tokens.index(t) + 2 for t in plain_tokens(text) if t]
        assert row.tolist() == expected + [0] * (len(row) - len(expected))


@pytest.mark.parametrize("most", [None, 40, 3])
def test_many_texts_at_once_teach_what_they_teach_one_by_one(most, random):
    words = ["".join(random.choice(list("abcäß漢"), size)) for size in [*random.integers(1, 4, 300), 20, 21]]
    texts = [" ".join(random.choice(words, 60)) for _ in range(90)]
    counts = Counter(" ".join(texts).split())
    expected = sorted(counts, key=lambda token: (counts[token], token), reverse=True)[: most and most - 2]
    for data in (texts, iter([[text] for text in texts]), iter([texts[:50], texts[50:]])):
        layer = layers.TextVectorization(most, standardize=None)
        layer.adapt(data)
        assert layer.get_vocabulary(include_special_tokens=False) == expected


def test_rows_are_filled_up_or_cut(numpy):
    assert numpy(layers.TextVectorization(vocabulary=WORDS)(TEXTS[:2])).tolist() == [[2, 3, 4, 0], [3, 5, 2, 2]]
    for length, expected in ((2, [[2, 3], [3, 5]]), (6, [[2, 3, 4, 0, 0, 0], [3, 5, 2, 2, 0, 0]])):
        layer = layers.TextVectorization(vocabulary=WORDS, output_sequence_length=length)
        assert numpy(layer(TEXTS[:2])).tolist() == expected


def test_texts_come_in_any_form(numpy):
    layer = layers.TextVectorization(vocabulary=WORDS)
    expected = numpy(layer(TEXTS)).tolist()
    for given in (
        np.array(TEXTS),
        np.array(TEXTS)[:, None],
        np.array(TEXTS, dtype=object),
        [text.encode() for text in TEXTS],
        [[text] for text in TEXTS],
    ):
        assert numpy(layer(given)).tolist() == expected
    assert numpy(layer("foo bar")).tolist() == [2, 4]


def test_text_that_holds_the_border_byte_is_split_all_the_same(numpy):
    layer = layers.TextVectorization(vocabulary=WORDS)
    assert numpy(layer([b"foo \xff bar", b"qux"])).tolist() == [[2, 1, 4], [3, 0, 0]]


def test_grams_follow_the_tokens(numpy):
    layer = layers.TextVectorization(ngrams=2, vocabulary=["a", "b", "a b", "b a"])
    assert numpy(layer(["a b a", "a", ""])).tolist() == [[2, 3, 2, 4, 5], [2, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    layer = layers.TextVectorization(ngrams=(3,), vocabulary=["a b a"])
    assert numpy(layer(["a b a b", "a b"])).tolist() == [[2, 1], [0, 0]]


def test_characters_are_tokens(numpy):
    layer = layers.TextVectorization(split="character", vocabulary=["ü", "b"])
    assert numpy(layer(["Büb!", "b"])).tolist() == [[3, 2, 3], [3, 0, 0]]


def test_vectors_count(numpy):
    layer = layers.TextVectorization(output_mode="count", vocabulary=WORDS)
    assert numpy(layer(TEXTS[:3])).tolist() == [[0, 1, 1, 1, 0], [0, 2, 1, 0, 1], [0, 0, 0, 0, 0]]
    layer = layers.TextVectorization(output_mode="multi_hot", vocabulary=WORDS, max_tokens=7, pad_to_max_tokens=True)
    assert numpy(layer(["foo foo zzz"])).tolist() == [[1, 1, 0, 0, 0, 0, 0]]


def test_functions_clean_and_split(numpy):
    layer = layers.TextVectorization(
        standardize=lambda texts: [text.upper() for text in texts],
        split=lambda texts: [text.split("-") for text in texts],
        vocabulary=["A", "B"],
    )
    assert numpy(layer(["a-b", "b"])).tolist() == [[2, 3], [3, 0]]


def test_a_vocabulary_is_learned_from_batches(numpy):
    layer = layers.TextVectorization(max_tokens=4)
    layer.adapt(iter([["b a", "a"], ["a c c"]]))
    assert layer.get_vocabulary() == ["", "[UNK]", "a", "c"]
    assert layer.vocabulary_size() == 4


def test_a_learned_vocabulary_is_saved_with_a_model(tmp_path, numpy):
    layer = layers.TextVectorization(output_mode="tf_idf")
    layer.adapt(TEXTS)
    x = kmb_core.Input((1,), dtype="string")
    model = kmb_core.Model(x, layer(x))
    model.save(tmp_path / "model.keras")
    loaded = kmb_core.saving.load_model(tmp_path / "model.keras")
    data = np.array(TEXTS)[:, None]
    np.testing.assert_allclose(numpy(loaded(data)), numpy(model(data)))
    assert loaded.layers[-1].get_vocabulary() == layer.get_vocabulary()


def test_bytes_of_another_encoding_are_read(numpy):
    layer = layers.TextVectorization(encoding="utf-16", vocabulary=["größe"])
    assert numpy(layer(["größe x".encode("utf-16")])).tolist() == [[2, 1]]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"standardize": "upper"}, "standardize"),
        ({"split": "lines"}, "split"),
        ({"ngrams": 0}, "ngrams"),
        ({"ngrams": "two"}, "ngrams"),
        ({"ngrams": (1, -1)}, "ngrams"),
        ({"output_mode": "words"}, "output_mode"),
        ({"output_mode": "one_hot"}, "one_hot"),
        ({"output_sequence_length": 0}, "output_sequence_length"),
        ({"output_sequence_length": 3, "output_mode": "count"}, "output_sequence_length"),
        ({"ragged": True, "output_mode": "count"}, "ragged"),
        ({"sparse": True}, "sparse"),
        ({"encoding": "none"}, "no encoding"),
        ({"vocabulary": ["a", "a"]}, "repeats"),
    ],
)
def test_arguments_that_contradict_one_another_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        layers.TextVectorization(**arguments)


@pytest.mark.parametrize(
    ("inputs", "error"),
    [([["a", "b"]], ShapeError), ([["a"], ["b", "c"]], ShapeError), ([1], DTypeError), ([None], DTypeError)],
)
def test_inputs_that_are_no_texts_are_refused(inputs, error):
    with pytest.raises(error, match="expected text"):
        layers.TextVectorization(vocabulary=WORDS)(inputs)


def test_no_texts_give_no_rows(numpy):
    assert numpy(layers.TextVectorization(vocabulary=WORDS)(np.zeros((0,), "U1"))).shape == (0, 0)
    assert numpy(layers.TextVectorization(vocabulary=WORDS, output_mode="count")(np.zeros((0, 1), "U1"))).shape == (
        0,
        5,
    )
