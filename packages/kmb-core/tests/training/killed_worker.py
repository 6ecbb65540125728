"""A script: trains from a dataset one of whose worker processes is killed, and prints what comes of it."""

import multiprocessing
import os
import signal
import sys

import numpy as np

import kmb_core


class Batches(kmb_core.utils.PyDataset):
    """Ten batches; the process that is asked for the sixth one is killed."""

    def __len__(self):
        return 10

    def __getitem__(self, index):
        if index == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.ones((4, 3), "float32"), np.ones((4, 1), "float32")


def main():
    model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(1)])
    model.compile("sgd", "mse")
    dataset = Batches(workers=2, use_multiprocessing=True, max_queue_size=3)
    try:
        getattr(model, sys.argv[1])(dataset, verbose=0, **({"shuffle": False} if sys.argv[1] == "fit" else {}))
    except Exception as error:
        sys.stdout.write(f"{type(error).__name__}: {str(error).splitlines()[0]}\n")
    for process in multiprocessing.active_children():
        process.join(10)
    sys.stdout.write(f"{len(multiprocessing.active_children())} processes are left\n")


if __name__ == "__main__":
    main()
