"""`benchmark` and `kmb bench`: how fast a model trains and predicts on every installed backend.

Each backend, and each way in which it can run, is measured in a process of its own (`measuring`). What was fastest is
noted for `KMB_BACKEND=auto`.
"""

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kmb_core import saving, tree
from kmb_core.backend.foreign import array_of
from kmb_core.errors import StructureError, message
from kmb_core.plugins import Capability, installed_backends
from kmb_core.plugins.discovery import backend_info
from kmb_core.saving.archive import CONFIG, Archive
from kmb_core.saving.copies import own_objects
from kmb_core.saving.fingerprint import fingerprint
from kmb_core.settings.measured import record
from kmb_core.training.shown import Shown

WAYS = {"eager": "eager", "compiled": "compiled", "jit": "jit_compile"}


@dataclass(frozen=True)
class Speed:
    """How fast one thing ran.

    Attributes:
        samples_per_second: of whole batches, median of the rounds.
        milliseconds_per_step: of one batch.
        compile_seconds: how much longer the first step took than a later one.
    """

    samples_per_second: float
    milliseconds_per_step: float
    compile_seconds: float


@dataclass(frozen=True)
class Measurement:
    """One backend, run in one way.

    Attributes:
        backend: its name.
        way: "eager", "compiled" (as `jit_compile="auto"` does it, or as True does where that compiles nothing), or
            "jit_compile" where True is something else again.
        training, inference: the speeds; None for what was not measured: `training_refused` or `error` says why.
        peak_megabytes: the most memory of the whole process, framework included; None where the system does not say.
        load_seconds: time to import the framework.
        error: what kept it from running at all.
    """

    backend: str
    way: str
    training: Speed | None = None
    inference: Speed | None = None
    peak_megabytes: float | None = None
    load_seconds: float = 0.0
    training_refused: str = ""
    error: str = ""


@dataclass(repr=False)
class Benchmark(Shown):
    """What `benchmark` measured; printing it draws a table.

    Attributes:
        model: the model's name.
        batch_size: samples in a step.
        measurements: a `Measurement` for each backend and way.
    """

    model: str
    batch_size: int
    measurements: list[Measurement] = field(default_factory=list)

    def best(self, purpose: str) -> Measurement | None:
        """The fastest of all.

        Args:
            purpose: "training" or "inference".

        Returns:
            None where nothing was measured.
        """
        rows = [row for row in self.measurements if getattr(row, purpose) is not None]
        return max(rows, key=lambda row: getattr(row, purpose).samples_per_second, default=None)

    @property
    def fastest(self) -> str | None:
        """The backend that trains the model fastest, or where nothing was trained, predicts fastest."""
        best = self.best("training") or self.best("inference")
        return None if best is None else best.backend

    def speeds(self, purpose: str) -> dict[str, float]:
        """{backend: samples per second} of each backend's fastest way."""
        found: dict[str, float] = {}
        for row in self.measurements:
            speed = getattr(row, purpose)
            if speed is not None:
                found[row.backend] = max(found.get(row.backend, 0.0), speed.samples_per_second)
        return found

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {"fastest": self.fastest, **asdict(self)}

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(title=f"{self.model}, batches of {self.batch_size}", title_justify="left")
        for column in ("backend", "way"):
            table.add_column(column, no_wrap=True)
        for column in ("training\nsamples/s", "compile\ns", "inference\nsamples/s", "compile\ns", "peak\nMB"):
            table.add_column(column, justify="right", no_wrap=True)
        best = [self.best("training"), self.best("inference")]
        for row in self.measurements:
            if not row.error:
                cells = [*_cells(row.training, row is best[0]), *_cells(row.inference, row is best[1])]
                memory = "–" if row.peak_megabytes is None else f"{row.peak_megabytes:,.0f}"
                table.add_row(row.backend, row.way, *cells, memory)
        return Group(table, *[Text(line, style) for line, style in self._remarks()])

    def _remarks(self) -> Iterator[tuple[str, str]]:
        for row in self.measurements:
            if row.error:
                yield f"{row.backend}, {row.way}: {row.error}", "red"
        refused: dict[str, set[str]] = {}
        for row in self.measurements:
            if row.training_refused:
                refused.setdefault(row.training_refused, set()).add(row.backend)
        for reason, backends in refused.items():
            yield f"Not trained on {', '.join(sorted(backends))}: {reason}.", "dim"
        for purpose in ("training", "inference"):
            best = self.best(purpose)
            if best is not None:
                yield f"Fastest {purpose}: {best.backend}, {best.way}.", "bold"


def benchmark(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    batch_size: int = 32,
    backends: Iterable[str] | None = None,
    ways: Iterable[str] = ("eager", "compiled", "jit"),
    seconds: float = 1.0,
    timeout: float = 600.0,
    length: int = 32,
    remember: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Benchmark:
    """Measure training and inference of a model on several backends, each in a fresh process.

    Args:
        model: a model, or the path of a `.keras` file. It stays as it is.
        x: inputs `(samples, ...)`, nested as the model takes them; random ones when None.
        y: targets likewise; with random inputs random ones that fit the loss.
        batch_size: samples in a step.
        backends: names; all installed ones when None.
        ways: which of "eager", "compiled" and "jit"; the last is measured where `jit_compile="auto"` compiles in
            another way than `jit_compile=True`.
        seconds: how long each figure is measured, after compilation.
        timeout: seconds after which a process is ended.
        length: what stands for open sizes in random inputs.
        remember: whether `KMB_BACKEND=auto` is to know of it (`measured.json` in `KMB_HOME` or `~/.kmb`).
        progress: called with a line before each process is started.

    Returns:
        A `Benchmark`: `fastest` is a backend's name, `measurements` all figures. What fails on one backend is noted
        there and keeps no other from being measured.

    Raises:
        StructureError: where a class or function of the model is defined inside another function, or in an interactive
            session: a fresh process cannot import it.
        UnknownBackendError: for a name in `backends` that is not installed.
    """
    names = sorted(installed_backends()) if backends is None else list(backends)
    infos = {name: backend_info(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="kmb-bench-") as folder:
        request, config = _request(model, folder), _config(model)
        request |= {"batch_size": batch_size, "seconds": seconds, "length": length, "has_data": x is not None}
        if x is not None:
            data = tree.map_structure(_array, (x, y), none_is_leaf=True)
            (Path(folder) / "data.pickle").write_bytes(pickle.dumps(data))
        found = Benchmark(config["config"].get("name") or config["class_name"], batch_size)
        for name in names:
            compiles = infos[name].supports(Capability.JIT)
            found.measurements += _of_backend(name, set(ways), bool(compiles), request, folder, timeout, progress)
    speeds = {purpose: found.speeds(purpose) for purpose in ("training", "inference")}
    if remember and any(speeds.values()):
        record(fingerprint(config), found.model, **speeds)
    return found


def _of_backend(
    name: str,
    ways: set[str],
    compiles: bool,
    request: dict[str, Any],
    folder: str,
    timeout: float,
    progress: Callable[[str], None] | None,
) -> Iterator[Measurement]:
    compiled_fully = not compiles
    for way in ("eager", "compiled", "jit"):
        if way not in ways or (way == "compiled" and not compiles) or (way == "jit" and compiled_fully):
            continue
        if progress is not None:
            progress(f"{name}, {WAYS[way]}")
        result = _in_a_fresh_process({**request, "backend": name, "way": way}, folder, timeout)
        if way == "compiled":
            compiled_fully = result.get("jit_compile", True)
        yield _measurement(name, WAYS[way], result)


def _measurement(name: str, way: str, result: dict[str, Any]) -> Measurement:
    if "error" in result:
        return Measurement(name, way, error=result["error"])
    speeds = {key: Speed(**result[key]) for key in ("training", "inference") if result[key] is not None}
    kept = {key: result[key] for key in ("peak_megabytes", "load_seconds", "training_refused")}
    return Measurement(name, way, **speeds, **kept)


def _array(x: Any) -> Any:
    return None if x is None else array_of(x)


# What the processes are told --------------------------------------------------------------------------------------


def _config(model: Any) -> dict[str, Any]:
    if not isinstance(model, str | os.PathLike):
        return saving.model_to_dict(model)
    with Archive(os.fspath(model), saving.LoadPolicy()) as archive:
        return archive.json(CONFIG)


def _request(model: Any, folder: str) -> dict[str, Any]:
    if isinstance(model, str | os.PathLike):
        return {"model": os.path.abspath(model), "objects": [], "main": None}
    objects = [_importable(thing) for thing in own_objects(model).values()]
    path = os.path.join(folder, "model.keras")
    saving.save_model(model, path)
    needs_main = any(module == "__main__" for module, _ in objects)
    return {"model": path, "objects": objects, "main": sys.modules["__main__"].__file__ if needs_main else None}


def _importable(thing: Any) -> tuple[str, str]:
    """Module and name of a user's class or function."""
    at_hand = thing.__module__ != "__main__" or hasattr(sys.modules["__main__"], "__file__")
    if "<locals>" in thing.__qualname__ or not at_hand:
        what = f"benchmark: a fresh process cannot import {thing.__qualname__}"
        cause = "It is defined inside of a function, or in an interactive session."
        raise StructureError(message(what, cause, "Define it at the top of a module."))
    return thing.__module__, thing.__name__


def _in_a_fresh_process(request: dict[str, Any], folder: str, timeout: float) -> dict[str, Any]:
    place = Path(folder)
    (place / "request.json").write_text(json.dumps(request))
    answer = place / "result.json"
    answer.unlink(missing_ok=True)
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    environment = {**os.environ, "KMB_BACKEND": request["backend"], "PYTHONPATH": paths}
    command = [sys.executable, "-m", "kmb_core.comparison.measuring", folder]
    try:
        finished = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"ended after {timeout:g} seconds"}
    if finished.returncode == 0 and answer.exists():
        return json.loads(answer.read_text())
    if finished.returncode < 0:
        return {"error": f"the process was ended by signal {-finished.returncode} (out of memory?)"}
    return {"error": _last_error(finished.stderr)}


def _last_error(printed: str) -> str:
    """The error at the end of a traceback, without the notes below it."""
    lines = printed.strip().splitlines()
    starts = [i for i, line in enumerate(lines) if line and not line[0].isspace() and ": " in line]
    after = [i for i, line in enumerate(lines) if line.startswith("Traceback")]
    begun = next((i for i in starts if not after or i > after[-1]), None)
    return lines[begun] if begun is not None else (lines[-1] if lines else "no reason given")


def _cells(speed: Speed | None, best: bool) -> list[Any]:
    from rich.text import Text

    if speed is None:
        return ["–", "–"]
    style = "bold green" if best else ""
    return [Text(f"{speed.samples_per_second:,.0f}", style), f"{speed.compile_seconds:.1f}"]
