"""Counts, rates, areas, F-scores, overlaps and correlations, against scikit-learn and SciPy, gathered over batches."""

import numpy as np
import pytest
import scipy.stats
from sklearn import metrics as reference

import kmb_core
from kmb_core import layers, metrics
from kmb_core.backend import convert_to_numpy, current_backend
from kmb_core.errors import ShapeError
from kmb_core.plugins import Capability

generator = np.random.default_rng(2)
SCORES = (generator.integers(0, 40, 300).astype("float32") + 0.5) / 40  # many equal ones, between two thresholds
TRUTH = (SCORES + generator.normal(size=300) * 0.4 > 0.5).astype("int32")
WEIGHTS = generator.uniform(0.5, 2.0, 300).astype("float32")
CLASSES, GUESSES = generator.integers(0, 4, 300), generator.integers(0, 4, 300)
MANY = generator.uniform(size=(60, 5)).astype("float32")
LABELS = (MANY + generator.normal(size=(60, 5)) * 0.4 > 0.5).astype("int32")


def streamed(metric, *arrays, weights=None):
    """The result after batches of uneven size."""
    for part in (slice(0, 7), slice(7, 50), slice(50, None)):
        extra = {} if weights is None else {"sample_weight": weights[part]}
        metric.update_state(*(a[part] for a in arrays), **extra)
    return convert_to_numpy(metric.result())


def close(actual, expected, rtol=1e-5):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9])
def test_precision_and_recall_are_scikit_learns(threshold, weights):
    yes = np.greater(SCORES, threshold)
    expected = [f(TRUTH, yes, sample_weight=weights) for f in (reference.precision_score, reference.recall_score)]
    close(streamed(metrics.Precision(threshold), TRUTH, SCORES, weights=weights), expected[0])
    close(streamed(metrics.Recall(threshold), TRUTH, SCORES, weights=weights), expected[1])


def test_the_four_counts_add_up_to_the_confusion_matrix():
    ((tn, fp), (fn, tp)) = reference.confusion_matrix(TRUTH, SCORES > 0.5)
    names = ("TrueNegatives", "FalsePositives", "FalseNegatives", "TruePositives")
    assert [float(streamed(getattr(metrics, n)(), TRUTH, SCORES)) for n in names] == [tn, fp, fn, tp]


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_the_area_under_the_roc_is_scikit_learns(weights):
    # 41 thresholds separate all scores, so the area is exact
    expected = reference.roc_auc_score(TRUTH, SCORES, sample_weight=weights)
    close(streamed(metrics.AUC(num_thresholds=41), TRUTH, SCORES, weights=weights), expected)


def test_thresholds_of_ones_own_and_even_ones_count_the_same():
    even, own = metrics.AUC(num_thresholds=41), metrics.AUC(thresholds=[i / 40 for i in range(1, 40)])
    own._even = False  # the other way of counting
    close(streamed(even, TRUTH, SCORES), streamed(own, TRUTH, SCORES))


def test_predictions_of_zero_and_one_and_beyond_lie_on_the_curve():
    truth, scores = np.array([0, 1, 0, 1]), np.array([0.0, 1.0, 0.5, 0.5])
    close(metrics.AUC(num_thresholds=5)(truth, scores), reference.roc_auc_score(truth, scores))
    assert float(metrics.AUC(num_thresholds=5)([0, 1], [-3.0, 7.0])) == pytest.approx(1.0)


def test_labels_have_areas_of_their_own_that_are_averaged():
    expected = reference.roc_auc_score(LABELS, MANY, average="macro")
    close(streamed(metrics.AUC(num_thresholds=5000, multi_label=True), LABELS, MANY), expected, 1e-3)


def test_the_precision_recall_area_is_near_the_average_precision():
    expected = reference.average_precision_score(TRUTH, SCORES)
    assert abs(streamed(metrics.AUC(curve="PR"), TRUTH, SCORES) - expected) < 0.02


def test_a_perfect_ranking_has_the_area_one_and_a_reversed_one_zero():
    truth = np.array([0, 0, 1, 1])
    for curve in ("ROC", "PR", "PRGAIN"):
        assert float(metrics.AUC(curve=curve)(truth, [0.1, 0.2, 0.8, 0.9])) == pytest.approx(1.0, abs=1e-4)
    assert float(metrics.AUC()(truth, [0.9, 0.8, 0.2, 0.1])) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_f_scores_are_scikit_learns(average, beta):
    expected = reference.fbeta_score(LABELS, MANY > 0.4, beta=beta, average=average)
    close(streamed(metrics.FBetaScore(average=average, beta=beta, threshold=0.4), LABELS, MANY), expected)


def test_without_a_threshold_the_highest_class_is_the_prediction():
    one_hot = np.eye(5)[MANY.argmax(-1)]
    truth = np.eye(5)[np.roll(MANY.argmax(-1), 3)]
    close(streamed(metrics.F1Score(), truth, MANY), reference.f1_score(truth, one_hot, average=None))


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_intersections_over_unions_are_scikit_learns(weights):
    expected = reference.jaccard_score(CLASSES, GUESSES, average=None, sample_weight=weights)
    for ids in ([0], [1, 3]):
        close(streamed(metrics.IoU(4, ids), CLASSES, GUESSES, weights=weights), expected[ids].mean())
    close(streamed(metrics.MeanIoU(4), CLASSES, GUESSES, weights=weights), expected.mean())


def test_ignored_pixels_count_for_nothing():
    kept = CLASSES != 2
    expected = streamed(metrics.IoU(4, [0, 1]), CLASSES[kept], GUESSES[kept])
    close(streamed(metrics.IoU(4, [0, 1], ignore_class=2), CLASSES, GUESSES), expected)


def test_more_pixels_than_floats_can_count_are_counted():
    metric = metrics.IoU(2, [1])
    metric.total_confusion_matrix.assign(np.array([[0, 0], [0, 2**24]], "int32"))
    metric.update_state([1, 0], [1, 1])
    assert metric.total_confusion_matrix.numpy().tolist() == [[0, 1], [0, 2**24 + 1]]


@pytest.mark.parametrize("aggregation", ["uniform_average", None, "variance_weighted_average"])
def test_the_explained_share_is_scikit_learns(aggregation):
    names = {"uniform_average": "uniform_average", None: "raw_values", "variance_weighted_average": "variance_weighted"}
    expected = reference.r2_score(MANY, MANY[::-1] * 0.5, multioutput=names[aggregation])
    close(streamed(metrics.R2Score(aggregation), MANY, MANY[::-1] * 0.5), expected, 1e-4)


def test_correlations_are_scipys():
    expected = np.mean([scipy.stats.pearsonr(a, b).statistic for a, b in zip(MANY, MANY[::-1] ** 2, strict=True)])
    close(streamed(metrics.PearsonCorrelation(), MANY, MANY[::-1] ** 2), expected, 1e-4)
    assert float(metrics.ConcordanceCorrelation()([[1.0, 2.0, 4.0]], [[1.0, 2.0, 4.0]])) == pytest.approx(1, abs=1e-4)


def test_sensitivity_at_specificity_is_the_best_point_of_the_curve():
    fpr, tpr, _ = reference.roc_curve(TRUTH, SCORES, drop_intermediate=False)
    expected = tpr[1 - fpr >= 0.7].max()
    close(streamed(metrics.SensitivityAtSpecificity(0.7, num_thresholds=41), TRUTH, SCORES), expected)
    expected = (1 - fpr)[tpr >= 0.7].max()
    close(streamed(metrics.SpecificityAtSensitivity(0.7, num_thresholds=41), TRUTH, SCORES), expected)


def test_a_rate_that_is_never_reached_gives_zero():
    assert float(metrics.RecallAtPrecision(0.9)([0, 0, 1], [0.9, 0.8, 0.1])) == 0.0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: metrics.Precision(thresholds=[0.5, 1.5]), "Precision: thresholds lie between 0 and 1, got [1.5]"),
        (lambda: metrics.AUC(curve="ROCK"), "AUC: curve is 'ROC', 'PR' or 'PRGAIN', got 'ROCK'"),
        (lambda: metrics.AUC(num_thresholds=1), "AUC: a curve has two thresholds at least, got num_thresholds=1"),
        (lambda: metrics.IoU(2, [2]), "IoU: classes are 0 to 1, got [2]"),
        (lambda: metrics.FBetaScore(beta=-1.0), "FBetaScore: beta is a positive float, got -1.0"),
        (lambda: metrics.F1Score(average="all"), "F1Score: average is one of (None, 'micro', 'macro', 'weighted')"),
        (lambda: metrics.RecallAtPrecision(1.5), "RecallAtPrecision: precision lies between 0 and 1, got 1.5"),
        (lambda: metrics.R2Score("best"), "R2Score: class_aggregation is one of"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, words):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("metric", [metrics.Precision(), metrics.F1Score(), metrics.R2Score()], ids=lambda m: m.name)
def test_shapes_that_do_not_fit_are_refused(metric):
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(2, 4\)"):
        metric.update_state(np.zeros((2, 3)), np.zeros((2, 4)))


def test_metrics_whose_variables_follow_the_targets_work_in_compiled_steps():
    model = kmb_core.Sequential([kmb_core.Input((5,)), layers.Dense(5, activation="sigmoid")])
    watched = [metrics.F1Score(average="macro", threshold=0.5), metrics.AUC(multi_label=True, name="area")]
    model.compile("sgd", "binary_crossentropy", metrics=[*watched, metrics.R2Score(), metrics.BinaryIoU(name="iou")])
    found = model.evaluate(MANY, LABELS, verbose=0, return_dict=True)
    predictions = model.predict(MANY, verbose=0)
    assert found["f1_score"] == pytest.approx(reference.f1_score(LABELS, predictions > 0.5, average="macro"), abs=1e-5)
    assert found["r2_score"] == pytest.approx(reference.r2_score(LABELS, predictions), abs=1e-4)
    if current_backend().supports(Capability.GRADIENTS):
        history = model.fit(MANY, LABELS, epochs=1, verbose=0).history
        assert {"f1_score", "area", "r2_score", "iou"} <= history.keys()
