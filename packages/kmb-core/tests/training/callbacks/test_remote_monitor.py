import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from kmb_core.callbacks import RemoteMonitor


@pytest.fixture
def server():
    """A server that notes what it is sent, and answers with `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            server.seen.append((self.path, self.headers, body))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.status = [], 200
    server.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_values_come_as_a_field_of_a_form(server):
    RemoteMonitor(server.address, field="values").on_epoch_end(3, {"loss": 0.5, "rates": np.array([1.0, 2.0])})
    path, headers, body = server.seen[0]
    assert path == "/publish/epoch/end/"
    sent = urllib.parse.parse_qs(body)["values"][0]
    assert json.loads(sent) == {"epoch": 3, "loss": 0.5, "rates": [1.0, 2.0]}
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_values_come_as_json_with_headers(server):
    monitor = RemoteMonitor(server.address, "/here", headers={"Token": "abc"}, send_as_json=True)
    monitor.on_epoch_end(0, {"loss": np.float32(0.25)})
    path, headers, body = server.seen[0]
    assert (path, json.loads(body)) == ("/here", {"epoch": 0, "loss": 0.25})
    assert (headers["Token"], headers["Content-Type"]) == ("abc", "application/json")


def test_a_server_that_refuses_is_a_warning(server):
    server.status = 503
    with pytest.warns(UserWarning, match="answered 503"):
        RemoteMonitor(server.address).on_epoch_end(0, {})


def test_no_server_is_a_warning():
    with pytest.warns(UserWarning, match="could not reach"):
        RemoteMonitor("http://127.0.0.1:1").on_epoch_end(0, {"loss": 1.0})


def test_an_address_of_a_file_is_refused():
    with pytest.raises(ValueError, match="http"):
        RemoteMonitor("file:///tmp")
