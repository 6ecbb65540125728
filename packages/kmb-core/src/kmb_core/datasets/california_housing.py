"""Prices of houses in Californian districts in 1990: 20,640 rows of 8 numbers."""

from typing import Any

from kmb_core.datasets.shuffling import shuffled, split
from kmb_core.datasets.stored import BASE, npz
from kmb_core.utils.downloads import get_file

HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
SMALL = 600


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> Any:
    """The rows and the prices, in two parts.

    Args:
        version: "large", or "small" for 600 districts.
        path: name of the file in the cache.
        test_split: share of the second part.
        seed: of the order in which the rows are divided.

    Returns:
        ((x_train, y_train), (x_test, y_test)): `(rows, 8)` and `(rows,)`, in dollars. The columns are longitude,
        latitude, median age, rooms, bedrooms, people, households and median income (in ten thousands of dollars).

    Raises:
        ValueError: for another version, or a share outside of 0 … 1.

    Source: R. K. Pace, R. Barry, "Sparse spatial autoregressions", 1997.
    """
    if version not in ("large", "small"):
        raise ValueError(f"load_data: version is 'large' or 'small', got {version!r}")
    if not 0 <= test_split < 1:
        raise ValueError(f"load_data: test_split lies between 0 and 1, got {test_split}")
    file = get_file(path, origin=BASE + "california_housing.npz", file_hash=HASH)
    x, y = npz(file, "x", "y")
    if version == "small":
        x, y = x[:SMALL], y[:SMALL]
    return split(*shuffled(seed, x, y), test_split)
