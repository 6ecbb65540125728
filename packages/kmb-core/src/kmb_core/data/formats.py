"""What a function that makes a dataset gives: the kind of its backend's framework, Grain's, or a loader of our own.

Keras' functions have an argument `format`. Its default asks for the dataset of one framework; a backend of that
framework says so by an adapter factory whose `format` is that name. On any other backend the default gives a
`BatchLoader`, which needs no framework.
"""

from typing import Any

from kmb_core.backend import current_backend
from kmb_core.data.loader import BatchLoader
from kmb_core.plugins import collected

FORMATS = ("tf", "grain")


def check_format(format: str, where: str) -> None:
    """Refuse a format that there is not.

    Args:
        format: as the user gave it.
        where: the function, for the message.

    Raises:
        ValueError: for another one than `FORMATS`.
    """
    if format not in FORMATS:
        raise ValueError(f"{where}: format is one of {', '.join(map(repr, FORMATS))}; got {format!r}")


def delivered(loader: BatchLoader, format: str = FORMATS[0]) -> Any:
    """A loader as a dataset of a format.

    Args:
        loader: where the batches come from.
        format: one of `FORMATS`.

    Returns:
        A dataset of the current backend's framework, a `grain.IterDataset`, or the loader itself.

    Raises:
        ImportError: for Grain's, when it is not installed.
    """
    if format == "grain":
        return _of_grain(loader)
    for adapters in collected(current_backend(), "kmb_data_adapters"):
        for factory in adapters:
            if getattr(factory, "format", None) == format:
                return factory.from_loader(loader)
    return loader


def _of_grain(loader: BatchLoader) -> Any:
    try:
        import grain
    except ImportError as error:
        raise ImportError(
            'format="grain" needs the package grain, which is not installed.\npip install grain', name="grain"
        ) from error
    dataset = grain.MapDataset.source(loader.samples)
    if loader.shuffled:
        dataset = dataset.shuffle(seed=loader.seed or 0)
    dataset = dataset.map(_element).to_iter_dataset()
    if loader.batch_size is not None:
        dataset = dataset.batch(loader.batch_size, drop_remainder=loader.drop_remainder)
    for name in ("class_names", "file_paths"):
        if hasattr(loader, name):
            setattr(dataset, name, getattr(loader, name))
    return dataset


def _element(sample: tuple) -> Any:
    return sample[0] if len(sample) == 1 else sample
