"""`fit` fed by NumPy, a generator, a PyDataset, tf.data, a DataLoader: time a step over a native loop fed the same.

The model is tiny (16-8-1, batch 32), so that what stands between the data and the step is seen. The native loop reads
the same source as a user of the framework would, and does the same maths.
"""

import itertools

import measure
import numpy as np

BATCH, WIDTHS, STEPS = 32, (16, 8, 1), 100
RATE = 1e-3


def figure(library, backend):
    generator = np.random.default_rng(0)
    x = generator.standard_normal((BATCH * STEPS, WIDTHS[0])).astype("float32")
    y = generator.standard_normal((BATCH * STEPS, 1)).astype("float32")
    found = {}
    for name, (fed, native) in sources(library, x, y).items():
        model = compiled(library)
        loop = LOOPS[backend](model)
        arguments = {"epochs": 1, "verbose": 0, "shuffle": False}

        def fit(model=model, fed=fed, arguments=arguments):
            data = fed()
            size = {"batch_size": BATCH} if isinstance(data, tuple) else {}
            data = data if isinstance(data, tuple) else (data,)
            return model.fit(*data, **size, **arguments).history["loss"][0]

        measure.refuse_if_different(fit(), loop(native()), 1e-4)
        found[name] = measure.compare_times(fit, lambda loop=loop, native=native: loop(native()))["ratio"]
    return found


def compiled(library):
    inputs = library.Input((WIDTHS[0],))
    hidden = library.layers.Dense(WIDTHS[1], activation="relu")(inputs)
    model = library.Model(inputs, library.layers.Dense(WIDTHS[2])(hidden))
    model.compile(library.optimizers.SGD(RATE), "mse")
    return model


def sources(library, x, y):
    """{name: (what `fit` is given, what the native loop iterates over)}, each made anew for each epoch."""
    parts = [(x[start : start + BATCH], y[start : start + BATCH]) for start in range(0, len(x), BATCH)]

    class Batches(library.utils.PyDataset):
        def __len__(self):
            return len(parts)

        def __getitem__(self, index):
            return x[index * BATCH : (index + 1) * BATCH], y[index * BATCH : (index + 1) * BATCH]

    dataset = Batches()

    def slices():
        for start in range(0, len(x), BATCH):
            yield x[start : start + BATCH], y[start : start + BATCH]

    found = {
        "NumPy": (lambda: (x, y), slices),
        "generator": (slices, slices),
        "PyDataset": (lambda: dataset, lambda: (dataset[index] for index in range(len(dataset)))),
    }
    for name, make in (("tf.data", tf_dataset), ("DataLoader", data_loader)):
        try:
            source = make(x, y)
        except ImportError:  # that framework is not installed
            continue
        found[name] = (lambda source=source: source, lambda source=source: source)
    return found


def tf_dataset(x, y):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH, drop_remainder=True)


def data_loader(x, y):
    import torch

    data = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    return torch.utils.data.DataLoader(data, batch_size=BATCH)


# The native loops: each takes an iterable of batches and gives the mean loss --------------------------------------


def weights_of(model):
    return [np.array(weight) for weight in model.get_weights()]


def jax_loop(model):
    import jax
    import jax.numpy as jnp

    def loss(weights, x, y):
        hidden = jnp.maximum(x @ weights[0] + weights[1], 0)
        return jnp.mean((hidden @ weights[2] + weights[3] - y) ** 2)

    def step(weights, total, x, y):
        value, gradients = jax.value_and_grad(loss)(weights, x, y)
        return [w - RATE * g for w, g in zip(weights, gradients, strict=True)], total + value

    compiled_step = jax.jit(step, donate_argnums=(0, 1))
    state = [[jnp.asarray(weight) for weight in weights_of(model)]]

    def loop(batches):
        total, count = jnp.zeros(()), 0
        for x, y in batches:
            state[0], total = compiled_step(state[0], total, np.asarray(x), np.asarray(y))
            count += 1
        return float(total) / count

    return loop


def torch_loop(model):
    import torch

    torch.set_num_threads(1)
    layers = [torch.nn.Linear(*pair) for pair in itertools.pairwise(WIDTHS)]
    weights = weights_of(model)
    with torch.no_grad():
        for layer, kernel, bias in zip(layers, weights[::2], weights[1::2], strict=True):
            layer.weight.copy_(torch.from_numpy(kernel.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias))
    network = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    optimizer = torch.optim.SGD(network.parameters(), RATE)

    def tensor(x):
        return x if isinstance(x, torch.Tensor) else torch.from_numpy(np.asarray(x))

    def loop(batches):
        total, count = torch.zeros(()), 0
        for x, y in batches:
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(network(tensor(x)), tensor(y))
            loss.backward()
            optimizer.step()
            total += loss.detach()
            count += 1
        return float(total) / count

    return loop


def tensorflow_loop(model):
    import tensorflow as tf

    variables = [tf.Variable(weight) for weight in weights_of(model)]
    total = tf.Variable(0.0)

    @tf.function(reduce_retracing=True)
    def step(x, y):
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(x @ variables[0] + variables[1])
            loss = tf.reduce_mean((hidden @ variables[2] + variables[3] - y) ** 2)
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(RATE * gradient)
        total.assign_add(loss)

    def loop(batches):
        total.assign(0.0)
        count = 0
        for x, y in batches:
            step(tf.convert_to_tensor(x), tf.convert_to_tensor(y))
            count += 1
        return float(total) / count

    return loop


LOOPS = {"jax": jax_loop, "torch": torch_loop, "tensorflow": tensorflow_loop}

if __name__ == "__main__":
    aim = "at most 1.2 (Keras 3.15.1: 2.2-2.9 on JAX, 2.5-6.3 on torch, 1.1-2.3 on TensorFlow)"
    measure.main("fit by source of data, tiny model, time over native", aim, figure, measure.TRAINING_BACKENDS)
