"""The sets of data, read from small files of the same layout that stand in for the real ones."""

import gzip
import hashlib
import io
import json
import os
import pickle
import tarfile

import numpy as np
import pytest

from kmb_core import config
from kmb_core.datasets import (
    boston_housing,
    california_housing,
    cifar,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
    stored,
)
from kmb_core.errors import CheckpointError, SecurityError


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Makes a module find a file at its address, with the hash that the file has."""
    monkeypatch.setenv("KMB_HOME", os.fspath(tmp_path / "home"))

    def serve(name, content, base, hashes=None, constant="HASH", algorithm="sha256"):
        (tmp_path / name).write_bytes(content)
        monkeypatch.setattr(base, "BASE", f"file://{tmp_path}/")
        if hashes is not None:
            monkeypatch.setattr(hashes, constant, hashlib.new(algorithm, content).hexdigest())

    return serve


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def lists(count, seed=0):
    random = np.random.default_rng(seed)
    array = np.empty(count, dtype=object)
    for place in range(count):
        array[place] = random.integers(1, 30, random.integers(1, 8)).tolist()
    return array


def test_mnist(serve):
    parts = {"x_train": np.arange(8, dtype="uint8").reshape(2, 2, 2), "y_train": np.array([3, 4], "uint8")}
    parts |= {"x_test": parts["x_train"][:1], "y_test": parts["y_train"][:1]}
    serve("mnist.npz", npz(**parts), mnist, mnist)
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    for got, name in ((x_train, "x_train"), (y_train, "y_train"), (x_test, "x_test"), (y_test, "y_test")):
        np.testing.assert_array_equal(got, parts[name])


def test_a_file_with_another_hash_is_not_read(serve, monkeypatch):
    serve("mnist.npz", npz(x_train=np.zeros(1)), mnist)
    monkeypatch.setattr(mnist, "HASH", "0" * 64)
    with pytest.raises(CheckpointError, match="expected 0000"):
        mnist.load_data()


def test_fashion_mnist(serve):
    images = np.arange(12, dtype="uint8").reshape(3, 2, 2)
    for part, count in (("train", 3), ("t10k", 2)):
        header = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (count, 2, 2))
        serve(f"{part}-images-idx3-ubyte.gz", gzip.compress(header + images[:count].tobytes()), fashion_mnist)
        labels = bytes([0, 0, 8, 1, 0, 0, 0, count, *range(count)])
        serve(f"{part}-labels-idx1-ubyte.gz", gzip.compress(labels), fashion_mnist)
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, images)
    np.testing.assert_array_equal(x_test, images[:2])
    assert (y_train.tolist(), y_test.tolist()) == ([0, 1, 2], [0, 1])
    x_train[0] = 1  # one's own copy


DAMAGED = [b"no gzip", gzip.compress(b"no idx"), gzip.compress(b"\0\0\x08\x01\0\0\0\x09")]


@pytest.mark.parametrize("content", DAMAGED, ids=["no gzip", "no idx", "too short"])
def test_a_damaged_fashion_mnist_is_named(serve, content):
    serve("train-labels-idx1-ubyte.gz", content, fashion_mnist)
    with pytest.raises(CheckpointError, match="is damaged"):
        fashion_mnist.load_data()


@pytest.mark.parametrize("module", [boston_housing, california_housing])
def test_housing_is_shuffled_and_divided(serve, module):
    x = np.arange(40.0).reshape(20, 2)
    name = module.__name__.rpartition(".")[2] + ".npz"
    serve(name, npz(x=x, y=x[:, 0]), module, module)
    (x_train, y_train), (x_test, y_test) = module.load_data()
    assert (x_train.shape, x_test.shape) == ((16, 2), (4, 2))
    np.testing.assert_array_equal(np.concatenate([x_train, x_test])[:, 0], np.concatenate([y_train, y_test]))
    assert sorted([*y_train, *y_test]) == x[:, 0].tolist()
    (x_other, _), _ = module.load_data(test_split=0.5, seed=1)
    assert len(x_other) == 10
    assert not np.array_equal(x_other, x_train[:10])
    with pytest.raises(ValueError, match="test_split"):
        module.load_data(test_split=1.0)


def test_the_small_california_housing_is_the_beginning(serve):
    x = np.arange(2000.0).reshape(1000, 2)
    serve("california_housing.npz", npz(x=x, y=x[:, 0]), california_housing, california_housing)
    (x_train, _), (x_test, _) = california_housing.load_data(version="small")
    assert sorted(np.concatenate([x_train, x_test])[:, 0]) == x[:600, 0].tolist()
    with pytest.raises(ValueError, match="version"):
        california_housing.load_data(version="tiny")


def test_imdb_has_a_mark_and_replaces_rare_words(serve):
    x = np.empty(2, dtype=object)
    x[:] = [[1, 20, 3], [5, 2, 2, 2]]
    serve("imdb.npz", npz(x_train=x, y_train=np.arange(2), x_test=x[:1], y_test=np.arange(1)), imdb, imdb)
    (x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=10)
    wanted = {0: [1, 4, 2, 6], 1: [1, 8, 5, 5, 5]}
    assert [row == wanted[label] for row, label in zip(x_train, y_train, strict=True)] == [True, True]
    assert (x_test.tolist(), y_test.tolist()) == ([wanted[0]], [0])
    (x_train, y_train), _ = imdb.load_data(start_char=None, oov_char=None, index_from=0, nb_words=10, maxlen=4)
    assert (x_train.tolist(), y_train.tolist()) == ([[1, 3]], [0])
    with pytest.raises(ValueError, match="shorter than maxlen=1"):
        imdb.load_data(maxlen=1)
    with pytest.raises(TypeError, match="words"):
        imdb.load_data(words=3)


def test_reuters_is_divided_after_long_texts_are_left_out(serve):
    serve("reuters.npz", npz(x=lists(10), y=np.arange(10)), reuters, reuters)
    (x_train, y_train), (x_test, y_test) = reuters.load_data(maxlen=6, num_words=100)
    assert all(len(row) < 6 for row in [*x_train, *x_test])
    assert len(x_test) == len(y_test) == len(x_train) + len(x_test) - int(0.8 * (len(x_train) + len(x_test)))
    source = lists(10)
    for row, label in zip([*x_train, *x_test], [*y_train, *y_test], strict=True):
        assert row == [1, *(number + 3 for number in source[label])]


@pytest.mark.parametrize("module", [imdb, reuters])
def test_word_numbers(serve, module):
    name = module.__name__.rpartition(".")[2] + "_word_index.json"
    serve(name, json.dumps({"the": 1, "a": 2}).encode(), module, module, "WORDS_HASH", "md5")
    assert module.get_word_index() == {"the": 1, "a": 2}


def test_reuters_has_46_topics():
    names = reuters.get_label_names()
    assert len(names) == len(set(names)) == 46
    assert (names[3], names[-1]) == ("earn", "lead")


def as_python_2(data, labels):
    """A batch as the makers of CIFAR wrote it, in the opcodes of Python 2: its texts are bytes here."""

    def text(content):
        return b"U" + bytes([len(content)]) + content  # SHORT_BINSTRING

    def number(value):
        return b"J" + value.to_bytes(4, "little", signed=True)

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + number(0) + b"\x85" + text(b"b") + b"\x87R"
    )
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + number(0) + number(1) + b"\x87R"
    dtype += b"(" + number(3) + text(b"|") + b"NNN" + number(-1) * 2 + number(0) + b"tb"
    raw = data.tobytes()
    shape = number(data.shape[0]) + number(data.shape[1]) + b"\x86"
    state = b"(" + number(1) + shape + dtype + b"\x89" + b"T" + len(raw).to_bytes(4, "little") + raw + b"tb"
    items = text(b"data") + array + state
    for key, values in labels.items():
        items += text(key) + b"](" + b"".join(map(number, values)) + b"e"
    return b"\x80\x02}(" + items + b"u."


def archive(folder, batches):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in batches.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def batch():
    data = np.random.default_rng(0).integers(0, 256, (2, 3072), dtype="uint8")
    return data, as_python_2(data, {b"labels": [3, 7], b"fine_labels": [99, 1], b"coarse_labels": [5, 6]})


def test_cifar10(serve, batch):
    data, content = batch
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    serve("cifar-10-python.tar.gz", archive("cifar-10-batches-py", dict.fromkeys(names, content)), cifar, cifar10)
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    images = data.reshape(2, 3, 32, 32)
    np.testing.assert_array_equal(x_test, images.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(x_train, np.concatenate([x_test] * 5))
    assert (y_train.shape, y_train.dtype, y_test.tolist()) == ((10, 1), "uint8", [[3], [7]])
    config.set_image_data_format("channels_first")
    try:
        (_, _), (x_test, _) = cifar10.load_data()
    finally:
        config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(x_test, images)


def test_cifar100_has_two_kinds_of_labels(serve, batch):
    serve(
        "cifar-100-python.tar.gz",
        archive("cifar-100-python", {"train": batch[1], "test": batch[1]}),
        cifar,
        cifar100,
    )
    assert cifar100.load_data()[0][1].tolist() == [[99], [1]]
    assert cifar100.load_data("coarse")[1][1].tolist() == [[5], [6]]
    with pytest.raises(ValueError, match="label_mode"):
        cifar100.load_data("all")


class Evil:
    """What a hostile file would hold: unpickling it runs a command."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_that_is_a_program_is_refused(tmp_path, serve):
    trap = os.fspath(tmp_path / "trap")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(SecurityError, match="mkdir"):
            stored.unpickled(io.BytesIO(pickle.dumps(Evil(trap), protocol)))
    evil = np.empty(1, dtype=object)
    evil[0] = Evil(trap)
    serve("reuters.npz", npz(x=evil, y=np.arange(1)), reuters, reuters)
    with pytest.raises(SecurityError, match="mkdir"):
        reuters.load_data()
    assert not os.path.exists(trap)


@pytest.mark.parametrize("name", ["builtins.eval", "os.system", "numpy.load", "numpy.core.multiarray.fromfile"])
def test_no_other_name_is_looked_up(name):
    module, _, attribute = name.rpartition(".")
    with pytest.raises(SecurityError, match=attribute):
        stored.unpickled(io.BytesIO(f"c{module}\n{attribute}\n.".encode()))


@pytest.mark.parametrize("content", [b"", b"no zip", npz(other=np.zeros(1)), npz(x=np.zeros(9))[:60]])
def test_a_damaged_npz_is_named(tmp_path, content):
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is no file of x"):
        stored.npz(os.fspath(path), "x")


def test_a_damaged_pickle_is_an_error_of_its_own():
    with pytest.raises(CheckpointError, match="damaged"):
        stored.unpickled(io.BytesIO(b"\x80\x02]("))
