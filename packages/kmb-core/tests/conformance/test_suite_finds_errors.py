"""The suite against backends with one fault each: it has to find it, and to expect it where it is declared."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from kmb_core.backend import current_backend
from kmb_core.conformance import checks, compiling
from kmb_core.conformance.declared import import_all_ops
from kmb_core.conformance.rows import ROWS
from kmb_core.plugins import Capability

import_all_ops()


@pytest.fixture
def faulty(monkeypatch):
    """Replace an op of the current backend by one that is made from it."""

    def install(op, change):
        functions = current_backend().functions
        original = functions[op]
        monkeypatch.setitem(functions, op, lambda *args, **kwargs: change(original(*args, **kwargs)))

    return install


def cast(x, dtype):
    return current_backend().cast(x, dtype)


FAULTS = {
    "a wrong value": ("tanh", lambda y: y * 1.0001),
    "another dtype": ("argmax", lambda y: cast(y, "float32")),
    "another shape": ("sum", lambda y: y.reshape((-1, 1)) if hasattr(y, "reshape") else y[None]),
    "a lost infinity": ("log", lambda y: current_backend().functions["clip"](y, -80.0, 80.0)),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the logarithm of 0 is among the calls
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_eager_check(fault, faulty):
    op, change = FAULTS[fault]
    checks.each(checks.called(op, ROWS[op], "float32"), checks.check_eager)
    faulty(op, change)
    with pytest.raises(AssertionError, match=op):
        checks.each(checks.called(op, ROWS[op], "float32"), checks.check_eager)


def test_a_wrong_gradient_is_found(faulty):
    backend = current_backend()
    if not backend.supports(Capability.GRADIENTS):
        pytest.skip(backend.info.supports(Capability.GRADIENTS).reason)
    with backend.implementation.wide_float_scope():
        calls = [call for call in checks.called("tanh", ROWS["tanh"], "float64") if call.row.gradients]
        checks.each(calls, checks.check_gradients)
        faulty("tanh", backend.functions["stop_gradient"])
        with pytest.raises(AssertionError, match="tanh"):
            checks.each(calls, checks.check_gradients)


def test_a_compiled_function_that_differs_from_the_eager_one_is_found(monkeypatch):
    calls = compiling.compiled_calls("exp", 0.0)
    monkeypatch.setattr(compiling, "_family_outputs", lambda family, fraction: None)
    outputs = [[np.asarray(current_backend().to_numpy(x)) * 1.1 for x in call.run(call.tensors())] for call in calls]
    monkeypatch.setattr(compiling, "run_compiled", lambda calls: outputs)
    with pytest.raises(AssertionError, match="compiled"):
        compiling.check_compiled("exp", 0.0)


PLUGIN = '''
import types
from kmb_core.plugins import BackendInfo, hookimpl, load_backend

BASE = load_backend({base!r})
INFO = BackendInfo("bent", BASE.info.framework, capabilities=BASE.info.capabilities, deviations={deviations!r})


class Bent:
    def __getattr__(self, name):
        return getattr(BASE.implementation, name)

    def ops_module(self, family):
        module = BASE.implementation.ops_module(family)
        if family != "ops.functions":
            return module
        changed = types.SimpleNamespace(**vars(module))
        changed.tan = lambda x: module.tan(x) + 1
        return changed


@hookimpl
def kmb_backend_info():
    return INFO


@hookimpl
def kmb_make_backend(name):
    return Bent() if name == "bent" else None
'''


def run(folder, deviations, *options):
    (folder / "bent_plugin.py").write_text(PLUGIN.format(base=current_backend().name, deviations=deviations))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--pyargs", "kmb_core.conformance.test_ops", "--kmb-plugin", "bent_plugin"]
    command += ["-k", "test_values and (tan:: or sin::) and float32", *options]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done, json.loads((folder / "conformance.json").read_text())


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["one process", "two processes"])
def test_an_undeclared_fault_fails_the_run_of_a_plugin_module(options, tmp_path):
    done, report = run(tmp_path, {}, *options)
    assert done.returncode == 1, done.stdout
    assert report["backend"] == "bent"
    assert list(report["failed"]) == ["ops::tan::float32"]
    assert report["level"] == "none"


@pytest.mark.parametrize("pattern", ["ops::tan", "ops::ta?::*"])
def test_a_declared_deviation_is_expected_to_fail(pattern, tmp_path):
    done, report = run(tmp_path, {pattern: "tangents are bent here"})
    assert done.returncode == 0, done.stdout
    assert report["deviations"] == {"ops::tan::float32": "tangents are bent here"}


def test_a_deviation_that_is_none_fails(tmp_path):
    done, report = run(tmp_path, {"ops::tan": "tangents are bent here", "ops::sin": "so are sines, it says"})
    assert done.returncode == 1, done.stdout
    assert list(report["failed"]) == ["ops::sin::float32"]
