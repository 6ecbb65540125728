"""What users call `keras.datasets`: small sets of data that are downloaded when they are loaded, and kept."""

from kmb_core._lazy import lazy_names

_SETS = (
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
)

__getattr__, __dir__, __all__ = lazy_names(__name__, {}, _SETS)
