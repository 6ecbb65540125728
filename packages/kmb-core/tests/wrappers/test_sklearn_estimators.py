"""scikit-learn's own checks of estimators, and what they do not look at."""

from unittest import SkipTest

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import kmb_core
from kmb_core import layers
from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError
from kmb_core.plugins import Capability
from kmb_core.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

TRAINS = bool(current_backend().supports(Capability.GRADIENTS))


def network(X, y, loss="mse", activation=None, hidden=8, rate=0.2):
    outputs = y.shape[1] if np.ndim(y) > 1 else 1
    starts = [kmb_core.initializers.GlorotUniform(seed=seed) for seed in (1, 2)]  # each fit begins alike
    parts = [
        layers.Input(X.shape[1:]),
        layers.Dense(hidden, "relu", kernel_initializer=starts[0]),
        layers.Dense(outputs, activation, kernel_initializer=starts[1]),
    ]
    model = kmb_core.Sequential(parts)
    # Hundreds of models of a few steps each: what takes time is compiling, or preparing each op, for each of them.
    model.compile(kmb_core.optimizers.SGD(rate, momentum=0.9), loss, run_eagerly=True)
    return model


def fitted(epochs):
    return {"epochs": epochs, "batch_size": 500, "verbose": 0, "shuffle": False}


def classifier(epochs=5, **settings):
    own = {"loss": "categorical_crossentropy", "activation": "softmax"} | settings
    return SKLearnClassifier(network, model_kwargs=own, fit_kwargs=fitted(epochs))


ESTIMATORS = {
    "classifier": lambda: classifier(11),
    "regressor": lambda: SKLearnRegressor(network, fit_kwargs=fitted(6)),
    "transformer": lambda: SKLearnTransformer(network, fit_kwargs=fitted(1)),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_each_learns_or_says_that_the_backend_cannot(kind):
    x, y = np.linspace(-1, 1, 40, dtype="float32").reshape(20, 2), np.arange(20) % 2
    if TRAINS:
        assert ESTIMATORS[kind]().fit(x, y).n_features_in_ == 2
        return
    with pytest.raises(CapabilityError, match="gradients"):
        ESTIMATORS[kind]().fit(x, y)


@pytest.mark.mixed  # hundreds of models, alike on every backend: where compiling them costs nothing
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_scikit_learns_own_checks_pass(kind):
    failed = {}
    with kmb_core.use_backend("torch"):
        kmb_core.utils.set_random_seed(0)
        for estimator, check in estimator_checks_generator(ESTIMATORS[kind](), mark=None):
            try:
                check(estimator)
            except SkipTest:
                continue
            except Exception as error:
                failed[check.func.__name__] = repr(error)
    assert failed == {}


def samples():
    return make_classification(120, 6, n_informative=4, n_classes=3, n_clusters_per_class=1, random_state=0)


def test_pipelines_searches_and_cross_validation_take_them():
    if not TRAINS:
        with pytest.raises(CapabilityError, match="gradients"):
            classifier().fit(*samples())
        return
    x, y = samples()
    labels = np.array(["a", "b", "c"])[y]
    pipeline = make_pipeline(StandardScaler(), classifier(20))
    assert cross_val_score(pipeline, x, labels, cv=2).mean() > 0.7
    search = GridSearchCV(classifier(2), {"model_kwargs": [{"loss": "categorical_crossentropy", "hidden": 2}]}, cv=2)
    search.fit(x, y)
    assert search.best_estimator_.epoch_ == 2
    features = SKLearnTransformer(network, fit_kwargs={"epochs": 1, "verbose": 0})
    assert make_pipeline(features, LogisticRegression()).fit(x, y).predict(x).shape == (120,)


def test_a_model_is_copied_and_a_warm_start_goes_on():
    if not TRAINS:
        with pytest.raises(CapabilityError, match="gradients"):
            classifier().fit(*samples())
        return
    x, y = samples()
    model = network(x, np.eye(3)[y], "categorical_crossentropy", "softmax")
    before = model.get_weights()
    estimator = SKLearnClassifier(model, warm_start=True, fit_kwargs={"epochs": 3, "verbose": 0})
    first = estimator.fit(x, y).model_
    assert estimator.fit(x, y).model_ is first
    assert estimator.epoch_ == 6
    for found, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_what_makes_no_model_is_refused():
    x, y = samples()
    with pytest.raises(ValueError, match="a Model, or a function"):
        SKLearnClassifier("network").fit(x, y)
