"""A two-layer perceptron and its training, worked out in NumPy's float64: the reference for the training cases."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kmb_core import Input, Sequential, layers

INPUTS, HIDDEN, CLASSES, BATCH = 4, 5, 3, 6
Weights = list[np.ndarray]  # kernel and bias of either layer


def data() -> tuple[np.ndarray, np.ndarray]:
    """A batch: (6, 4) and class numbers (6,)."""
    generator = np.random.default_rng(0)
    return generator.normal(size=(BATCH, INPUTS)).astype("float32"), np.array([0, 1, 2, 0, 1, 2], "int32")


def initial_weights() -> Weights:
    """Weights that no initializer made."""
    generator = np.random.default_rng(1)
    shapes = [(INPUTS, HIDDEN), (HIDDEN,), (HIDDEN, CLASSES), (CLASSES,)]
    return [generator.normal(size=shape, scale=0.5).astype("float32") for shape in shapes]


def model() -> Any:
    """The same thing as a model, with those weights."""
    stack = Sequential([Input((INPUTS,)), layers.Dense(HIDDEN, activation="tanh"), layers.Dense(CLASSES)])
    stack.set_weights(initial_weights())
    return stack


def forward(weights: Weights, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hidden layer's outputs and the logits."""
    kernel_1, bias_1, kernel_2, bias_2 = weights
    hidden = np.tanh(x @ kernel_1 + bias_1)
    return hidden, hidden @ kernel_2 + bias_2


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of the classes."""
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def loss(weights: Weights, x: np.ndarray, y: np.ndarray) -> float:
    """The mean cross-entropy of the logits."""
    p = softmax(forward(weights, x)[1])
    return float(-np.log(p[np.arange(len(y)), y]).mean())


def gradients(weights: Weights, x: np.ndarray, y: np.ndarray) -> Weights:
    """The chain rule, written out."""
    hidden, logits = forward(weights, x)
    outer = softmax(logits)
    outer[np.arange(len(y)), y] -= 1
    outer /= len(y)
    inner = (outer @ weights[2].T) * (1 - hidden**2)
    return [x.T @ inner, inner.sum(0), hidden.T @ outer, outer.sum(0)]


def momentum_steps(rate: float, momentum: float) -> Callable[[Weights, Weights], None]:
    """Gradient descent with momentum: changes weights in place, call after call."""
    velocities: Weights = []

    def step(weights: Weights, slopes: Weights) -> None:
        velocities[:] = velocities or [np.zeros_like(w) for w in weights]
        for weight, velocity, slope in zip(weights, velocities, slopes, strict=True):
            velocity *= momentum
            velocity -= rate * slope
            weight += velocity

    return step


def adam_steps(rate: float, beta_1: float, beta_2: float, epsilon: float) -> Callable[[Weights, Weights], None]:
    """Kingma and Ba, "Adam", 2015, with epsilon as at the end of section 2."""
    moments: list[tuple[np.ndarray, np.ndarray]] = []
    count = 0

    def step(weights: Weights, slopes: Weights) -> None:
        nonlocal count
        count += 1
        moments[:] = moments or [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
        alpha = rate * np.sqrt(1 - beta_2**count) / (1 - beta_1**count)
        for weight, (mean, square), slope in zip(weights, moments, slopes, strict=True):
            mean += (1 - beta_1) * (slope - mean)
            square += (1 - beta_2) * (slope**2 - square)
            weight -= alpha * mean / (np.sqrt(square) + epsilon)

    return step


def trained(steps: int, step: Callable[[Weights, Weights], None]) -> tuple[Weights, list[float]]:
    """Weights after some steps on the batch, and the loss before each."""
    x, y = data()
    weights = [w.astype("float64") for w in initial_weights()]
    losses = []
    for _ in range(steps):
        losses.append(loss(weights, x.astype("float64"), y))
        step(weights, gradients(weights, x.astype("float64"), y))
    return weights, losses
