"""Schedules against their formulas, at steps before, at and after the turning points."""

import math

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import Variable
from kmb_core.optimizers import schedules

STEPS = (0, 1, 3, 4, 5, 7, 9, 10, 12, 16, 100)


def cosine(step, start=0.1, whole=10, alpha=0.1):
    part = min(step, whole) / whole
    return start * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * part)) + alpha)


def warm(step):
    return 0.1 + 0.1 * step / 4 if step < 4 else cosine(step - 4, 0.2, 10, 0.0)


def restarted(step, length=4, t_mul=2.0, m_mul=0.5, alpha=0.1):
    start = 0.1
    while step >= length:
        step, length, start = step - length, length * t_mul, start * m_mul
    return start * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * step / length)) + alpha)


def cycled(step):
    whole = 5 * max(math.ceil(step / 5), 1)
    return 0.09 * (1 - step / whole) + 0.01


CASES = {
    "exponential": (schedules.ExponentialDecay(0.1, 5, 0.5), lambda s: 0.1 * 0.5 ** (s / 5)),
    "stairs": (schedules.ExponentialDecay(0.1, 5, 0.5, staircase=True), lambda s: 0.1 * 0.5 ** (s // 5)),
    "inverse": (schedules.InverseTimeDecay(0.1, 5, 0.5), lambda s: 0.1 / (1 + 0.5 * s / 5)),
    "inverse stairs": (schedules.InverseTimeDecay(0.1, 5, 0.5, staircase=True), lambda s: 0.1 / (1 + 0.5 * (s // 5))),
    "pieces": (
        schedules.PiecewiseConstantDecay([3, 7], [1.0, 0.5, 0.1]),
        lambda s: 1.0 if s <= 3 else 0.5 if s <= 7 else 0.1,
    ),
    "polynomial": (schedules.PolynomialDecay(0.1, 5, 0.01, 2.0), lambda s: 0.09 * (1 - min(s, 5) / 5) ** 2 + 0.01),
    "cycles": (schedules.PolynomialDecay(0.1, 5, 0.01, cycle=True), cycled),
    "cosine": (schedules.CosineDecay(0.1, 10, alpha=0.1), cosine),
    "warm-up": (schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=4), warm),
    "restarts": (schedules.CosineDecayRestarts(0.1, 4, m_mul=0.5, alpha=0.1), restarted),
    "equal restarts": (
        schedules.CosineDecayRestarts(0.1, 4, t_mul=1.0, m_mul=0.5, alpha=0.1),
        lambda s: restarted(s, t_mul=1.0),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_formula(case):
    schedule, formula = CASES[case]
    found = [float(schedule(step)) for step in STEPS]
    np.testing.assert_allclose(found, [formula(s) for s in STEPS], rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("case", CASES)
def test_steps_may_be_tensors_and_variables(case):
    schedule, formula = CASES[case]
    assert float(schedule(ops.convert_to_tensor(3, dtype="int32"))) == pytest.approx(formula(3), rel=1e-5)
    assert float(schedule(Variable(3, dtype="int32"))) == pytest.approx(formula(3), rel=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_saved_forms_come_back(case):
    schedule = CASES[case][0]
    saved = schedules.serialize(schedule)
    assert saved["module"] == "keras.optimizers.schedules"
    assert schedules.deserialize(saved).get_config() == schedule.get_config()


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="decay_steps"):
        schedules.CosineDecay(0.1, 0)
    with pytest.raises(ValueError, match="values"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1])
