"""Every installed backend alive in one process, in turn, nested, and in threads at the same time."""

import itertools
import threading

import numpy as np
import pytest

import kmb_core

pytestmark = pytest.mark.mixed

BACKENDS = sorted(kmb_core.plugins.installed_backends())
PAIRS = list(itertools.permutations(BACKENDS, 2))


def product(n):
    """`n × n` ones times themselves, as NumPy: every entry is n."""
    ones = kmb_core.ops.ones((n, n))
    return kmb_core.ops.convert_to_numpy(kmb_core.ops.matmul(ones, ones))


def test_several_backends_are_installed_or_nothing_here_is_tested():
    assert len(BACKENDS) > 1


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_a_scope_ends_where_it_ends(outer, inner):
    with kmb_core.use_backend(outer):
        with kmb_core.use_backend(inner):
            assert kmb_core.config.backend() == inner
        assert kmb_core.config.backend() == outer
        np.testing.assert_array_equal(product(3), np.full((3, 3), 3))


def test_each_backend_makes_tensors_of_its_own_type():
    types = set()
    for name in BACKENDS:
        with kmb_core.use_backend(name):
            types.add(type(kmb_core.ops.convert_to_tensor([1.0, 2.0])))
    assert len(types) == len(BACKENDS)


def test_threads_in_different_scopes_do_not_disturb_each_other():
    wrong = []
    start = threading.Barrier(len(BACKENDS))

    def work(name, n):
        with kmb_core.use_backend(name):
            start.wait(timeout=60)
            for _ in range(50):
                if kmb_core.config.backend() != name or not (product(n) == n).all():
                    wrong.append(name)

    threads = [threading.Thread(target=work, args=(name, n)) for n, name in enumerate(BACKENDS, start=2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert wrong == []
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize(("own", "current"), PAIRS)
def test_a_layer_runs_on_the_backend_it_was_made_on(own, current):
    with kmb_core.use_backend(own):
        layer = kmb_core.layers.Dense(2, kernel_initializer="ones")
        layer.build((None, 3))
        expected = type(kmb_core.ops.convert_to_tensor([1.0]))
    with kmb_core.use_backend(current):
        result = layer(np.ones((1, 3), "float32"))
    assert isinstance(result, expected)
    with kmb_core.use_backend(own):
        np.testing.assert_array_equal(kmb_core.ops.convert_to_numpy(result), [[3, 3]])


def test_the_same_seed_gives_the_same_initial_weights_everywhere():
    kernels = []
    for name in BACKENDS:
        with kmb_core.use_backend(name):
            layer = kmb_core.layers.Dense(4, kernel_initializer=kmb_core.initializers.GlorotUniform(seed=3))
            layer.build((None, 5))
            kernels.append(layer.get_weights()[0])
    for kernel in kernels[1:]:
        np.testing.assert_allclose(kernel, kernels[0], rtol=1e-6)
    assert np.ptp(kernels[0]) > 0


@pytest.mark.parametrize(("writer", "reader"), PAIRS)
def test_a_file_saved_on_one_backend_predicts_the_same_on_another(tmp_path, writer, reader):
    x = np.linspace(-1, 1, 10, dtype="float32").reshape(2, 5)
    with kmb_core.use_backend(writer):
        inputs = kmb_core.Input((5,))
        model = kmb_core.Model(inputs, kmb_core.layers.Dense(3, activation="relu")(inputs))
        expected = model.predict(x, verbose=0)
        model.save(tmp_path / "model.keras")
    with kmb_core.use_backend(reader):
        read = kmb_core.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(read.predict(x, verbose=0), expected, atol=1e-5)
