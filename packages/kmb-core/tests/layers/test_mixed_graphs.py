import numpy as np

import kmb_core
from kmb_core import layers


def test_a_layer_that_casts_its_input_stays_connected_to_the_one_before():
    x = kmb_core.Input((4,))
    hidden = layers.Dense(8, dtype="mixed_bfloat16")(x)
    model = kmb_core.Model(x, layers.Dense(1)(hidden))
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dense", "Dense"]
    assert model.layers[2]._inbound_nodes[0].inputs[0] is hidden  # the cast belongs to the call, not to the graph
    data = np.ones((2, 4), "float32")
    expected = kmb_core.ops.convert_to_numpy(model.layers[2](model.layers[1](data)))
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-5)


def test_a_sequential_model_may_mix_precisions():
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(8, dtype="mixed_float16"), layers.Dense(1)])
    assert model(np.ones((2, 4), "float32")).shape == (2, 1)
