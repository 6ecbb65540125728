"""Datasets of the images in a folder."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core import settings
from kmb_core.data.formats import FORMATS
from kmb_core.data.resizing import INTERPOLATIONS, cropped, padded, resized
from kmb_core.data.samples import ArraySpec
from kmb_core.errors import CheckpointError, message
from kmb_core.utils.folders import INFERRED, FileSamples, FolderArguments, content, datasets
from kmb_core.utils.images import MODES, pillow

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
_WHERE = "image_dataset_from_directory"


def image_dataset_from_directory(
    directory: Any,
    labels: Any = INFERRED,
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = FORMATS[0],
    verbose: bool = True,
) -> Any:
    """Batches of images of one size, read from a folder while they are needed.

    Args:
        directory: the folder; with inferred labels it has a subfolder for each class.
        labels: "inferred" for the subfolders, a list of whole numbers for the files in the order of their paths, or
            None for images alone.
        label_mode: "int" gives int32 `(batch,)`, "categorical" float32 `(batch, classes)`, "binary" float32
            `(batch, 1)`, None no labels.
        class_names: the subfolders to read, in the order of their numbers; all, sorted, when None.
        color_mode: "grayscale", "rgb" or "rgba": 1, 3 or 4 channels.
        batch_size: images in a batch; None gives single images.
        image_size: (height, width).
        shuffle: whether each epoch has a new order; else the files are sorted.
        seed: seed of the orders, needed to split shuffled files.
        validation_split: share of the files that is kept for validation.
        subset: "training", "validation" or "both", which gives two datasets.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic".
        follow_links: whether links to folders are followed.
        crop_to_aspect_ratio: cut the largest middle part of the target's shape out, rather than distort.
        pad_to_aspect_ratio: put a black border around, rather than distort.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        format: "tf" gives a `tf.data.Dataset` on the TensorFlow backend and a `BatchLoader` on all others, which each
            `fit` takes; "grain" gives a `grain.IterDataset`.
        verbose: whether the number of files is shown.

    Returns:
        A dataset of float32 images `(batch, height, width, channels)` from 0 to 255, with labels beside them; or two.
        It has the attributes `class_names` and `file_paths`.

    Raises:
        ValueError: for arguments that do not go together, and when there are no files.
        ImportError: when Pillow, which reads the files, is not installed.
    """
    if color_mode not in MODES:
        raise ValueError(f"{_WHERE}: color_mode is one of {', '.join(map(repr, MODES))}; got {color_mode!r}")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"{_WHERE}: interpolation is one of {', '.join(INTERPOLATIONS)}; got {interpolation!r}")
    if len(image_size) != 2:
        raise ValueError(f"{_WHERE}: image_size is (height, width), got {image_size}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(f"{_WHERE}: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other")
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
        format=format,
    )
    fit = cropped if crop_to_aspect_ratio else padded if pad_to_aspect_ratio else None
    size = (int(image_size[0]), int(image_size[1]))
    channels_first = settings.standardize_data_format(data_format) == "channels_first"
    reader = ImageReader(size, color_mode, interpolation, fit, channels_first)
    pillow(_WHERE)
    return datasets(arguments, ENDINGS, lambda files: ImageSamples(files, reader))


@dataclass(frozen=True)
class ImageReader:
    """Reads an image file as a float32 array of a given size.

    Args:
        size: (height, width).
        color_mode: "grayscale", "rgb" or "rgba".
        interpolation: see `data.resizing`.
        fit: what brings the shape to the target's before resizing, or None.
        channels_first: whether the channels stand in front.
    """

    size: tuple[int, int]
    color_mode: str
    interpolation: str
    fit: Any
    channels_first: bool

    def __call__(self, path: str) -> np.ndarray:
        """Read a file."""
        pixels = self._pixels(path)
        if self.fit is not None:
            pixels = self.fit(pixels, *self.size)
        image = resized(pixels, *self.size, self.interpolation)
        return np.ascontiguousarray(image.transpose(2, 0, 1)) if self.channels_first else image

    def _pixels(self, path: str) -> np.ndarray:
        try:
            with pillow(_WHERE).open(io.BytesIO(content(path))) as image:
                pixels = np.asarray(image.convert(MODES[self.color_mode]))
        except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for files that are no images
            what = f"{path} cannot be read as an image"
            raise CheckpointError(message(what, f"{type(error).__name__}: {error}", "Remove the file.")) from error
        return pixels[:, :, None] if pixels.ndim == 2 else pixels


class ImageSamples(FileSamples):
    """Images of files."""

    def spec(self) -> tuple:
        """Known without reading one: a damaged first file shows when it is read."""
        reader = self.read_file
        height, width, channels = *reader.size, _CHANNELS[reader.color_mode]  # type: ignore[attr-defined]
        first = reader.channels_first  # type: ignore[attr-defined]
        x = ArraySpec((channels, height, width) if first else (height, width, channels), "float32")
        labels = self.files.labels
        return (x,) if labels is None else (x, ArraySpec(labels.shape[1:], labels.dtype.name))
