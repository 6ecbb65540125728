"""Send what an epoch brought to a server."""

import json
import urllib.error
import urllib.parse
import urllib.request
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from kmb_core.training.callbacks.callback import Callback, LogValues


class RemoteMonitor(Callback):
    """Posts `{"epoch": number, name: value, ...}` to a server after each epoch.

    A server that does not answer is a warning, not the end of the training.

    Args:
        root: address of the server, http or https.
        path: path on it.
        field: name of the form's field that holds the JSON text; not used with `send_as_json`.
        headers: HTTP headers.
        send_as_json: True to send the JSON itself, as application/json.

    Raises:
        ValueError: for an address that is neither http nor https.

    Example:
        >>> RemoteMonitor(path="/epochs/").root
        'http://localhost:9000'
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        if urllib.parse.urlsplit(root).scheme not in ("http", "https"):
            raise ValueError(f"RemoteMonitor: root is an address that begins with http:// or https://, got {root!r}")
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Send the values."""
        text = json.dumps({"epoch": epoch, **{name: _plain(value) for name, value in (logs or {}).items()}})
        if self.send_as_json:
            body, kind = text.encode(), "application/json"
        else:
            body, kind = urllib.parse.urlencode({self.field: text}).encode(), "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, **(self.headers or {})}
        request = urllib.request.Request(self.root + self.path, body, headers, method="POST")
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError as error:
            warnings.warn(f"RemoteMonitor: {self.root} answered {error.code} {error.reason}", stacklevel=2)
        except OSError as error:
            warnings.warn(f"RemoteMonitor: could not reach {self.root}: {error}", stacklevel=2)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
