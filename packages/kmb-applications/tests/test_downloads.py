"""Published weights brought from a server on this machine: whole, broken, damaged, slow, absent, and on a full disk."""

import dataclasses
import errno
import hashlib
import http.server
import io
import os
import threading
import time

import h5py
import numpy as np
import pytest

from kmb_core import applications
from kmb_core.errors import CheckpointError, FileAccessError
from kmb_core.utils import transfers

OPTIONS = {"input_shape": (128, 128, 3), "alpha": 0.25, "include_top": False}
NAME = "mobilenet_2_5_128_tf_no_top.h5"


class Server(http.server.ThreadingHTTPServer):
    """Serves one file under its name; a test says how badly."""

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.cuts = []  # how many bytes each of the next answers ends after
        self.pause = 0.0  # before each piece
        self.asked = []  # (path, Range) of each request

    def handle_error(self, *arguments):
        """A client that went away is what some tests are about."""

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/weights/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.asked.append((self.path, asked))
        start = int(asked[6:-1]) if asked else 0
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"version"')
        self.end_headers()
        if self.server.cuts:
            body = body[: self.server.cuts.pop(0)]
        for place in range(0, len(body), 2**16):
            time.sleep(self.server.pause)
            self.wfile.write(body[place : place + 2**16])

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A model, and the file of its weights as Keras 2 wrote them."""
    model = applications.MobileNet(weights=None, **OPTIONS)
    path = tmp_path_factory.mktemp("published") / NAME
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            names = [f"{layer.name}/{i}:0" for i in range(len(layer.weights))]
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, layer.get_weights(), strict=True):
                group[name] = array
    return model, path.read_bytes()


@pytest.fixture
def server(published, monkeypatch, tmp_path):
    """In place of the address of the published weights, with an empty cache."""
    server = Server(published[1])
    monkeypatch.setattr(applications.mobilenet, "ADDRESS", server.address)
    monkeypatch.setattr(transfers, "PAUSE", 0.0)
    monkeypatch.setenv("KMB_HOME", os.fspath(tmp_path))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hashed(published, monkeypatch):
    """The file is known by its hash."""
    without = applications.mobilenet._file
    digest = hashlib.sha256(published[1]).hexdigest()
    monkeypatch.setattr(
        applications.mobilenet, "_file", lambda *arguments: dataclasses.replace(without(*arguments), digest=digest)
    )


def build():
    return applications.MobileNet(weights="imagenet", **OPTIONS)


def cached(tmp_path):
    return sorted(name for name in os.listdir(tmp_path / "models") if not name.endswith(".lock"))


def check_weights(model, published):
    for found, expected in zip(model.get_weights(), published[0].get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_weights_are_brought_once_and_loaded(server, published, hashed, tmp_path):
    check_weights(build(), published)
    check_weights(build(), published)
    assert server.asked == [(f"/weights/{NAME}", None)]
    assert cached(tmp_path) == [NAME]


def test_a_connection_that_breaks_is_taken_up_again(server, published, hashed, tmp_path):
    half = len(published[1]) // 2
    server.cuts = [half]
    check_weights(build(), published)
    assert [asked for _, asked in server.asked] == [None, f"bytes={half}-"]
    assert cached(tmp_path) == [NAME]


def test_a_connection_that_always_breaks_leaves_no_file_and_the_next_call_goes_on(server, published, hashed, tmp_path):
    server.cuts = [100_000] * transfers.ATTEMPTS
    with pytest.raises(FileAccessError, match="connection ended"):
        build()
    assert NAME not in cached(tmp_path)
    check_weights(build(), published)
    assert cached(tmp_path) == [NAME]


def test_a_damaged_file_is_refused_and_removed(server, published, hashed, tmp_path):
    damaged = bytearray(published[1])
    damaged[len(damaged) // 2] ^= 1
    server.content = bytes(damaged)
    with pytest.raises(CheckpointError, match=r"sha256 .* expected"):
        build()
    assert cached(tmp_path) == []


def test_a_cached_file_that_was_damaged_is_brought_anew(server, published, hashed, tmp_path):
    build()
    (tmp_path / "models" / NAME).write_bytes(published[1][:1000])
    check_weights(build(), published)
    assert len(server.asked) == 2


@pytest.mark.parametrize("kept", [0, 10, 100_000])
def test_what_cannot_be_read_is_refused_and_brought_anew_though_no_hash_is_known(server, published, tmp_path, kept):
    server.content = published[1][:kept] or b"<html>Come back later</html>"
    with pytest.raises(CheckpointError, match=NAME):
        build()
    assert cached(tmp_path) == []
    server.content = published[1]
    check_weights(build(), published)


def test_weights_that_do_not_fit_are_refused_and_not_kept(server, published, tmp_path):
    with pytest.raises(CheckpointError, match="do not fit"):
        applications.MobileNet(weights="imagenet", **{**OPTIONS, "alpha": 0.5})
    assert cached(tmp_path) == []


def test_a_server_that_falls_silent_is_given_up(server, monkeypatch, tmp_path):
    monkeypatch.setattr(transfers, "SILENCE", 0.1)
    server.pause = 30.0
    started = time.monotonic()
    with pytest.raises(FileAccessError, match="timed out"):
        build()
    assert time.monotonic() - started < 10
    assert NAME not in cached(tmp_path)


def test_a_slow_server_is_waited_for(server, published, monkeypatch):
    monkeypatch.setattr(transfers, "SILENCE", 5.0)
    server.pause = 0.02
    check_weights(build(), published)


def test_without_a_network_the_error_names_the_address_and_what_to_do(server, tmp_path):
    server.server_close()
    with pytest.raises(FileAccessError) as raised:
        build()
    assert server.address + NAME in str(raised.value)
    assert f"put it at {tmp_path / 'models' / NAME}" in str(raised.value)
    assert cached(tmp_path) == []


def test_a_full_disk_is_told_and_left_as_it_was(server, monkeypatch, tmp_path):
    class Full(io.FileIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def opened(path, mode="r", **options):
        return Full(path, mode) if mode == "wb" else open(path, mode, **options)

    monkeypatch.setattr(transfers, "open", opened, raising=False)
    with pytest.raises(FileAccessError, match="Make room"):
        build()
    assert cached(tmp_path) == []
