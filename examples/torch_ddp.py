"""Several processes train one model: torch's DistributedDataParallel around a model of kmb, started by torchrun.

    torchrun --nproc-per-node 2 examples/torch_ddp.py

Each process trains on its own part of the data, and torch averages the gradients. Exit status: 1 where the test
accuracy is too low, or the processes end with different weights.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

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
    distributed.init_process_group("gloo")
    try:
        return run(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def run(rank: int, processes: int) -> int:
    kmb_core.config.set_backend("torch")
    kmb_core.utils.set_random_seed(0)
    x_train, x_test, y_train, y_test = data()
    model = kmb_core.Sequential(
        [kmb_core.Input((64,)), kmb_core.layers.Dense(64, activation="relu"), kmb_core.layers.Dense(10)]
    )
    samples = torch.utils.data.TensorDataset(torch.from_numpy(x_train), torch.from_numpy(y_train).long())
    sampler = torch.utils.data.DistributedSampler(samples, processes, rank)
    loader = torch.utils.data.DataLoader(samples, batch_size=32, sampler=sampler)
    parallel = DistributedDataParallel(model)
    optimizer = torch.optim.Adam(parallel.parameters(), lr=3e-3)
    for epoch in range(15):
        sampler.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(parallel(x), y).backward()
            optimizer.step()
    if not same_everywhere(model):
        print(f"Process {rank}: the weights differ from those of process 0", file=sys.stderr)
        return 1
    return checked(float(np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test)))


def same_everywhere(model: kmb_core.Model) -> bool:
    """Whether this process has the weights of process 0."""
    for variable in model.trainable_variables:
        other = variable.value.detach().clone()
        distributed.broadcast(other, 0)
        if not torch.equal(other, variable.value):
            return False
    return True


def checked(accuracy: float) -> int:
    """0 where the accuracy is good enough, 1 where it is not."""
    print(f"Test accuracy: {accuracy:.4f} (at least {LEAST_ACCURACY} is wanted)")
    return int(not accuracy >= LEAST_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
