"""Write what a training does for TensorBoard."""

import os
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kmb_core.errors import StructureError, message
from kmb_core.layers.core.embedding import Embedding
from kmb_core.saving.atomic import atomic_file
from kmb_core.training.callbacks.callback import Callback, LogValues
from kmb_core.training.callbacks.event_file import EventFile, part
from kmb_core.training.callbacks.learning_rate_scheduler import learning_rate_of
from kmb_core.training.callbacks.weight_images import weight_images


class TensorBoard(Callback):
    """Writes metrics, weights, the model and profiles into files that TensorBoard shows.

    Look at them, during the training too, with `tensorboard --logdir=logs`. Training is written below `log_dir/train`,
    validation and `evaluate` below `log_dir/validation`. Needs the package tensorboard, without TensorFlow.

    Args:
        log_dir: folder of the files; a new one for each training keeps them apart.
        histogram_freq: epochs between histograms of the weights; 0 for none.
        write_graph: whether the model's layers are written.
        write_images: whether weights are written as images too, whenever histograms are.
        write_steps_per_second: whether the steps in each second are written.
        update_freq: `"epoch"`, `"batch"`, or a number of batches between the metrics of batches.
        profile_batch: the batch to profile, or the first and the last of several, as `(10, 20)` or `"10,20"`; counted
            from 1; 0 for none. The backend's own profiler writes it.
        embeddings_freq: epochs between the tables of `Embedding` layers; 0 for none.
        embeddings_metadata: file below `log_dir` with a label for each row of a table, or a mapping from names of
            layers to such files.

    Raises:
        StructureError: for an `update_freq` or a `profile_batch` that is none, or metadata of layers that are not
            there.
        ImportError: in `fit` and `evaluate`, where the package tensorboard is not installed.

    Example:
        >>> TensorBoard("logs/first", update_freq=100).update_freq
        100
    """

    def __init__(
        self,
        log_dir: str | os.PathLike = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: int | str | Sequence[int] = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        if self.update_freq != "epoch" and not _is_count(self.update_freq, 1):
            what = f"TensorBoard: update_freq is {update_freq!r}; expected 'epoch', 'batch' or a number of batches."
            raise StructureError(message(what))
        self._profiled = _batch_range(profile_batch)
        self._files: dict[str, EventFile] = {}
        self._pace = _Pace()
        self._stop_profile: Any = None
        self._trains = False
        self._batches = 0
        self._batch_of_last_call = -1

    @property
    def _watches_batches(self) -> bool:  # type: ignore[override]  # here it depends on arguments
        return self.update_freq != "epoch" or self._profiled is not None

    @property
    def summary(self) -> EventFile:
        """The file of the training: other callbacks may add `scalar`, `histogram`, `image` and `text` to it."""
        return self._file("train")

    def _file(self, run: str) -> EventFile:
        if run not in self._files:
            self._files[run] = EventFile(os.path.join(self.log_dir, run))
        return self._files[run]

    def _close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()

    def set_model(self, model: Any) -> None:
        """Take the model, and check what was said of its embeddings.

        Args:
            model: the model that is trained.

        Raises:
            StructureError: for metadata of a layer that is no embedding of the model.
            ImportError: where the package tensorboard is not installed.
        """
        super().set_model(model)
        part("compat.proto.event_pb2")  # said before the first epoch, not after it
        if self.embeddings_freq:
            self._configure_projector()

    # Moments of a training --------------------------------------------------------------------------------------------

    def on_train_begin(self, logs: LogValues = None) -> None:
        """Write the model."""
        self._trains, self._batches = True, 0
        if self._profiled is not None and "start_profile" not in self.model._backend.kernels:
            self._profiled = None
            what = f"TensorBoard: the {self.model._backend.name} backend has no profiler, so profile_batch is ignored"
            warnings.warn(what, stacklevel=2)
        if self.write_graph:
            self._write_model()

    def on_epoch_begin(self, epoch: int, logs: LogValues = None) -> None:
        """Note when it begins."""
        self._batch_of_last_call = -1
        if self.write_steps_per_second:
            self._pace.begin(self._iterations())

    def on_train_batch_begin(self, batch: int, logs: LogValues = None) -> None:
        """Begin the profile, if it is this batch's turn."""
        if self._profiled is not None and self._stop_profile is None and self._profiled[0] == self._batches + 1:
            self._stop_profile = self.model._backend.kernels["start_profile"](os.path.join(self.log_dir, "train"))

    def on_train_batch_end(self, batch: int, logs: LogValues = None) -> None:
        """Write the metrics of the batch, if `update_freq` batches have passed, and end the profile."""
        before = self._batches
        self._batches += batch - self._batch_of_last_call  # several with steps_per_execution
        self._batch_of_last_call = batch
        if self._profiled is not None and self._batches >= self._profiled[1]:
            self._end_profile()
        if isinstance(self.update_freq, int) and self._batches // self.update_freq > before // self.update_freq:
            self._write_batch(logs or {})

    def _write_batch(self, logs: Any) -> None:
        if self.write_steps_per_second:
            self.summary.scalar("batch_steps_per_second", self._pace.of_batches(self._batches), self._batches)
        _write_scalars(self.summary, "batch_{}", logs, self._batches)

    def on_epoch_end(self, epoch: int, logs: LogValues = None) -> None:
        """Write the metrics of training and validation, and the weights, if it is their turn."""
        values = dict(logs or {})
        training = {name: value for name, value in values.items() if not name.startswith("val_")}
        validation = {name[4:]: value for name, value in values.items() if name.startswith("val_")}
        training.setdefault("learning_rate", learning_rate_of(self.model))
        if self.write_steps_per_second:
            training["steps_per_second"] = self._pace.of_epoch(self._iterations())
        _write_scalars(self.summary, "epoch_{}", training, epoch)
        if validation:
            _write_scalars(self._file("validation"), "epoch_{}", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()
        for file in self._files.values():
            file.flush()

    def on_train_end(self, logs: LogValues = None) -> None:
        """End the files."""
        self._end_profile()
        self._close()
        self._trains = False

    def on_test_end(self, logs: LogValues = None) -> None:
        """Write the metrics of a validation, or of `evaluate`, over the steps of the optimizer."""
        if getattr(self.model, "optimizer", None) is not None:
            file = self._file("validation")
            _write_scalars(file, "evaluation_{}_vs_iterations", logs or {}, self._iterations())
            file.flush()
        if not self._trains:
            self._close()

    def _iterations(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def _end_profile(self) -> None:
        if self._stop_profile is not None:
            stop, self._stop_profile, self._profiled = self._stop_profile, None, None
            stop()

    # What is written of a model ---------------------------------------------------------------------------------------

    def _write_model(self) -> None:
        try:
            description = self.model.to_json()
        except (NotImplementedError, TypeError, ValueError) as error:
            warnings.warn(f"TensorBoard: the model has no JSON, so its graph is left out: {error}", stacklevel=3)
        else:
            self.summary.model("keras", description)

    def _write_weights(self, epoch: int) -> None:
        for variable in {id(one): one for one in self.model.weights}.values():
            value = variable.numpy().astype("float32")
            self.summary.histogram(f"{variable.path}/histogram", value, epoch)
            images = weight_images(value) if self.write_images else None
            if images is not None:
                self.summary.image(f"{variable.path}/image", images, epoch)

    def _embeddings(self) -> dict[str, Embedding]:
        return {layer.name: layer for layer in self.model._flatten_layers() if isinstance(layer, Embedding)}

    def _configure_projector(self) -> None:
        labels = self._labels()
        config = part("plugins.projector.projector_config_pb2").ProjectorConfig()
        for name in self._embeddings():
            table = config.embeddings.add(tensor_name=f"{name}/embeddings", tensor_path=_table_path(name))
            if name in labels:
                table.metadata_path = labels[name]
        os.makedirs(self.log_dir, exist_ok=True)
        path = os.path.join(self.log_dir, "projector_config.pbtxt")
        with atomic_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
            file.write(str(config))

    def _labels(self) -> dict[str, str]:
        names, given = list(self._embeddings()), self.embeddings_metadata
        if not isinstance(given, Mapping):
            return dict.fromkeys(names, os.fspath(given)) if given is not None else {}
        unknown = sorted(set(given) - set(names))
        if unknown:
            what = f"TensorBoard: embeddings_metadata names {', '.join(unknown)}; expected names of Embedding layers"
            raise StructureError(message(what, f"The model has: {', '.join(names) or 'none'}.", None))
        return {name: os.fspath(path) for name, path in given.items()}

    def _write_embeddings(self) -> None:
        for name, layer in self._embeddings().items():
            path = os.path.join(self.log_dir, _table_path(name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with atomic_file(path) as temporary:
                np.savetxt(temporary, layer.embeddings.numpy().astype("float32"), fmt="%.8g", delimiter="\t")


class _Pace:
    """Steps in a second. An object, so that no backup takes the clock of one process into another."""

    def begin(self, iterations: int) -> None:
        self.iterations, self.batches = iterations, 0
        self.epoch_began = self.last = time.perf_counter()

    def of_epoch(self, iterations: int) -> float:
        return (iterations - self.iterations) / max(time.perf_counter() - self.epoch_began, 1e-9)

    def of_batches(self, batches: int) -> float:
        now = time.perf_counter()
        pace = (batches - self.batches) / max(now - self.last, 1e-9)
        self.batches, self.last = batches, now
        return pace


def _table_path(name: str) -> str:
    return f"embeddings/{name.replace('/', '_')}.tsv"




def _write_scalars(file: EventFile, tag: str, values: Mapping[str, Any], step: int) -> None:
    for name, value in values.items():
        if np.ndim(value) == 0:  # a metric of several numbers has no place on a curve
            file.scalar(tag.format(name), value, step)


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _batch_range(given: Any) -> tuple[int, int] | None:
    """First and last batch; None for no profile."""
    numbers = given
    if isinstance(given, str):
        words = [word.strip() for word in given.split(",")]
        numbers = [int(word) for word in words] if all(word.isdigit() for word in words) else None
    if not isinstance(numbers, Sequence) or len(numbers) == 1:
        first = last = numbers[0] if isinstance(numbers, Sequence) else numbers
        good = _is_count(first, 0)
    else:
        first, last = numbers if len(numbers) == 2 else (None, None)
        good = _is_count(first, 1) and _is_count(last, 1) and first <= last
    if not good:
        what = f"TensorBoard: profile_batch is {given!r}; expected a number, or the first and the last of several."
        raise StructureError(message(what))
    return (first, last) if last else None
