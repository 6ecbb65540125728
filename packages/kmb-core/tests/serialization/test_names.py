"""Names in files mean built-in and registered objects, and nothing else."""

import sys
import threading

import pytest

import kmb_core
from kmb_core import activations, layers
from kmb_core.errors import CheckpointError, UnknownObjectError
from kmb_core.saving import (
    CustomObjectScope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from kmb_core.serialization.names import canonical_module


@register_keras_serializable("tests")
class Twice(kmb_core.Layer):
    def call(self, x):
        return x * 2


@register_keras_serializable("tests", name="holds")
class Holder(kmb_core.Layer):
    """A layer whose constructor takes a layer: described and made again without code of its own."""

    def __init__(self, inner, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner
        self.rate = rate

    def call(self, x):
        return self.inner(x)


class Unregistered(kmb_core.Layer):
    def call(self, x):
        return x


@register_keras_serializable("tests")
def doubled(x):
    return x * 2


def entry(module, class_name, registered=None, **config):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered}


def test_a_registered_class_is_written_as_keras_writes_it():
    described = serialize_keras_object(Twice(name="t"))
    assert (described["module"], described["class_name"], described["registered_name"]) == (
        None,
        "Twice",
        "tests>Twice",
    )


def test_a_registered_class_comes_back():
    found = deserialize_keras_object(serialize_keras_object(Twice(name="t")))
    assert isinstance(found, Twice)
    assert found.name == "t"


def test_a_registered_function_comes_back():
    described = serialize_keras_object(doubled)
    assert described == {
        "module": "builtins",
        "class_name": "function",
        "config": "tests>doubled",
        "registered_name": "function",
    }
    assert deserialize_keras_object(described) is doubled


def test_a_layer_that_is_given_a_layer_comes_back_with_it():
    found = deserialize_keras_object(serialize_keras_object(Holder(layers.Dense(3, name="inside"), rate=0.25)))
    assert (type(found.inner), found.inner.name, found.rate) == (type(layers.Dense(1)), "inside", 0.25)


def test_the_registered_name_is_package_and_name():
    assert get_registered_name(Holder) == "tests>holds"
    assert get_registered_object("tests>holds") is Holder
    assert get_registered_name(Unregistered) == "Unregistered"


def test_an_unregistered_class_needs_custom_objects():
    described = serialize_keras_object(Unregistered(name="u"))
    with pytest.raises(UnknownObjectError, match="Unregistered"):
        deserialize_keras_object(described)
    assert isinstance(deserialize_keras_object(described, custom_objects={"Unregistered": Unregistered}), Unregistered)
    with CustomObjectScope({"Unregistered": Unregistered}):
        assert isinstance(deserialize_keras_object(described), Unregistered)


def test_custom_objects_hold_for_what_lies_inside_too():
    described = serialize_keras_object(Holder(Unregistered(name="u")))
    found = deserialize_keras_object(described, custom_objects={"Unregistered": Unregistered})
    assert isinstance(found.inner, Unregistered)


def test_a_scope_ends_and_belongs_to_its_thread():
    seen = []
    with CustomObjectScope({"Here": Unregistered}):
        thread = threading.Thread(target=lambda: seen.append(get_registered_object("Here")))
        thread.start()
        thread.join()
        assert get_registered_object("Here") is Unregistered
    assert seen == [None]
    assert get_registered_object("Here") is None


def test_writing_to_the_custom_objects_registers():
    get_custom_objects()["Mine"] = Unregistered
    try:
        assert isinstance(deserialize_keras_object(entry("x", "Mine", name="m")), Unregistered)
    finally:
        del get_custom_objects()["Mine"]


def test_a_built_in_name_is_not_taken_over_by_a_custom_object():
    found = deserialize_keras_object(entry("keras.layers", "Dense", units=2), custom_objects={"Dense": Unregistered})
    assert isinstance(found, layers.Dense)


def test_a_class_without_get_config_cannot_be_registered():
    with pytest.raises(ValueError, match="no get_config"):
        register_keras_serializable()(type("Empty", (), {}))


@pytest.mark.parametrize(
    "module", ["os", "subprocess", "builtins", "posix", "kmb_core.saving", "keras", "keras.layers"]
)
@pytest.mark.parametrize("name", ["system", "Popen", "eval", "exec", "load_model", "__import__", "deserialize", "ops"])
def test_a_file_reaches_nothing_that_is_not_offered(module, name):
    with pytest.raises((UnknownObjectError, CheckpointError)):
        deserialize_keras_object(entry(module, name, name, cmd="true"))


@pytest.mark.parametrize("name", ["eval", "exec", "open", "__import__", "get", "deserialize", "_unknown", "print", ""])
def test_a_function_of_a_file_is_never_one_of_python(name):
    with pytest.raises(UnknownObjectError):
        deserialize_keras_object(
            {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
        )


@pytest.mark.parametrize("name", ["object", "type", "memoryview", "os", "super"])
def test_a_class_of_a_file_is_a_plain_type_or_a_known_one(name):
    with pytest.raises(UnknownObjectError):
        deserialize_keras_object(
            {"module": "builtins", "class_name": "type", "config": name, "registered_name": "type"}
        )


def test_nothing_is_imported_because_a_file_names_it(tmp_path, monkeypatch):
    (tmp_path / "planted.py").write_text("raise SystemExit('ran')\nclass Layer: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UnknownObjectError):
        deserialize_keras_object(entry("planted", "Layer"))
    assert "planted" not in sys.modules


def test_all_unknown_names_are_listed_at_once_with_what_to_do():
    config = [
        entry("a", "First", "x>First"),
        {"deep": entry("b.c", "Second")},
        entry("keras.regularizers", "L2", l2=0.5),
    ]
    with pytest.raises(UnknownObjectError) as caught:
        deserialize_keras_object(config)
    first, _, rest = str(caught.value).partition("\n")
    assert "x>First, b.c.Second" in first
    assert "register_keras_serializable" in rest
    assert "custom_objects" in rest


def test_an_unknown_name_is_a_type_error_and_a_value_error():
    assert issubclass(UnknownObjectError, TypeError)
    assert issubclass(UnknownObjectError, ValueError)


def test_an_error_inside_says_which_object_was_being_made():
    with pytest.raises(ValueError, match="units") as caught:
        deserialize_keras_object(entry("keras.layers", "Dense", units=-3, name="q"))
    assert "while making keras.layers.Dense 'q'" in caught.value.__notes__


@pytest.mark.parametrize(
    "variant", ["adadelta", "adagrad", "adam", "adamax", "adamw", "lion", "nadam", "rmsprop", "sgd"]
)
def test_variants_of_one_backend_mean_the_public_optimizer(variant):
    assert canonical_module(f"keras.src.backend.torch.optimizers.torch_{variant}") == "keras.optimizers"
    assert canonical_module(f"keras.src.backend.torch.optimizers.torch_{variant}x") != "keras.optimizers"


def test_a_string_is_data_unless_the_call_says_what_it_names():
    assert deserialize_keras_object("relu") == "relu"
    assert deserialize_keras_object("relu", custom_objects={"relu": activations.relu}) is activations.relu
