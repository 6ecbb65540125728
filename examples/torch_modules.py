"""Layers and modules in one another: layers of kmb in a torch.nn.Module, and torch.nn.Modules in a model of kmb.

    python examples/torch_modules.py

Both are trained, one by torch.optim and the other by `fit`. Exit status: 1 where a test accuracy is too low.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

import kmb_core

LEAST_ACCURACY = 0.9


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scikit-learn's 13 measurements of three kinds of wine: x_train, x_test, y_train, y_test."""
    x, y = load_wine(return_X_y=True)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    x_train, x_test, y_train, y_test = train_test_split(
        x.astype("float32"), y.astype("int32"), random_state=0, stratify=y
    )
    return x_train, x_test, y_train, y_test


class Net(torch.nn.Module):
    """A module of torch with a layer of kmb inside."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = kmb_core.layers.Dense(16, activation="relu")
        self.head = torch.nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The logits of a batch."""
        return self.head(self.hidden(x))


def train_with_torch(x: torch.Tensor, y: torch.Tensor) -> Net:
    net = Net()
    net(x[:1])  # the layer makes its weights
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(100):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    return net


def train_with_fit(x: np.ndarray, y: np.ndarray) -> kmb_core.Model:
    body = torch.nn.Sequential(torch.nn.Linear(13, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU())
    model = kmb_core.Sequential(
        [
            kmb_core.Input((13,)),
            kmb_core.layers.TorchModuleWrapper(body),
            kmb_core.layers.Dense(3, activation="softmax"),
        ]
    )
    model.summary()
    model.compile(kmb_core.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=30, verbose=0)
    return model


def main() -> int:
    kmb_core.config.set_backend("torch")
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    net = train_with_torch(torch.from_numpy(x_train), torch.from_numpy(y_train).long())
    with torch.no_grad():
        first = float(np.mean(net(torch.from_numpy(x_test)).argmax(dim=1).numpy() == y_test))
    model = train_with_fit(x_train, y_train)
    second = float(np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test))
    return checked(first) or checked(second)


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
