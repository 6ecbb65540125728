"""Text and categories as numbers: inputs a second, and CPU time over Keras 3 (on TensorFlow) side by side.

Both libraries learn the same vocabulary from the same texts, and must give the same numbers; then each is called on a
batch, in memory and inside the `map` of a tf.data dataset. Keras takes arrays of text through TensorFlow's kernels on
every backend; here they stay in NumPy.
"""

import os

import measure
import numpy as np

TEXTS, WORDS_IN_A_TEXT = 2048, 80
REPEATS = 3


def figure(library, backend):
    if library.__name__ == "keras":
        raise SystemExit("Keras is the other side of each ratio.")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    texts = np.array(list(made_texts()))
    words = np.array([word for text in texts[:400] for word in str(text).split()][:20000])
    found = {}
    for title, name, data, settings in (
        ("TextVectorization", "TextVectorization", texts, {"max_tokens": 5000}),
        ("… of one text", "TextVectorization", texts[:1], {"max_tokens": 5000}),
        ("… counted", "TextVectorization", texts[:512], {"max_tokens": 2000, "output_mode": "count"}),
        ("… tf_idf, 2-grams", "TextVectorization", texts[:256], GRAMS),
        ("StringLookup", "StringLookup", words, {}),
        ("… multi_hot", "StringLookup", words.reshape(-1, 20), {"max_tokens": 1000, "output_mode": "multi_hot"}),
    ):
        ours, other = getattr(library.layers, name)(**settings), getattr(keras.layers, name)(**settings)
        found |= figures_of(title, ours, other, data, words if name == "StringLookup" else texts)
        measure.refuse_if_different(library.ops.convert_to_numpy(ours(data)), other(data).numpy(), 1e-3)
    return found | of_known_bins(library, keras, words)


def of_known_bins(library, keras, words):
    """Layers that learn nothing."""
    numbers = np.random.default_rng(0).normal(size=(4096, 16)).astype("float32")
    lengths, found = np.char.str_len(words), {}
    for title, name, data, settings in (
        ("Discretization", "Discretization", numbers, {"bin_boundaries": np.linspace(-2, 2, 50).tolist()}),
        ("Hashing", "Hashing", words, {"num_bins": 100}),
        ("HashedCrossing", "HashedCrossing", (words, lengths), {"num_bins": 100}),
    ):
        ours, other = (getattr(side.layers, name)(**settings) for side in (library, keras))
        measure.refuse_if_different(library.ops.convert_to_numpy(ours(data)), other(data).numpy(), 0)
        found |= calls_of(title, ours, other, data, len(numbers if data is numbers else words))
    return found


def figures_of(title, ours, other, data, learned):
    found = compared(f"{title}: adapt", lambda: ours.adapt(learned), lambda: other.adapt(learned), len(learned))
    if [str(token) for token in other.get_vocabulary()] != ours.get_vocabulary():
        raise SystemExit("Refused: the two sides learn different vocabularies.")
    return found | calls_of(title, ours, other, data, len(data))


def calls_of(title, ours, other, data, count):
    found = compared(title, lambda: ours(data), lambda: other(data), count)
    return found | compared(f"{title}: tf.data", in_dataset(ours, data), in_dataset(other, data), count)


GRAMS = {"max_tokens": 2000, "output_mode": "tf_idf", "ngrams": 2}


def made_texts():
    """Texts of words as frequent as in a language (Zipf's law), with capitals and punctuation."""
    generator = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyzäé"))
    words = ["".join(generator.choice(letters, size)) for size in generator.integers(2, 11, 20000)]
    numbers = generator.zipf(1.2, (TEXTS, WORDS_IN_A_TEXT)) % len(words)
    for row in numbers:
        yielded = [words[number] for number in row]
        yield " ".join(yielded[:40]).capitalize() + ", " + " ".join(yielded[40:]) + "."


def compared(title, ours, other, count):
    times = measure.compare_times(lambda: repeated(ours), lambda: repeated(other), 7)
    return {f"{title}, a second": 1e3 * count * REPEATS / times["ours, ms"], f"{title}, ratio": times["ratio"]}


def repeated(function):
    for _ in range(REPEATS):
        function()


def in_dataset(layer, data):
    """All batches of a dataset, which is made once."""
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensor_slices(data).batch(256)
    batches = batches.map(lambda *parts: layer(parts if len(parts) > 1 else parts[0]))

    def read():
        for _ in batches:
            pass

    return read


if __name__ == "__main__":
    aim = "every ratio at most 1: never slower than Keras"
    measure.main("Text prepared: speed, and time over Keras 3 on TensorFlow", aim, figure)
