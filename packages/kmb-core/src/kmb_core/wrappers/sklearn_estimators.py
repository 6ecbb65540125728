"""Models as scikit-learn's estimators, for pipelines, searches and cross-validation."""

from typing import Any

import numpy as np

from kmb_core._optional import optional
from kmb_core.errors import message
from kmb_core.models import Model, clone_model

base = optional("sklearn.base", "scikit-learn", "sklearn", "kmb_core.wrappers")
multiclass = optional("sklearn.utils.multiclass", "scikit-learn", "sklearn", "kmb_core.wrappers")
validation = optional("sklearn.utils.validation", "scikit-learn", "sklearn", "kmb_core.wrappers")


class _Estimator(base.BaseEstimator):  # type: ignore[misc,name-defined]  # scikit-learn is imported by name
    """A model behind the methods that scikit-learn calls."""

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train the model.

        Args:
            X: samples of shape `(samples, features)`.
            y: targets.
            **kwargs: for `Model.fit`, before those in `fit_kwargs`.

        Returns:
            The estimator.

        Raises:
            ValueError: for samples or targets that it cannot train on.
        """
        X, y = validation.validate_data(self, X, y, accept_sparse=False, multi_output=True, y_numeric=False)
        multiclass.type_of_target(y, raise_unknown=True)
        targets = self._targets(y)
        keeps = self.warm_start and hasattr(self, "model_")
        model = self.model_ if keeps else self._new_model(X, targets)
        before = self.epoch_ if keeps else 0
        options = {**(self.fit_kwargs or {}), **kwargs}
        self.history_ = dict(model.fit(X, targets, **options).history)
        self.model_ = model
        self._epochs = before + len(next(iter(self.history_.values()), ()))
        return self

    def _new_model(self, X: Any, targets: Any) -> Any:
        if isinstance(self.model, Model):
            model = clone_model(self.model)
            if getattr(self.model, "compiled", False):
                model.compile_from_config(self.model.get_compile_config())
        elif callable(self.model):
            model = self.model(X=X, y=targets, **(self.model_kwargs or {}))
        else:
            expected = "a Model, or a function of X, y and model_kwargs that makes one"
            raise ValueError(f"{type(self).__name__}: model is {expected}, got {type(self.model).__name__}")
        if not getattr(model, "compiled", False):
            what = f"{type(self).__name__}: the model is not compiled"
            raise RuntimeError(message(what, None, "Call compile() in the function that makes it."))
        return model

    @property
    def epoch_(self) -> int:
        """How many epochs the model was trained for."""
        validation.check_is_fitted(self, "model_")
        return self._epochs

    def _outputs(self, X: Any) -> np.ndarray:
        validation.check_is_fitted(self, "model_")
        X = validation.validate_data(self, X, reset=False)
        return self.model_.predict(X, verbose=0)

    def _targets(self, y: Any) -> Any:
        """Targets as the model wants them."""
        return y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.target_tags.required = True
        return tags


class SKLearnClassifier(base.ClassifierMixin, _Estimator):  # type: ignore[misc,name-defined]  # as above
    """A model as a classifier: it is trained on one-hot rows, and predicts the class of the largest output.

    Args:
        model: a compiled model, of which each `fit` trains a copy; or a function that makes one from `X`, `y` (one-hot)
            and `model_kwargs`.
        warm_start: True to go on with the same model in each `fit`.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`.

    Raises:
        ImportError: without scikit-learn, with the pip command.

    Example:
        >>> import kmb_core
        >>> def make(X, y):
        ...     layers = [kmb_core.Input(X.shape[1:]), kmb_core.layers.Dense(y.shape[1], activation="softmax")]
        ...     model = kmb_core.Sequential(layers)
        ...     model.compile("sgd", "categorical_crossentropy")
        ...     return model
        >>> SKLearnClassifier(make).get_params()["warm_start"]
        False
    """

    def _targets(self, y: Any) -> np.ndarray:
        multiclass.check_classification_targets(y)
        y = validation.column_or_1d(y, warn=True)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("SKLearnClassifier: y holds one class only; there is nothing to tell apart")
        return np.eye(len(self.classes_), dtype="float32")[numbers]

    def predict(self, X: Any) -> np.ndarray:
        """The classes of samples: `(samples,)`."""
        outputs = self._outputs(X)
        return self.classes_[np.argmax(outputs, axis=-1)]

    def decision_function(self, X: Any) -> np.ndarray:
        """How much speaks for each class, `(samples, classes)`; with two classes for the second, `(samples,)`."""
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs


class SKLearnRegressor(base.RegressorMixin, _Estimator):  # type: ignore[misc,name-defined]  # as above
    """A model as a regressor.

    Args:
        model: a compiled model, of which each `fit` trains a copy; or a function that makes one from `X`, `y`
            `(samples, outputs)` and `model_kwargs`.
        warm_start: True to go on with the same model in each `fit`.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`.

    Raises:
        ImportError: without scikit-learn, with the pip command.

    Example:
        >>> SKLearnRegressor(lambda X, y: None, warm_start=True).warm_start
        True
    """

    def _targets(self, y: Any) -> np.ndarray:
        self._flat = np.ndim(y) == 1
        return np.reshape(np.asarray(y, "float64"), (len(y), -1))

    def predict(self, X: Any) -> np.ndarray:
        """The targets of samples, in the shape of those that it was trained on."""
        outputs = self._outputs(X).astype("float64")  # as scikit-learn's regressors give
        return outputs.reshape(-1) if self._flat else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class SKLearnTransformer(base.TransformerMixin, _Estimator):  # type: ignore[misc,name-defined]  # as above
    """A model as a transformer: its outputs are features for what follows in a pipeline.

    Args:
        model: a compiled model, of which each `fit` trains a copy; or a function that makes one from `X`, `y` and
            `model_kwargs`.
        warm_start: True to go on with the same model in each `fit`.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`.

    Raises:
        ImportError: without scikit-learn, with the pip command.

    Example:
        >>> SKLearnTransformer(lambda X, y: None).warm_start
        False
    """

    def transform(self, X: Any) -> np.ndarray:
        """The model's outputs."""
        return self._outputs(X)

    def predict(self, X: Any) -> np.ndarray:
        """The model's outputs: another name of `transform`."""
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
