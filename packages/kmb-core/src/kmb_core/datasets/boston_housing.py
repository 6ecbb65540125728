"""Prices of houses in Boston in the seventies: 506 rows of 13 numbers.

The set is unfit for more than testing code: one column is a function of the share of Black residents, on the assumption
that segregation raises prices. `california_housing` has no such column.
"""

from typing import Any

from kmb_core.datasets.shuffling import shuffled, split
from kmb_core.datasets.stored import BASE, npz
from kmb_core.utils.downloads import get_file

HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Any:
    """The rows and the prices, in two parts.

    Args:
        path: name of the file in the cache.
        test_split: share of the second part.
        seed: of the order in which the rows are divided.

    Returns:
        ((x_train, y_train), (x_test, y_test)): float64 `(rows, 13)` and `(rows,)`, in thousands of dollars.

    Raises:
        ValueError: for a share outside of 0 … 1.

    Source: D. Harrison, D. Rubinfeld, "Hedonic housing prices and the demand for clean air", 1978.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"load_data: test_split lies between 0 and 1, got {test_split}")
    file = get_file(path, origin=BASE + "boston_housing.npz", file_hash=HASH)
    return split(*shuffled(seed, *npz(file, "x", "y")), test_split)
