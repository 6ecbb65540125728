"""Event files, as TensorBoard reads them, written without TensorFlow.

The package tensorboard has the protobufs and the framing of records. Its `EventFileWriter` is not used: it opens files
through TensorFlow where that is installed, and so imports it.
"""

import itertools
import os
import socket
import struct
import time
import weakref
import zlib
from typing import Any

import numpy as np

from kmb_core._optional import optional
from kmb_core.errors import ShapeError, message

_numbers = itertools.count()  # two files begun in one second by one process


def part(module: str) -> Any:
    """A module of the package tensorboard.

    Args:
        module: dotted name below `tensorboard`.

    Raises:
        ImportError: when it is not installed, with the command that installs it.
    """
    return optional(f"tensorboard.{module}", "tensorboard", "tensorboard", "callbacks.TensorBoard")


class EventFile:
    """Writes scalars, histograms, images and texts into an event file of a folder; the file is begun at the first.

    Args:
        folder: where the file goes; made when needed.

    Raises:
        ImportError: when the package tensorboard is not installed.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = os.fspath(folder)
        self._events = part("compat.proto.event_pb2")
        self._summaries = part("compat.proto.summary_pb2")
        self._records: Any = None

    def scalar(self, name: str, data: Any, step: int) -> None:
        """Add a number.

        Args:
            name: its tag.
            data: a number or a scalar tensor.
            step: place on the horizontal axis.
        """
        self._write(part("plugins.scalar.summary_v2").scalar_pb(name, float(data)), step)

    def histogram(self, name: str, data: Any, step: int) -> None:
        """Add the distribution of the finite values of an array.

        Args:
            name: its tag.
            data: array of any shape.
            step: place on the axis of time.
        """
        values = np.asarray(data).astype("float64").ravel()
        self._write(part("plugins.histogram.summary_v2").histogram_pb(name, values[np.isfinite(values)]), step)

    def text(self, name: str, data: str, step: int) -> None:
        """Add a text.

        Args:
            name: its tag.
            data: Markdown.
            step: place on the axis of time.
        """
        self._write(part("plugins.text.summary_v2").text_pb(name, data), step)

    def image(self, name: str, data: Any, step: int, max_outputs: int = 3) -> None:
        """Add images.

        Args:
            name: their tag.
            data: `(count, height, width, channels)` with 1, 3 or 4 channels; uint8, or floats from 0 to 1.
            step: place on the axis of time.
            max_outputs: how many of them are kept.

        Raises:
            ShapeError: for other shapes.
        """
        images = np.asarray(data)
        if images.ndim != 4 or images.shape[-1] not in (1, 3, 4):
            what = f"TensorBoard: image {name!r} has shape {images.shape}; expected (count, height, width, channels)"
            raise ShapeError(message(what, "Channels are 1, 3 or 4.", "Add the axes that are missing."))
        if images.dtype != np.uint8:
            images = (np.clip(np.nan_to_num(images.astype("float32")), 0, 1) * 255).astype("uint8")
        sizes = [str(size).encode() for size in images.shape[2:0:-1]]
        texts = [*sizes, *(png(image) for image in images[:max_outputs])]
        metadata = part("plugins.image.metadata").create_summary_metadata(display_name=None, description=None)
        self._write(self._strings(name, texts, metadata, [len(texts)]), step)

    def model(self, name: str, description: str, step: int = 0) -> None:
        """Add a model for TensorBoard's view of graphs.

        Args:
            name: its tag.
            description: the model's JSON.
            step: place on the axis of time.
        """
        plugin = self._summaries.SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        metadata = self._summaries.SummaryMetadata(plugin_data=plugin)
        self._write(self._strings(name, [description.encode()], metadata, []), step)

    def _strings(self, name: str, texts: list[bytes], metadata: Any, shape: list[int]) -> Any:
        shapes, kinds = part("compat.proto.tensor_shape_pb2"), part("compat.proto.types_pb2")
        sizes = [shapes.TensorShapeProto.Dim(size=size) for size in shape]
        tensor = part("compat.proto.tensor_pb2").TensorProto(
            dtype=kinds.DT_STRING, tensor_shape=shapes.TensorShapeProto(dim=sizes), string_val=texts
        )
        value = self._summaries.Summary.Value(tag=name, metadata=metadata, tensor=tensor)
        return self._summaries.Summary(value=[value])

    def _write(self, summary: Any, step: int) -> None:
        if self._records is None:
            self._begin()
        event = self._events.Event(wall_time=time.time(), step=int(step), summary=summary)
        self._records.write(event.SerializeToString())

    def _begin(self) -> None:
        os.makedirs(self.folder, exist_ok=True)
        mark = f"{time.time():.0f}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
        file = open(os.path.join(self.folder, f"events.out.tfevents.{mark}.v2"), "wb")  # noqa: SIM115  # see `close`
        weakref.finalize(self, file.close)  # after a training that was interrupted
        self._records = part("summary.writer.record_writer").RecordWriter(file)
        first = self._events.Event(wall_time=time.time(), file_version="brain.Event:2")
        self._records.write(first.SerializeToString())

    def flush(self) -> None:
        """Let a TensorBoard that is looking on see everything."""
        if self._records is not None:
            self._records.flush()

    def close(self) -> None:
        """End the file; what comes later goes into another."""
        if self._records is not None:
            self._records.close()
            self._records = None


_COLOURS = {1: 0, 3: 2, 4: 6}  # channels → the colour type of PNG


def png(image: np.ndarray) -> bytes:
    """An image as a PNG file (RFC 2083), so that none of the packages for images is needed.

    Args:
        image: `(height, width, channels)` of uint8 with 1, 3 or 4 channels.
    """
    height, width, channels = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    rows = np.zeros((height, 1 + width * channels), "uint8")  # each row begins with its filter, 0 for none
    rows[:, 1:] = image.reshape(height, -1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
