"""The logs of each epoch as a line of a CSV file."""

import csv
import os
from typing import Any, TextIO, cast

from kmb_core.training.callbacks.callback import Callback, LogValues


class CSVLogger(Callback):
    """Writes the logs of each epoch to a file, so that it can be read while training goes on.

    Args:
        filename: path of the file.
        separator: what stands between two values.
        append: True to go on with a file that exists.

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
        """Open the file."""
        exists = os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.append_header = not (self.append and exists)
        self.keys = self._keys_of_file() if self.append and exists else None
        # Stays open until on_train_end: a line is added at each epoch.
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115

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
        cast(TextIO, self.csv_file).flush()

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
        """Close the file."""
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = None
        self.writer = None


def _cell(value: Any) -> Any:
    if hasattr(value, "tolist") and hasattr(value, "ndim") and value.ndim > 0:
        return "[" + ", ".join(map(str, value.tolist())) + "]"
    return value
