"""A training loop of torch's own: a DataLoader, a loss of torch.nn, an optimizer of torch.optim, and a model of kmb.

    python examples/torch_loop.py

Exit status: 1 where the test accuracy is too low.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import kmb_core

LEAST_ACCURACY = 0.95


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scikit-learn's 8 × 8 digits, as rows of 64 pixels: x_train, x_test, y_train, y_test."""
    x, y = load_digits(return_X_y=True)
    x = x / 16
    x_train, x_test, y_train, y_test = train_test_split(
        x.astype("float32"), y.astype("int32"), random_state=0, stratify=y
    )
    return x_train, x_test, y_train, y_test


def main() -> int:
    kmb_core.config.set_backend("torch")
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    model = kmb_core.Sequential(
        [
            kmb_core.Input((64,)),
            kmb_core.layers.Dense(64, activation="relu"),
            kmb_core.layers.Dropout(0.1),
            kmb_core.layers.Dense(10),
        ]
    )
    samples = torch.utils.data.TensorDataset(torch.from_numpy(x_train), torch.from_numpy(y_train).long())
    loader = torch.utils.data.DataLoader(samples, batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = torch.nn.CrossEntropyLoss()
    for epoch in range(20):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        if epoch % 5 == 4:
            print(f"Epoch {epoch + 1}: the last loss is {loss.item():.4f}")
    model.eval()
    with torch.no_grad():
        predicted = model(torch.from_numpy(x_test)).argmax(dim=1).numpy()
    return checked(float(np.mean(predicted == y_test)))


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
