"""Discretization: numbers by the bin that they fall into; the bins given, or found as quantiles of data."""

from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, current_backend
from kmb_core.errors import message
from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.layers.preprocessing.encoding import MODES, as_sparse, check_mode, encoded, encoded_shape
from kmb_core.layers.preprocessing.graph_lookup import encoded_in_graph
from kmb_core.layers.preprocessing.learning import as_array, batches
from kmb_core.ops.creation import cast
from kmb_core.ops.searching import searchsorted
from kmb_core.serialization import saved_as
from kmb_core.settings import floatx


@saved_as("keras.layers")
class Discretization(DataLayer):
    """Say of each number in which range it lies.

    With boundaries b₀ < b₁ < … bin 0 holds what is less than b₀, bin i what is in [bᵢ₋₁, bᵢ), the last one the rest
    (NaN too).

    Args:
        bin_boundaries: ascending numbers; there is one bin more than these.
        num_bins: how many bins of about equally many numbers `adapt` makes; in the place of boundaries.
        epsilon: by how much of the whole a quantile may be off; small values take more memory.
        output_mode: "int", "one_hot", "multi_hot" or "count", see `CategoryEncoding`.
        sparse: sparse outputs, on backends that have such.

    Input: numbers of any shape. Output: int32 of the same shape, or vectors of `num_bins` floats.

    Raises:
        ValueError: unless exactly one of boundaries and number is given; for boundaries that do not ascend.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.Discretization(bin_boundaries=[0.0, 1.0])
        >>> [int(bin) for bin in layer([-0.5, 0.0, 3.0])]
        [0, 1, 2]
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=floatx() if dtype is None and output_mode != "int" else dtype)
        check_mode(self._where(), output_mode, MODES, sparse)
        self._check(bin_boundaries, num_bins, epsilon)
        self.input_bin_boundaries = bin_boundaries
        self.bin_boundaries = None if bin_boundaries is None else [float(b) for b in bin_boundaries]
        self.num_bins, self.epsilon = num_bins, epsilon
        self.output_mode, self.sparse = output_mode, sparse
        self.summary = np.zeros((2, 0), "float32")
        self._needs_no_building()

    def _check(self, boundaries: Any, num_bins: Any, epsilon: Any) -> None:
        where = self._where()
        if (boundaries is None) == (num_bins is None):
            given = "neither" if boundaries is None else "both"
            raise ValueError(f"{where}: either bin_boundaries or num_bins is set; {given} came")
        if num_bins is not None and (isinstance(num_bins, bool) or not isinstance(num_bins, int) or num_bins < 1):
            raise ValueError(f"{where}: num_bins is a whole number, at least 1; got {num_bins!r}")
        if not 0 < epsilon < 1:
            raise ValueError(f"{where}: epsilon lies between 0 and 1, got {epsilon!r}")
        if boundaries is not None:
            numbers = np.asarray(boundaries)
            if numbers.ndim != 1 or (numbers.dtype.kind not in "fiu" and numbers.size):
                raise ValueError(f"{where}: bin_boundaries is a list of numbers, got {boundaries!r:.60}")
            if np.isnan(numbers.astype("float64")).any() or np.any(np.diff(numbers) < 0):
                raise ValueError(message(f"{where}: bin_boundaries ascend, got {boundaries!r:.60}", None, "Sort them."))

    @property
    def input_dtype(self) -> str:
        """Numbers are compared with the boundaries in the process' floating dtype, or the layer's."""
        return self.compute_dtype

    @property
    def output_dtype(self) -> str:
        """int32 for bins, else the compute dtype."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the boundaries of `num_bins` bins in data; earlier data is forgotten.

        Args:
            data: an array or tensor, or what gives batches: a dataset, a loader, a generator.
            steps: how many batches are read; all when None.

        Raises:
            ValueError: where the boundaries were given, or there is no data.
        """
        if self.input_bin_boundaries is not None:
            raise ValueError(f"{self._where()}: adapt: the boundaries were given, there is nothing to find")
        self.reset_state()
        for batch in batches(data, self._where(), steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take in a batch of numbers."""
        values = np.sort(as_array(data).astype("float32"), axis=None)
        if np.isnan(values[-1:]).any():
            what = f"{self._where()}: adapt: the data holds NaN, which no quantile counts"
            raise ValueError(message(what, None, "Leave such rows out, or fill them."))
        if values.size:
            merged = np.concatenate([_sampled(values, self.epsilon), self.summary], axis=1)
            self.summary = _compressed(merged[:, np.argsort(merged[0], kind="stable")], self.epsilon)

    def finalize_state(self) -> None:
        """Make boundaries of what was taken in.

        Raises:
            ValueError: where nothing was.
        """
        if self.input_bin_boundaries is not None or self.num_bins is None:
            return
        if self.summary.shape[1] == 0:
            raise ValueError(f"{self._where()}: adapt: there is no data")
        self.bin_boundaries = _compressed(self.summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def reset_state(self) -> None:
        """Forget the data."""
        if self.input_bin_boundaries is None:
            self.bin_boundaries = None
            self.summary = np.zeros((2, 0), "float32")

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        boundaries, kernel = self._known_boundaries(), current_backend().kernels.get("ranges")
        dtype = self.input_dtype if self.input_dtype in ("float32", "float64") else "float32"
        settings = (self.output_mode, len(boundaries) + 1, self.output_dtype)
        if kernel is None:
            narrow = cast(np.asarray(boundaries, "float32"), dtype)
            outputs = encoded(searchsorted(narrow, cast(inputs, dtype), side="right"), *settings)
        else:
            outputs = encoded_in_graph(kernel(cast(inputs, dtype), boundaries), *settings, False)
        return as_sparse(outputs, self._where()) if self.sparse else outputs

    def _known_boundaries(self) -> list[float]:
        if self.bin_boundaries is None:
            what = f"{self._where()}: it has no boundaries yet"
            raise ValueError(message(what, None, "Call adapt(data) first, or give bin_boundaries."))
        return self.bin_boundaries

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the inputs, for other modes than "int" with the bins in place of or behind its last axis."""
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return encoded_shape(input_shape, self.output_mode, depth)

    def compute_output_spec(self, inputs: Any) -> Any:
        """A symbolic tensor like the outputs."""
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.output_dtype, sparse=self.sparse)

    def load_own_variables(self, store: Any) -> None:
        """Nothing is stored but in the config; older files hold a summary of the data."""
        if len(store.keys()) == 1:
            self.summary = np.asarray(store["0"])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the boundaries that were found."""
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A layer from what `get_config` gave: both number and boundaries of one that was adapted."""
        config = dict(config)
        found = config.get("bin_boundaries")
        if found is None or config.get("num_bins") is None:
            return cls(**config)
        layer = cls(**{**config, "bin_boundaries": None})
        layer.bin_boundaries = [float(b) for b in found]
        return layer


# A summary is an array (2, points): numbers in ascending order, and how many of the data each stands for. Merging two
# and thinning the result again keeps every quantile within epsilon of its place (Greenwald and Khanna's idea,
# "Space-efficient online computation of quantile summaries", 2001).


def _sampled(values: np.ndarray, epsilon: float) -> np.ndarray:
    """Each of as many sorted values as epsilon asks for, standing for those around it."""
    step = len(values) * epsilon
    points = values[max(int(step) - 1, 0) :: int(max(step, 1.0))]
    return np.stack([points, np.full(len(points), max(step, 1.0), "float32")])


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """At most 1 / epsilon points, at equal distances in the data's order."""
    if summary.shape[1] * epsilon < 1:
        return summary
    places = epsilon + np.arange(0.0, 1.0, epsilon)
    reached = np.cumsum(summary[1])
    parts = reached / reached[-1]
    points = np.interp(places, parts, summary[0])
    counts = np.diff(np.interp(places, parts, reached), prepend=0.0)
    return np.stack([points, counts])
