import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import kmb_core
from kmb_backend_torch.data import DataLoaderAdapter

X, Y = torch.arange(20.0).reshape(10, 2), torch.arange(10.0).reshape(10, 1)


def linear():
    model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(1)])
    model.compile(optimizer=kmb_core.optimizers.SGD(1e-3), loss="mse")
    return model


def test_a_data_loader_is_read_anew_for_each_epoch():
    adapter = DataLoaderAdapter(DataLoader(TensorDataset(X, Y), batch_size=4))
    assert (adapter.num_batches, adapter.batch_size) == (3, 4)
    for _ in range(2):
        assert [tuple(x.shape) for x, _ in adapter.batches()] == [(4, 2), (4, 2), (2, 2)]


def test_a_model_is_fitted_evaluated_and_asked_with_data_loaders():
    model, loader = linear(), DataLoader(TensorDataset(X, Y), batch_size=5, shuffle=True)
    losses = model.fit(loader, epochs=4, verbose=0, validation_data=loader).history["loss"]
    assert losses[-1] < losses[0]
    assert np.isfinite(model.evaluate(loader, verbose=0))
    assert model.predict(DataLoader(X, batch_size=3), verbose=0).shape == (10, 1)


def test_a_dataset_of_unknown_length_has_no_number_of_batches():
    class Stream(IterableDataset):
        def __iter__(self):
            yield from zip(X, Y, strict=True)

    adapter = DataLoaderAdapter(DataLoader(Stream(), batch_size=4))
    assert adapter.num_batches is None
    assert len(list(adapter.batches())) == 3
    linear().fit(DataLoader(Stream(), batch_size=4), verbose=0)


def test_torch_datasets_are_split_and_loaders_are_torch_datasets():
    left, right = kmb_core.utils.split_dataset(TensorDataset(X, Y), 0.6)
    assert (len(left), len(right)) == (6, 4)
    np.testing.assert_array_equal(right[0][0], X[6])
    batches = list(DataLoader(left, batch_size=4))
    assert [tuple(x.shape) for x, _ in batches] == [(4, 2), (2, 2)]
    linear().fit(left.batch(3), verbose=0)


def test_a_loader_of_the_core_trains_a_model_of_this_backend_in_spite_of_torch_tensors_in_it():
    first, _ = kmb_core.utils.split_dataset((X, Y), 8)
    history = linear().fit(first.batch(4), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
