"""What a dry run of `fit` found, and how it is shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core.dtypes import standardize_dtype
from kmb_core.training.memory import size_text
from kmb_core.training.shown import Shown


@dataclass(frozen=True)
class Part:
    """One array of a batch, or one output: shape, dtype and size in bytes (0 where it is not known)."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    size: int = 0

    @classmethod
    def of(cls, name: str, value: Any) -> "Part":
        """The part for an array, a tensor or a symbolic tensor."""
        value = value if hasattr(value, "shape") else np.asarray(value)
        shape = tuple(value.shape)
        known = isinstance(value, np.ndarray)
        return cls(name, shape, standardize_dtype(value.dtype), value.nbytes if known else _size(shape, value.dtype))


def _size(shape: tuple[Any, ...], dtype: Any) -> int:
    name = standardize_dtype(dtype)
    bits = "".join(filter(str.isdigit, name.partition("_")[0]))
    each = 1 if name == "bool" or name.startswith("float8") else int(bits or 0) // 8
    for size in shape:
        each *= size or 0
    return each


@dataclass(frozen=True)
class Passed:
    """One batch that went through: its parts and the outputs, the logs, and the seconds that its step took."""

    parts: list[Part]
    logs: dict[str, Any]
    seconds: float


@dataclass(frozen=True, repr=False)
class DryRun(Shown):
    """What `fit(dry_run=True)` found; printing it draws a table.

    Attributes:
        model, backend: their names.
        training: what happened to a batch of training.
        validation: likewise; None without validation data.
        memory: bytes of "weights", "gradients" and "optimizer".
        device_peak: the most bytes that the framework has held on an accelerator so far; None on a processor.
        process_peak: the most bytes that the process has held so far; None where the system does not say.
        taken_from: kinds of the iterators that a batch was taken from for good.
    """

    width = 80

    model: str
    backend: str
    training: Passed
    validation: Passed | None
    memory: dict[str, int]
    device_peak: int | None
    process_peak: int | None
    taken_from: list[str]

    @property
    def logs(self) -> dict[str, Any]:
        """Loss and metrics of both batches, named as in a History: "loss", "val_loss"."""
        validated = {} if self.validation is None else self.validation.logs
        return self.training.logs | {f"val_{name}": value for name, value in validated.items()}

    def __repr__(self) -> str:
        return f"DryRun(model={self.model!r}, logs={self.logs!r})"

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.padding import Padding
        from rich.text import Text

        drawn: list[Any] = [Text(f"Dry run of {self.model!r} on {self.backend}: nothing was trained", "bold")]
        for title, passed in (("Training", self.training), ("Validation", self.validation)):
            if passed is not None:
                drawn += [_table(title, passed.parts), *(Padding(Text(line), (0, 2)) for line in _results(passed))]
        return Group(*drawn, *map(Text, self._remarks()))

    def _remarks(self) -> Iterator[str]:
        sizes = {**self.memory, "batch": sum(part.size for part in self.training.parts)}
        yield "Memory: " + ", ".join(f"{name} {size_text(size)}" for name, size in sizes.items())
        peaks = {"on the device": self.device_peak, "of the process": self.process_peak}
        known = [f"{size_text(size)} {where}" for where, size in peaks.items() if size is not None]
        if known:
            yield f"Peak so far: {', '.join(known)}"
        for kind in self.taken_from:
            yield f"A batch was taken from the {kind}: it cannot be begun again."


def _table(title: str, parts: list[Part]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for header in (title, "Shape", "Dtype"):
        table.add_column(header, overflow="fold")
    for part in parts:
        table.add_row(*map(Text, (part.name, str(part.shape), part.dtype)))
    return table


def _results(passed: Passed) -> Iterator[str]:
    yield ", ".join(f"{name} {_number(value)}" for name, value in passed.logs.items())
    yield f"First step: {passed.seconds:.2f} s, compilation included"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
