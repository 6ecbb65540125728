"""The logs of each epoch as a line of a CSV file.

The file is written anew at each epoch, so that it is there whole whenever a process ends, or the disk is full.
"""

import csv
import io
import os
from typing import Any, TextIO, cast

from kmb_core.saving.atomic import atomic_file
from kmb_core.training.callbacks.callback import Callback, LogValues


class CSVLogger(Callback):
    """Writes the logs of each epoch to a file, so that it can be read while training goes on.

    Args:
        filename: path of the file.
        separator: what stands between two values.
        append: True to go on with a file that exists.

    Raises:
        FileAccessError: in `fit`, where the file cannot be written; what it held is as it was.

    Example:
        >>> CSVLogger("training.csv").sep
        ','
    """

    def __init__(self, filename: str | os.PathLike, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.writer: Any = None
        self.keys: list[str] | None = None
        self.append_header = True
        self.csv_file: TextIO | None = None

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Begin the file, or read what it holds."""
        exists = os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.append_header = not (self.append and exists)
        self.keys = self._keys_of_file() if self.append and exists else None
        self.csv_file = io.StringIO(newline="")  # what the file holds, until on_train_end
        if self.append and exists:
            with open(self.filename, newline="", encoding="utf-8") as file:
                text = file.read()
            self.csv_file.write(text if text.endswith("\n") else f"{text}\n")
        self._write()

    def _write(self) -> None:
        text = cast(io.StringIO, self.csv_file).getvalue()
        with atomic_file(self.filename) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            file.write(text)

    def _keys_of_file(self) -> list[str] | None:
        with open(self.filename, newline="", encoding="utf-8") as file:
            header = next(csv.reader(file, delimiter=self.sep), [])
        return header[1:] if header[:1] == ["epoch"] else None

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Add a line. The columns are those of the first epoch and of the validation."""
        if self.csv_file is None:
            self.on_train_begin()  # used without a run of `fit` around it
        values = dict(logs or {})
        if self.writer is None:
            self._begin_table(values)
        row = {name: _cell(values.get(name, "NA")) for name in self.keys or ()}
        self.writer.writerow({"epoch": epoch, **row})
        self._write()

    def _begin_table(self, values: dict[str, Any]) -> None:
        if self.keys is None:
            self.keys = sorted(values)
            # Validation may come only every few epochs; its columns are there from the start.
            if not any(name.startswith("val_") for name in self.keys):
                self.keys += ["val_" + name for name in self.keys]
        self.writer = csv.DictWriter(cast(TextIO, self.csv_file), ["epoch", *self.keys], delimiter=self.sep)
        if self.append_header:
            self.writer.writeheader()

    def on_train_end(self, logs: LogValues = None) -> None:
        """Forget what the file holds."""
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = None
        self.writer = None


def _cell(value: Any) -> Any:
    if hasattr(value, "tolist") and hasattr(value, "ndim") and value.ndim > 0:
        return "[" + ", ".join(map(str, value.tolist())) + "]"
    return value
