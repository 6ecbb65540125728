"""FeatureSpace: the columns of a table, each prepared in its own way, as one vector or several."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, auto_name, current_backend
from kmb_core.dtypes import is_float, standardize_dtype
from kmb_core.errors import StructureError, message
from kmb_core.layers.input_layer import Input
from kmb_core.layers.layer import Layer
from kmb_core.layers.preprocessing.category_encoding import CategoryEncoding
from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.layers.preprocessing.discretization import Discretization
from kmb_core.layers.preprocessing.hashed_crossing import HashedCrossing
from kmb_core.layers.preprocessing.hashing import Hashing
from kmb_core.layers.preprocessing.index_lookup import IndexLookup
from kmb_core.layers.preprocessing.integer_lookup import IntegerLookup
from kmb_core.layers.preprocessing.learning import as_array
from kmb_core.layers.preprocessing.normalization import Normalization
from kmb_core.layers.preprocessing.rescaling import Rescaling
from kmb_core.layers.preprocessing.string_lookup import StringLookup
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import concatenate, expand_dims, squeeze
from kmb_core.ops.operands import dtype_of
from kmb_core.saving import save_model
from kmb_core.serialization import deserialize_keras_object, saved_as, serialize_keras_object

_MODULE = "keras.src.layers.preprocessing.feature_space"


@saved_as(_MODULE)
class TFDIdentity(DataLayer):
    """Numbers as they are, as floats."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The inputs in the compute dtype."""
        return cast(inputs, self.compute_dtype)


@saved_as(_MODULE)
class Feature:
    """How a column is prepared.

    Args:
        dtype: of the column: "string", "int32", "float32".
        preprocessor: the layer that prepares it.
        output_mode: "int", "one_hot" or "float".

    Raises:
        ValueError: for another output mode.
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        if output_mode not in ("int", "one_hot", "float"):
            raise ValueError(f"FeatureSpace: output_mode is 'int', 'one_hot' or 'float', got {output_mode!r}")
        self.dtype = dtype
        self.preprocessor = deserialize_keras_object(preprocessor) if isinstance(preprocessor, dict) else preprocessor
        self.output_mode = output_mode

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        layer = serialize_keras_object(self.preprocessor)
        return {"dtype": self.dtype, "preprocessor": layer, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Feature":
        """A feature from what `get_config` gave."""
        return cls(**config)


@saved_as(_MODULE)
class Cross:
    """Columns that are hashed together.

    Args:
        feature_names: their names.
        crossing_dim: how many buckets there are.
        output_mode: "int" or "one_hot".

    Raises:
        ValueError: for another output mode, or less than two names.
    """

    def __init__(self, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot") -> None:
        if output_mode not in ("int", "one_hot"):
            raise ValueError(f"FeatureSpace: output_mode of a cross is 'int' or 'one_hot', got {output_mode!r}")
        names = (feature_names,) if isinstance(feature_names, str) else tuple(feature_names)
        if len(names) < 2:
            raise ValueError(f"FeatureSpace: a cross has at least two features, got {feature_names!r}")
        self.feature_names, self.crossing_dim, self.output_mode = names, crossing_dim, output_mode

    @property
    def name(self) -> str:
        """The features' names, joined."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        names = list(self.feature_names)
        return {"feature_names": names, "crossing_dim": self.crossing_dim, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Cross":
        """A cross from what `get_config` gave."""
        return cls(**config)


@saved_as("keras.utils")
class FeatureSpace(DataLayer):
    """Prepare the columns of a table: normalized, discretized, looked up, hashed, crossed.

    Args:
        features: {name: how it is prepared}, a name of one of the class methods below ("float_normalized",
            "string_categorical", …) or what they return.
        output_mode: "concat": one vector, the features in the order of their names and then the crosses; "dict": one
            for each.
        crosses: features that are hashed together: tuples of names, or what `cross` returns.
        crossing_dim, hashing_dim, num_discretization_bins: sizes of crosses, hashes and bins that say none.
        name: automatic when None.

    Input: {name: column}, columns being scalars (one row), `(rows,)` or `(rows, 1)`; arrays, lists, tensors.

    Output: floats of shape `(rows, size)`, or {name: tensor}.

    Raises:
        ValueError: for no features, unknown kinds of them, crosses of unknown features, an unknown output mode.

    Example:
        >>> from kmb_core.utils import FeatureSpace
        >>> space = FeatureSpace({"age": "float_normalized", "city": "string_categorical"})
        >>> space.adapt({"age": [20.0, 40.0], "city": ["Rome", "Oslo"]})
        >>> [[float(x) for x in row] for row in space({"age": [40.0], "city": ["Oslo"]})]
        [[1.0, 0.0, 0.0, 1.0]]
    """

    def __init__(
        self,
        features: Any,
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        where = self._where()
        if not features or not isinstance(features, Mapping):
            raise ValueError(f"{where}: features is a dict that is not empty, got {features!r:.60}")
        if output_mode not in ("concat", "dict"):
            raise ValueError(f"{where}: output_mode is 'concat' or 'dict', got {output_mode!r}")
        self.crossing_dim, self.hashing_dim = crossing_dim, hashing_dim
        self.num_discretization_bins, self.output_mode = num_discretization_bins, output_mode
        self.features = {key: self._standardized(key, value) for key, value in features.items()}
        self.crosses = [self._standardized_cross(cross) for cross in crosses or ()]
        self.preprocessors = {key: feature.preprocessor for key, feature in self.features.items()}
        self.crossers = {cross.name: HashedCrossing(cross.crossing_dim, name=cross.name) for cross in self.crosses}
        self._convert_input_args = False  # columns may be text
        self._is_adapted = False
        self._encoded: Any = None
        self._inputs = {key: Input((1,), dtype=feature.dtype, name=key) for key, feature in self.features.items()}

    # Kinds of features -------------------------------------------------------------------------------------------

    @classmethod
    def cross(cls, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """Features that are hashed together into `crossing_dim` buckets."""
        return Cross(feature_names, crossing_dim, output_mode=output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A column of a dtype, prepared by a layer, given out as "int", "one_hot" or "float"."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        return Feature("float32", TFDIdentity(name=_named(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None) -> Feature:
        """Numbers times a scale, plus an offset."""
        layer = Rescaling(scale=scale, offset=offset, name=_named(name, "float_rescaled"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers with mean 0 and variance 1."""
        return Feature("float32", Normalization(axis=-1, name=_named(name, "float_normalized")), "float")

    @classmethod
    def float_discretized(
        cls, num_bins: int, bin_boundaries: Any = None, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Numbers by the bin that they fall into; `num_bins` bins are found, or the boundaries are given."""
        layer = Discretization(
            num_bins=num_bins if bin_boundaries is None else None,
            bin_boundaries=bin_boundaries,
            name=_named(name, "float_discretized"),
        )
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Whole numbers by a vocabulary that is found."""
        layer = IntegerLookup(max_tokens, num_oov_indices, name=_named(name, "integer_categorical"))
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Text by a vocabulary that is found."""
        layer = StringLookup(max_tokens, num_oov_indices, name=_named(name, "string_categorical"))
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Text by its hash."""
        return Feature("string", Hashing(num_bins, name=_named(name, "string_hashed")), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Whole numbers by their hash."""
        return Feature("int32", Hashing(num_bins, name=_named(name, "integer_hashed")), output_mode)

    def _standardized(self, name: str, kind: Any) -> Feature:
        if isinstance(kind, Feature):
            return kind
        if isinstance(kind, dict):
            made: Feature = deserialize_keras_object(kind)
            return made
        sized = {
            "float_discretized": self.num_discretization_bins,
            "integer_hashed": self.hashing_dim,
            "string_hashed": self.hashing_dim,
        }
        plain = ("float", "float_rescaled", "float_normalized", "integer_categorical", "string_categorical")
        if not isinstance(kind, str) or kind not in (*plain, *sized):
            what = f"{self._where()}: feature {name!r} is of an unknown kind {kind!r}"
            raise ValueError(message(what, f"Known are {', '.join((*plain, *sized))}.", None))
        maker = getattr(FeatureSpace, kind)
        feature: Feature = maker(sized[kind], name=name) if kind in sized else maker(name=name)
        return feature

    def _standardized_cross(self, cross: Any) -> Cross:
        if isinstance(cross, dict):
            cross = deserialize_keras_object(cross)
        made = cross if isinstance(cross, Cross) else Cross(cross, self.crossing_dim)
        unknown = sorted(set(made.feature_names) - set(self.features))
        if unknown:
            raise ValueError(f"{self._where()}: the cross {made.name!r} names unknown features: {', '.join(unknown)}")
        return made

    # Learning ----------------------------------------------------------------------------------------------------

    def adapt(self, dataset: Any) -> None:
        """Find means, bins and vocabularies.

        Args:
            dataset: a dict of columns, or what gives such dicts: a tf.data dataset, a loader, a generator.

        Raises:
            StructureError: where rows are no dicts, or a feature is missing.
        """
        source = dataset if isinstance(dataset, Mapping) or not isinstance(dataset, Iterator) else list(dataset)
        for name, layer in self.preprocessors.items():
            if _learns(layer):
                layer.adapt(self._column_of(source, name))
        self._is_adapted = True
        self._encoded = None
        self.built = True

    def _column_of(self, source: Any, name: str) -> Any:
        if isinstance(source, Mapping):
            self._check_names(source, (name,))
            return _rows(source[name])
        return (_rows(self._row(batch)[name]) for batch in _batched(source))

    def _row(self, batch: Any) -> Mapping[str, Any]:
        if not isinstance(batch, Mapping):
            what = f"{self._where()}: expected dicts of columns, got {type(batch).__name__}"
            raise StructureError(message(what, "The data holds targets too.", "Map it to its features first."))
        self._check_names(batch, self.features)
        return batch

    def _check_names(self, given: Mapping[str, Any], names: Iterable[str]) -> None:
        missing = sorted(set(names) - set(given))
        if missing:
            raise StructureError(f"{self._where()}: features are missing: {', '.join(missing)}")

    # Preparing ---------------------------------------------------------------------------------------------------

    def __call__(self, data: Any) -> Any:
        """The vector of each row, or a dict of vectors."""
        return super().__call__(self._row(data))

    def build(self, input_shape: Any) -> None:
        """Nothing is made: `adapt` makes what there is."""

    def call(self, data: Any) -> Any:
        """The outputs for the columns."""
        self._check_adapted()
        columns = {name: _column(data[name]) for name in self.features}
        single = all(was_scalar for _, was_scalar in columns.values())
        outputs = self._merged({name: column for name, (column, _) in columns.items()})
        if not single:
            return outputs
        return {k: squeeze(v, 0) for k, v in outputs.items()} if isinstance(outputs, dict) else squeeze(outputs, 0)

    def _check_adapted(self) -> None:
        if not self._is_adapted and any(map(_learns, self.preprocessors.values())):
            raise ValueError(message(f"{self._where()}: it has seen no data yet", None, "Call adapt(dataset) first."))

    def _merged(self, columns: dict[str, Any]) -> Any:
        prepared = {name: self.preprocessors[name](column) for name, column in columns.items()}
        outputs = {name: self._out(name, self.features[name], prepared[name]) for name in sorted(prepared)}
        for cross in self.crosses:
            crossed = self.crossers[cross.name]([prepared[name] for name in cross.feature_names])
            outputs[cross.name] = self._out(cross.name, cross, crossed)
        if self.output_mode == "dict":
            return outputs
        for name, value in outputs.items():
            if not is_float(standardize_dtype(dtype_of(value))):
                what = f"{self._where()}: feature {name!r} is {dtype_of(value)}, which no vector of floats can hold"
                raise ValueError(message(what, None, "Take output_mode 'one_hot' for it, or 'dict' for all."))
        vectors = [cast(value, self.compute_dtype) for value in outputs.values()]
        return vectors[0] if len(vectors) == 1 else concatenate(vectors, axis=-1)

    def _out(self, name: str, kind: Any, value: Any) -> Any:
        """A feature's value in its output mode."""
        if kind.output_mode != "one_hot":
            return value
        size = kind.crossing_dim if isinstance(kind, Cross) else _cardinality(kind.preprocessor)
        if size is None or is_float(standardize_dtype(dtype_of(value))):
            return value
        return CategoryEncoding(size, output_mode="multi_hot", name=auto_name(f"{name}_encoder"))(value)

    def get_inputs(self) -> dict[str, KerasTensor]:
        """A symbolic input for each column, of shape `(None, 1)`."""
        self._check_adapted()
        return self._inputs

    def get_encoded_features(self) -> Any:
        """The symbolic outputs for these inputs: what a model of prepared features takes."""
        self._check_adapted()
        if self._encoded is None:
            self._encoded = self._merged(self._inputs)
        return self._encoded

    # Files -------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "features": {name: _described(feature) for name, feature in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [_described(cross) for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FeatureSpace":
        """A feature space from what `get_config` gave."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any]:
        """What each column's layer was built for."""
        return {name: layer.get_build_config() for name, layer in self.preprocessors.items()}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build the columns' layers; what they know is in the file."""
        for name, part in (config or {}).items():
            self.preprocessors[name].build_from_config(part)
        self._is_adapted = True
        self.built = True

    def save(self, filepath: Any) -> None:
        """Save it to a `.keras` file."""
        save_model(self, filepath)

    def save_own_variables(self, store: Any) -> None:
        """Nothing of its own: the columns' layers store theirs."""

    def load_own_variables(self, store: Any) -> None:
        """Nothing."""


def _named(name: str | None, kind: str) -> str:
    return f"{name or auto_name(kind)}_preprocessor"


def _learns(layer: Layer) -> bool:
    """Whether a layer finds something in data that it was not given."""
    if isinstance(layer, Normalization):
        return layer.input_mean is None
    if isinstance(layer, Discretization):
        return layer.input_bin_boundaries is None
    if isinstance(layer, IndexLookup):
        return layer.input_vocabulary is None
    return hasattr(layer, "adapt")


def _cardinality(layer: Any) -> int | None:
    if isinstance(layer, IndexLookup):
        return layer.vocabulary_size()
    if isinstance(layer, Discretization):
        return layer.num_bins or len(layer.bin_boundaries or ()) + 1
    return layer.num_bins if isinstance(layer, Hashing) else None


def _described(x: Any) -> dict[str, Any]:
    return {
        "module": _MODULE,
        "class_name": type(x).__name__,
        "config": x.get_config(),
        "registered_name": type(x).__name__,
    }


def _batched(source: Any) -> Any:
    """A dataset of single rows in batches."""
    spec = getattr(source, "element_spec", None)
    single = isinstance(spec, Mapping) and all(getattr(s.shape, "rank", 1) == 0 for s in spec.values())
    return source.batch(256) if single else source


def _rows(x: Any) -> np.ndarray:
    """A column as an array of shape `(rows, 1)`."""
    array = np.array(x, dtype=object) if _is_text(x) else as_array(x)
    return array.reshape(-1, 1) if array.ndim < 2 else array


def _is_text(x: Any) -> bool:
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return isinstance(x, (str, bytes))


def _column(x: Any) -> tuple[Any, bool]:
    """A column with two axes, and whether it was a scalar."""
    if not current_backend().is_tensor(x) or isinstance(x, np.ndarray):
        return _rows(x), np.ndim(x) == 0
    rank = len(x.shape)
    for _ in range(2 - rank):
        x = expand_dims(x, -1)
    return x, rank == 0
