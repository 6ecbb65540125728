"""get_file against a server on this machine: whole, broken, slow, changed and wrong transfers."""

import errno
import hashlib
import http.server
import io
import os
import threading
import time

import pytest

from kmb_core.errors import CheckpointError, FileAccessError
from kmb_core.utils import get_file, transfers

CONTENT = bytes(range(256)) * 4000  # a megabyte: several reads


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT under every name; its behaviour is set by the test."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.version = '"one"'
        self.cuts = []  # how many bytes each of the next answers ends after
        self.pause = 0.0
        self.status = None
        self.asked = []  # the Range of each request

    def handle_error(self, *arguments):
        """A client that went away is what some tests are about."""

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/file.bin"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        if server.status:
            self.send_error(server.status)
            return
        start = self.start(server)
        self.send_response(206 if start else 200)
        body = server.content[start:]
        self.send_header("Content-Length", str(len(body)))
        if server.version:
            self.send_header("ETag", server.version)
        self.end_headers()
        if server.cuts:
            body = body[: server.cuts.pop(0)]
        for place in range(0, len(body), 2**16):
            self.wfile.write(body[place : place + 2**16])
            time.sleep(server.pause)

    def start(self, server):
        asked = self.headers.get("Range")
        return int(asked[6:-1]) if asked and self.headers.get("If-Range") == server.version else 0

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(transfers, "PAUSE", 0.0)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fetch(server, tmp_path):
    def fetch(fname=None, **options):
        return get_file(fname, origin=server.address, cache_dir=tmp_path, **options)

    return fetch


def read(path):
    with open(path, "rb") as file:
        return file.read()


def leftovers(folder):
    return sorted(name for _, _, names in os.walk(folder) for name in names if ".partial" in name)


def test_a_file_is_brought_once(fetch, server, tmp_path, capsys):
    path = fetch()
    assert path == os.fspath(tmp_path / "datasets" / "file.bin")
    assert read(path) == CONTENT
    assert fetch() == path
    assert server.asked == [None]
    out = capsys.readouterr().out
    assert f"Downloading data from {server.address}" in out
    assert "1.024 MB/1.024 MB" in out
    assert leftovers(tmp_path) == []


def test_it_is_brought_again_when_asked(fetch, server):
    fetch()
    server.content = b"new"
    assert read(fetch(force_download=True)) == b"new"


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_the_right_hash_passes_and_a_wrong_one_leaves_nothing(fetch, tmp_path, algorithm):
    right = hashlib.new(algorithm, CONTENT).hexdigest()
    assert read(fetch("a", file_hash=right)) == CONTENT
    assert read(fetch("b", file_hash=right.upper(), hash_algorithm=algorithm)) == CONTENT
    wrong = right[::-1]
    with pytest.raises(CheckpointError, match=f"{algorithm} {right}, expected {wrong}"):
        fetch("c", file_hash=wrong)
    assert not os.path.exists(tmp_path / "datasets" / "c")
    assert leftovers(tmp_path) == []


def test_a_cached_file_that_was_damaged_is_brought_anew(fetch, capsys):
    right = hashlib.md5(CONTENT).hexdigest()
    path = fetch(md5_hash=right)
    with open(path, "wb") as file:
        file.write(b"damaged")
    assert read(fetch(md5_hash=right)) == CONTENT
    assert "another md5 hash" in capsys.readouterr().out


def test_a_broken_connection_is_taken_up_where_it_broke(fetch, server):
    server.cuts = [300_000, 200_000]
    assert read(fetch()) == CONTENT
    starts = [int(asked[6:-1]) for asked in server.asked[1:]]
    assert server.asked[0] is None
    assert starts == [300_000, 500_000]


def test_what_broke_for_good_is_kept_for_the_next_call_but_not_in_place(fetch, server, tmp_path):
    server.cuts = [100_000] * transfers.ATTEMPTS
    with pytest.raises(FileAccessError, match="connection ended"):
        fetch()
    assert not os.path.exists(tmp_path / "datasets" / "file.bin")
    assert "file.bin.partial" in leftovers(tmp_path)
    assert read(fetch()) == CONTENT
    assert server.asked[-1] == f"bytes={100_000 * transfers.ATTEMPTS}-"
    assert leftovers(tmp_path) == []


def test_a_file_that_changed_meanwhile_is_begun_again(fetch, server):
    server.cuts = [100_000] * transfers.ATTEMPTS
    with pytest.raises(FileAccessError):
        fetch()
    server.content, server.version = CONTENT[::-1], '"two"'
    assert read(fetch()) == CONTENT[::-1]


@pytest.mark.parametrize("version", ["", 'W/"weak"'])
def test_without_a_sure_version_nothing_is_joined(fetch, server, version):
    server.version = version
    server.cuts = [100_000]
    assert read(fetch()) == CONTENT
    assert server.asked == [None, None]


def test_a_slow_server_is_waited_for_and_a_silent_one_is_not(fetch, server, monkeypatch):
    server.pause = 0.01
    assert read(fetch("slow")) == CONTENT
    monkeypatch.setattr(transfers, "SILENCE", 0.1)
    server.pause = 30.0
    started = time.monotonic()
    with pytest.raises(FileAccessError, match="timed out"):
        fetch("silent")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (503, transfers.ATTEMPTS)])
def test_an_error_of_the_server_is_told(fetch, server, status, requests):
    server.status = status
    with pytest.raises(FileAccessError, match=f"HTTP status {status}"):
        fetch()
    assert len(server.asked) == requests


def test_what_to_do_is_said_when_nothing_came(fetch, server, tmp_path):
    server.server_close()  # nobody listens at the address any more
    with pytest.raises(FileAccessError) as raised:
        fetch()
    assert server.address in str(raised.value)
    assert os.fspath(tmp_path / "datasets" / "file.bin") in str(raised.value)
    assert "is kept" not in str(raised.value)


def test_a_full_disk_is_told_at_once_and_left_as_it_was(fetch, server, tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, data):
            if self.tell() + len(data) > 500_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    def opened(path, mode="r", **options):
        return Full(path, mode) if mode in ("wb", "ab") else open(path, mode, **options)

    monkeypatch.setattr(transfers, "open", opened, raising=False)
    with pytest.raises(FileAccessError, match="KMB_HOME") as raised:
        fetch()
    assert os.strerror(errno.ENOSPC) in str(raised.value)
    assert len(server.asked) == 1
    assert os.listdir(tmp_path / "datasets") == ["file.bin.lock"]


def test_threads_that_want_the_same_file_bring_it_once(fetch, server):
    server.pause = 0.001
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(fetch())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [read(path) == CONTENT for path in paths] == [True] * 4
    assert server.asked == [None]


def test_a_file_of_this_machine_is_an_address_too(tmp_path):
    source = tmp_path / "a b.txt"
    source.write_text("text")
    path = get_file(origin=source.as_uri(), cache_dir=tmp_path, cache_subdir="x/y")
    assert path == os.fspath(tmp_path / "x" / "y" / "a b.txt")
    assert read(path) == b"text"
    with pytest.raises(FileAccessError, match="cannot be downloaded"):
        get_file(origin=(tmp_path / "none").as_uri(), cache_dir=tmp_path)


def test_the_cache_is_the_folder_of_the_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("KMB_HOME", os.fspath(tmp_path / "home"))
    (tmp_path / "x").write_text("text")
    assert get_file(origin=(tmp_path / "x").as_uri()) == os.fspath(tmp_path / "home" / "datasets" / "x")


def test_a_cache_that_is_no_folder_is_said(fetch, tmp_path):
    (tmp_path / "datasets").write_text("in the way")
    with pytest.raises(FileAccessError, match="KMB_HOME"):
        fetch()


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/b", "..", "a\\b"])
def test_a_name_is_no_path(fetch, name):
    with pytest.raises(ValueError, match="without folders"):
        fetch(name)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"file_hash": "abc"}, "a hash of 3 digits"),
        ({"file_hash": "0" * 64, "hash_algorithm": "crc"}, "hash_algorithm"),
        ({"extract": True, "archive_format": "rar"}, "archive_format"),
    ],
)
def test_wrong_options_are_named(fetch, options, text):
    with pytest.raises(ValueError, match=text):
        fetch(**options)


def test_wrong_addresses_are_refused(tmp_path):
    with pytest.raises(ValueError, match="origin"):
        get_file("x")
    with pytest.raises(ValueError, match="begins with http"):
        get_file("x", "gopher://x/y", cache_dir=tmp_path)
    with pytest.raises(TypeError, match="got int"):
        get_file(3, "file:///x", cache_dir=tmp_path)
    with pytest.raises(ValueError, match="without folders"):
        get_file(origin="http://127.0.0.1/", cache_dir=tmp_path)
