"""Where batches come from: one protocol, and an adapter for each kind of source.

The training loop sees nothing but `DataAdapter`. Arrays in memory, Python generators and `PyDataset` are adapted
here; datasets that belong to a framework are adapted by that framework's plugin.
"""

from kmb_core.data.adapter import AdapterFactory, DataAdapter, make_adapter
from kmb_core.data.arrays import DEFAULT_BATCH_SIZE, ArrayAdapter, train_validation_split
from kmb_core.data.dataset import PyDataset, PyDatasetAdapter
from kmb_core.data.generator import GeneratorAdapter
from kmb_core.data.loader import BatchLoader
from kmb_core.data.samples import ArraySamples, Samples

__all__ = [
    "DEFAULT_BATCH_SIZE",
    "DataAdapter",
    "AdapterFactory",
    "make_adapter",
    "ArrayAdapter",
    "ArraySamples",
    "BatchLoader",
    "GeneratorAdapter",
    "PyDataset",
    "PyDatasetAdapter",
    "Samples",
    "train_validation_split",
]
