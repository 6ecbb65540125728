import torch

import kmb_core
from kmb_core import layers


def test_an_exported_program_computes_the_same_for_other_batch_sizes(tmp_path):
    inputs = kmb_core.Input((4,))
    h = layers.Dropout(0.5)(layers.Dense(3, activation="relu")(inputs))
    model = kmb_core.Model(inputs, layers.Dense(2)(h))
    model.export(tmp_path / "model.pt2", format="torch")
    program = torch.export.load(str(tmp_path / "model.pt2")).module()
    for size in (1, 7):
        x = torch.randn(size, 4)
        torch.testing.assert_close(program(x), model(x))
