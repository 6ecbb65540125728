"""Meshes, layouts and maps are values: they are the same whatever the backend can do with them."""

import numpy as np
import pytest

from kmb_core.backend import current_backend
from kmb_core.distribution import (
    DataParallel,
    DeviceMesh,
    LayoutMap,
    ModelParallel,
    TensorLayout,
    distribution,
    list_devices,
    set_distribution,
)
from kmb_core.errors import CapabilityError, ShapeError
from kmb_core.ops.operators import Variable
from kmb_core.plugins import Capability

NAMES = [f"cpu:{index}" for index in range(6)]


def mesh():
    return DeviceMesh((2, 3), ("batch", "model"), NAMES)


def test_a_mesh_holds_its_devices_in_rows():
    assert mesh().devices.tolist() == [NAMES[:3], NAMES[3:]]


@pytest.mark.parametrize(
    ("shape", "names", "words"),
    [((2, 4), ("a", "b"), "8 devices, got 6"), ((6,), ("a", "b"), "name for each axis"), ((), (), "empty")],
)
def test_a_mesh_that_cannot_be_is_refused(shape, names, words):
    with pytest.raises(ValueError, match=words):
        DeviceMesh(shape, names, NAMES)


def test_two_axes_of_a_mesh_have_different_names():
    with pytest.raises(ValueError, match="different names"):
        DeviceMesh((2, 3), ("a", "a"), NAMES)


def test_a_layout_with_an_unknown_axis_names_those_of_the_mesh():
    with pytest.raises(ValueError, match=r"unknown axes \['rows'\]; the mesh has \['batch', 'model'\]"):
        TensorLayout(["rows"], mesh())


def test_a_layout_put_into_a_map_gets_its_mesh_and_is_checked():
    layouts = LayoutMap(mesh())
    layouts["kernel"] = (None, "model")
    assert layouts["kernel"].device_mesh is layouts.device_mesh
    with pytest.raises(ValueError, match="unknown axes"):
        layouts["bias"] = ("rows",)
    assert list(layouts) == ["kernel"]


def test_an_exact_path_comes_before_an_expression_and_two_expressions_are_refused():
    layouts = LayoutMap(mesh())
    layouts["dense.*kernel"] = ("batch", None)
    layouts["dense/kernel"] = (None, "model")
    assert layouts["dense/kernel"].axes == (None, "model")
    assert layouts["dense_2/kernel"].axes == ("batch", None)
    assert layouts["conv/bias"] is None
    layouts["dense_3"] = (None, None)
    with pytest.raises(ValueError, match="several expressions"):
        layouts["dense_3/kernel"]


def test_a_batch_that_is_not_divisible_is_refused():
    layout = DataParallel(devices=NAMES).get_data_layout((7, 2))
    with pytest.raises(ShapeError, match=r"size 7 .* not divisible by 6 devices along 'batch'"):
        layout.check((7, 2), "fit")
    layout.check((12, 2), "fit")


def test_variables_are_whole_unless_a_map_splits_them():
    variable = Variable(np.zeros((4, 6), "float32"), name="kernel")
    layouts = LayoutMap(mesh())
    assert DataParallel(devices=NAMES).get_variable_layout(variable).axes == (None, None)
    assert ModelParallel(layout_map=layouts).get_variable_layout(variable).axes == (None, None)
    layouts["kernel"] = (None, "model")
    assert ModelParallel(layout_map=layouts).get_variable_layout(variable).axes == (None, "model")


def test_model_parallel_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="layout_map"):
        ModelParallel()
    with pytest.raises(ValueError, match="no axis 'rows'"):
        ModelParallel(layout_map=LayoutMap(mesh()), batch_dim_name="rows")


def test_a_backend_that_cannot_train_so_says_it_when_the_distribution_is_set():
    if current_backend().supports(Capability.DISTRIBUTION):
        value = DataParallel(devices=NAMES[:1])
        with value.scope():
            assert distribution() is value
        with pytest.raises(ValueError, match="no device"):
            set_distribution(DataParallel(devices=NAMES))
    else:
        with pytest.raises(CapabilityError):
            set_distribution(DataParallel(devices=NAMES))
    assert distribution() is None


def test_devices_are_listed_or_the_backend_says_that_it_cannot():
    if "list_devices" in current_backend().kernels:
        assert "cpu:0" in list_devices("cpu")
    else:
        with pytest.raises(CapabilityError, match="list_devices"):
            list_devices()
