"""Datasets of the texts in a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core.data.formats import FORMATS
from kmb_core.utils.folders import INFERRED, FileSamples, FolderArguments, content, datasets

ENDINGS = (".txt",)


def text_dataset_from_directory(
    directory: Any,
    labels: Any = INFERRED,
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = FORMATS[0],
    verbose: bool = True,
) -> Any:
    """Batches of texts, read from a folder while they are needed.

    Args:
        directory: the folder; with inferred labels it has a subfolder for each class.
        labels: "inferred" for the subfolders, a list of whole numbers for the files in the order of their paths, or
            None for texts alone.
        label_mode: "int" gives int32 `(batch,)`, "categorical" float32 `(batch, classes)`, "binary" float32
            `(batch, 1)`, None no labels.
        class_names: the subfolders to read, in the order of their numbers; all, sorted, when None.
        batch_size: texts in a batch; None gives single texts.
        max_length: bytes of UTF-8 that are kept of each text; a character that would be cut in two is left out.
        shuffle: whether each epoch has a new order; else the files are sorted.
        seed: seed of the orders, needed to split shuffled files.
        validation_split: share of the files that is kept for validation.
        subset: "training", "validation" or "both", which gives two datasets.
        follow_links: whether links to folders are followed.
        format: "tf" gives a `tf.data.Dataset` of byte strings on the TensorFlow backend and a `BatchLoader` of texts
            on all others; "grain" gives a `grain.IterDataset`.
        verbose: whether the number of files is shown.

    Returns:
        A dataset of texts `(batch,)` (NumPy's dtype object), with labels beside them; or two. It has the attributes
        `class_names` and `file_paths`.

    Raises:
        ValueError: for arguments that do not go together, and when there are no files.

    Example:
        >>> import os, tempfile
        >>> import kmb_core
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name, text in (("bad", "Boring."), ("good", "Fine!")):
        ...         os.mkdir(os.path.join(folder, name))
        ...         with open(os.path.join(folder, name, "1.txt"), "w") as file:
        ...             _ = file.write(text)
        ...     dataset = kmb_core.utils.text_dataset_from_directory(folder, verbose=False)
        >>> dataset.class_names
        ['bad', 'good']
    """
    arguments = FolderArguments(
        where="text_dataset_from_directory",
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
    if max_length is not None and max_length < 0:
        raise ValueError(f"{arguments.where}: max_length is a number from 0, got {max_length}")
    return datasets(arguments, ENDINGS, lambda files: TextSamples(files, TextReader(max_length)))


@dataclass(frozen=True)
class TextReader:
    """Reads a file as a text; bytes that are no UTF-8 become U+FFFD.

    Args:
        max_length: bytes that are kept, or None.
    """

    max_length: int | None

    def __call__(self, path: str) -> str:
        """Read a file."""
        if self.max_length is None:
            return content(path).decode("utf-8", "replace")
        return content(path)[: self.max_length].decode("utf-8", "ignore")


class TextSamples(FileSamples):
    """Texts of files."""

    def stacked(self, parts: list[Any]) -> Any:
        """Texts of any length in an array of objects."""
        return np.array(parts, dtype=object)
