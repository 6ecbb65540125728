"""How backends are found, refused and chosen. Most plugins are registered from code."""

import subprocess
import sys
import threading
import types

import numpy as np
import pytest

import kmb_core
from kmb_core import plugins
from kmb_core.errors import BackendNotInstalledError, BrokenBackendError, UnknownBackendError
from kmb_core.plugins import BackendInfo, OpExtension, hookimpl

REAL = kmb_core.config.backend()


def plugin_named(name, contract=plugins.CONTRACT, make=None, info=None):
    """A plugin that hands over the current backend's implementation under another name."""
    namespace = types.SimpleNamespace()
    namespace.kmb_backend_info = hookimpl(info or (lambda: BackendInfo(name, "numpy", contract=contract)))
    implementation = plugins.load_backend(REAL).implementation
    namespace.kmb_make_backend = hookimpl(make or (lambda name: implementation))
    return namespace


@pytest.fixture
def announce():
    names = []

    def register(name, plugin):
        names.append(name)
        plugins.register(name, plugin)

    yield register
    for name in names:
        plugins.unregister(name)


def test_a_registered_plugin_is_listed_and_loads(announce):
    announce("mine", plugin_named("mine"))
    assert "mine" in plugins.installed_backends()
    with kmb_core.use_backend("mine") as backend:
        assert backend.name == "mine"
        assert float(kmb_core.ops.add(1.0, 2.0)) == 3.0


def test_an_unknown_name_lists_what_is_installed():
    with pytest.raises(UnknownBackendError, match=r"unknown backend 'nothing'.*" + REAL):
        plugins.load_backend("nothing")


def test_a_known_backend_that_is_missing_names_the_pip_command(monkeypatch):
    monkeypatch.setattr("kmb_core.plugins.discovery.installed_backends", dict)
    monkeypatch.setattr("kmb_core.plugins.discovery._loaded", {})
    missing = "jax" if REAL != "jax" else "torch"
    with pytest.raises(BackendNotInstalledError, match=rf"pip install kmb-core\[{missing}\]"):
        plugins.load_backend(missing)


def test_a_broken_plugin_chains_its_own_error_and_breaks_nobody_else(announce):
    def explode(name):
        raise OSError("libfast.so: cannot open shared object")

    announce("broken", plugin_named("broken", make=explode))
    with pytest.raises(BrokenBackendError, match=r"'broken'.*does not load") as caught:
        plugins.load_backend("broken")
    assert "libfast.so" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert plugins.load_backend(REAL).name == REAL


def test_a_plugin_for_another_contract_is_refused_with_the_upgrade_to_make(announce):
    announce("newer", plugin_named("newer", contract=plugins.CONTRACT + 1))
    with pytest.raises(
        BrokenBackendError, match=rf"contract {plugins.CONTRACT + 1}, this core speaks {plugins.CONTRACT}"
    ) as caught:
        plugins.load_backend("newer")
    assert "pip install --upgrade kmb-core" in str(caught.value)


def test_a_plugin_that_hands_over_nothing_is_refused(announce):
    announce("empty", plugin_named("empty", make=lambda name: None))
    with pytest.raises(BrokenBackendError, match="hands over nothing"):
        plugins.load_backend("empty")


def test_a_plugin_without_an_info_hook_is_refused(announce):
    announce("silent", types.SimpleNamespace())
    with pytest.raises(BrokenBackendError):
        plugins.load_backend("silent")


class Lacking:
    """The current implementation without its element-wise functions."""

    def __init__(self):
        self._whole = plugins.load_backend(REAL).implementation

    def __getattr__(self, name):
        return getattr(self._whole, name)

    def ops_module(self, family):
        return None if family == "ops.functions" else self._whole.ops_module(family)


def test_a_missing_primitive_is_reported_when_it_is_used_and_by_lacking(announce):
    announce("lacking", plugin_named("lacking", make=lambda name: Lacking()))
    with kmb_core.use_backend("lacking") as backend:
        assert float(kmb_core.ops.add(1.0, 2.0)) == 3.0
        kmb_core.ops.exp  # noqa: B018 - the family is declared when one of its names is used
        assert "exp" in backend.lacking()
        with pytest.raises(BrokenBackendError, match=r"ops.exp: backend 'lacking' does not supply"):
            kmb_core.ops.exp(1.0)


def test_an_extension_replaces_one_op_of_one_backend(announce):
    announce("mine", plugin_named("mine"))
    plugins.register_extension(OpExtension("mine", "square", function=lambda x: x + 100.0))
    with kmb_core.use_backend("mine") as backend:
        assert float(kmb_core.ops.square(2.0)) == 102.0
        assert backend.extended == {"square": ["registered"]}
    with kmb_core.use_backend(REAL):
        assert float(kmb_core.ops.square(2.0)) == 4.0


def test_an_extension_wraps_the_function_that_was_there(announce):
    announce("mine", plugin_named("mine"))
    calls = []

    def counted(function):
        def wrapper(*args, **kwargs):
            calls.append(args)
            return function(*args, **kwargs)

        return wrapper

    plugins.register_extension(OpExtension("mine", "exp", wrap=counted))
    with kmb_core.use_backend("mine"):
        assert float(kmb_core.ops.exp(0.0)) == 1.0
    assert len(calls) == 1


def test_an_extension_gives_either_a_function_or_a_wrapper():
    with pytest.raises(ValueError, match="either"):
        OpExtension("numpy", "exp")


def test_objects_keep_their_backend_when_the_default_changes(announce):
    announce("other", plugin_named("other"))
    variable = kmb_core.Variable([1.0])
    with kmb_core.use_backend("other"):
        inner = kmb_core.Variable([1.0])
    assert variable._backend.name == REAL
    assert inner._backend.name == "other"


def test_scopes_nest_and_are_left_when_an_exception_passes(announce):
    announce("a", plugin_named("a"))
    announce("b", plugin_named("b"))
    def fail_inside():
        with kmb_core.use_backend("a"):
            with kmb_core.use_backend("b"):
                assert kmb_core.config.backend() == "b"
            assert kmb_core.config.backend() == "a"
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert kmb_core.config.backend() == REAL


def test_threads_start_from_the_default_and_do_not_see_each_other(announce):
    for index in range(4):
        announce(f"t{index}", plugin_named(f"t{index}"))
    seen, started = {}, threading.Barrier(4)

    def work(name):
        first = kmb_core.config.backend()
        with kmb_core.use_backend(name):
            started.wait(timeout=10)
            results = {kmb_core.config.backend() for _ in range(200)}
            total = float(kmb_core.ops.sum(np.ones(10, "float32")))
        seen[name] = (first, results, total)

    with kmb_core.use_backend("t0"):
        threads = [threading.Thread(target=work, args=(f"t{index}",)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == {f"t{i}": (REAL, {f"t{i}"}, 10.0) for i in range(4)}


def test_the_first_load_is_done_once_by_many_threads(announce):
    made = []

    def make(name):
        made.append(name)
        return plugins.load_backend(REAL).implementation

    announce("slow", plugin_named("slow", make=make))
    found = []
    threads = [threading.Thread(target=lambda: found.append(plugins.load_backend("slow"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["slow"]
    assert len({id(backend) for backend in found}) == 1


def run(code, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_kmb_backend_wins_over_keras_backend():
    result = run(
        "import kmb_core; print(kmb_core.backend.selection.chosen_name())", KMB_BACKEND=REAL, KERAS_BACKEND="other"
    )
    assert result.stdout.strip() == REAL


def test_keras_backend_is_heard_when_kmb_backend_is_not_set():
    result = run(
        "import kmb_core; print(kmb_core.backend.selection.chosen_name())", KMB_BACKEND="", KERAS_BACKEND="other"
    )
    assert result.stdout.strip() == "other"


def test_listing_backends_imports_no_framework():
    code = (
        "import sys\nfrom kmb_core import plugins\nfrom kmb_core.plugins.discovery import backend_info\n"
        "names = plugins.installed_backends()\nassert names\n"
        "for name in names:\n    backend_info(name)\n"
        "print([m for m in ('torch', 'jax', 'jaxlib', 'tensorflow') if m in sys.modules])"
    )
    result = run(code)
    assert result.stdout.strip() == "[]", result.stderr


def test_autoload_can_be_switched_off():
    code = "from kmb_core import plugins; print(plugins.installed_backends())"
    assert run(code, KMB_DISABLE_PLUGIN_AUTOLOAD="1").stdout.strip() == "{}"


def test_without_any_backend_the_error_names_the_pip_commands():
    code = "import kmb_core; kmb_core.ops.add(1.0, 2.0)"
    result = run(code, KMB_DISABLE_PLUGIN_AUTOLOAD="1", KMB_BACKEND="", KERAS_BACKEND="")
    assert "no kmb backend is installed" in result.stderr
    assert "pip install kmb-core[numpy]" in result.stderr
