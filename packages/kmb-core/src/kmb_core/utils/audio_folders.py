"""Datasets of the sounds in a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core.data.formats import FORMATS
from kmb_core.data.samples import ArraySpec
from kmb_core.data.waves import resampled, wave
from kmb_core.errors import ShapeError, message
from kmb_core.utils.folders import INFERRED, Files, FileSamples, FolderArguments, content, datasets

ENDINGS = (".wav",)
_WHERE = "audio_dataset_from_directory"


def audio_dataset_from_directory(
    directory: Any,
    labels: Any = INFERRED,
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """Batches of sounds, read from the WAV files of a folder while they are needed.

    Args:
        directory: the folder; with inferred labels it has a subfolder for each class.
        labels: "inferred" for the subfolders, a list of whole numbers for the files in the order of their paths, or
            None for sounds alone.
        label_mode: "int" gives int32 `(batch,)`, "categorical" float32 `(batch, classes)`, "binary" float32
            `(batch, 1)`, None no labels.
        class_names: the subfolders to read, in the order of their numbers; all, sorted, when None.
        batch_size: sounds in a batch; None gives single sounds.
        sampling_rate: steps per second that sounds are brought to; as they are when None.
        output_sequence_length: steps that each sound is cut or filled up with zeros to; when None, those of the longest
            one in each batch.
        ragged: leave the lengths as they are: a ragged tensor of TensorFlow, an array of arrays elsewhere.
        shuffle: whether each epoch has a new order; else the files are sorted.
        seed: seed of the orders, needed to split shuffled files.
        validation_split: share of the files that is kept for validation.
        subset: "training", "validation" or "both", which gives two datasets.
        follow_links: whether links to folders are followed.
        verbose: whether the number of files is shown.

    Returns:
        A dataset of float32 sounds `(batch, steps, channels)` between -1 and 1, with labels beside them; or two: a
        `tf.data.Dataset` on the TensorFlow backend, a `BatchLoader` on all others. It has the attributes `class_names`
        and `file_paths`.

    Raises:
        ValueError: for arguments that do not go together, and when there are no files.
        CheckpointError: when a file that is read is damaged, or compressed.
    """
    if ragged and output_sequence_length is not None:
        raise ValueError(f"{_WHERE}: ragged=True and output_sequence_length exclude each other")
    _check_number("sampling_rate", sampling_rate, 1)
    _check_number("output_sequence_length", output_sequence_length, 0)
    arguments = FolderArguments(
        where=_WHERE,
        directory=directory,
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        verbose=verbose,
        format=FORMATS[0],
    )
    reader = SoundReader(sampling_rate, output_sequence_length)
    return datasets(arguments, ENDINGS, lambda files: SoundSamples(files, reader, ragged))


def _check_number(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise ValueError(f"{_WHERE}: {name} is a number from {least}, got {value}")


@dataclass(frozen=True)
class SoundReader:
    """Reads a WAV file as a float32 array `(steps, channels)`.

    Args:
        sampling_rate: steps per second, or None.
        length: steps, or None.
    """

    sampling_rate: int | None
    length: int | None

    def __call__(self, path: str) -> np.ndarray:
        """Read a file."""
        sound, rate = wave(content(path), path)
        if self.sampling_rate is not None:
            sound = resampled(sound, rate, self.sampling_rate)
        return sound if self.length is None else of_length(sound, self.length)


def of_length(sound: np.ndarray, length: int) -> np.ndarray:
    """A sound cut, or filled up with zeros, to a number of steps.

    Args:
        sound: `(steps, channels)`.
        length: number of steps.

    Returns:
        `(length, channels)`.

    Example:
        >>> of_length(np.ones((1, 1)), 2).tolist()
        [[1.0], [0.0]]
    """
    return sound[:length] if len(sound) >= length else np.pad(sound, ((0, length - len(sound)), (0, 0)))


class SoundSamples(FileSamples):
    """Sounds of files.

    Args:
        files: the files.
        reader: from a path to a sound.
        ragged: whether the sounds of a batch keep their lengths.
    """

    def __init__(self, files: Files, reader: SoundReader, ragged: bool) -> None:
        super().__init__(files, reader)
        self.ragged = ragged

    def spec(self) -> tuple:
        """Lengths differ between files, unless they are given."""
        (x, *others) = super().spec()
        length = self.read_file.length  # type: ignore[attr-defined]  # a SoundReader
        return (ArraySpec((length, *x.shape[1:]), x.dtype), *others)

    def stacked(self, parts: list[Any]) -> Any:
        """Sounds of one length in an array, or as they are in an array of objects."""
        channels = {part.shape[1] for part in parts}
        if len(channels) > 1:
            what = f"{_WHERE}: sounds with {sorted(channels)} channels in one batch"
            raise ShapeError(message(what, None, "Bring the files to one number of channels, or read them singly."))
        if not self.ragged:
            longest = max(len(part) for part in parts)
            return np.stack([of_length(part, longest) for part in parts])
        rows = np.empty(len(parts), dtype=object)
        for place, part in enumerate(parts):
            rows[place] = part
        return rows
