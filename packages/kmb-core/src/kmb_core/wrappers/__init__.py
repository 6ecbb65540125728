"""What users call `keras.wrappers`: models as scikit-learn's estimators. scikit-learn is imported when one is used."""

from kmb_core._lazy import lazy_names

_NAMES = dict.fromkeys(
    ("SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"), "kmb_core.wrappers.sklearn_estimators"
)

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
