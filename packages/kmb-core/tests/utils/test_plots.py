"""Pictures of models, looked at as boxes and arrows in Graphviz' language."""

import os
import re
import sys

import pydot
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend import reset_names
from kmb_core.errors import NotBuiltError
from kmb_core.utils import model_to_dot, plot_model


@pytest.fixture(autouse=True)
def fresh_names():
    reset_names()


@pytest.fixture
def model():
    """Two inputs, a sequential and a functional model inside, a shared layer, and an op."""
    image, other = kmb_core.Input((4, 4, 1), name="image"), kmb_core.Input((3,), name="other")
    flat = kmb_core.Sequential(
        [kmb_core.Input((4, 4, 1)), layers.Flatten(name="flat"), layers.Dense(3, "relu", name="small")], name="stack"
    )
    inner = kmb_core.Input((3,), name="inner")
    twice = kmb_core.Model(inner, [layers.Dense(3, name="a<b>")(inner), inner * 2.0], name="two")
    first, second = twice(other)
    shared = layers.Dense(2, name="shared", trainable=False)
    joined = layers.Add(name="join")([shared(flat(image)), shared(first)])
    return kmb_core.Model([image, other], [joined, second + 1.0], name="whole")


def boxes(picture):
    """{name of the box: its title}, those in frames too."""
    found = {}
    for node in picture.get_nodes():
        title = re.search(r"<font color=\"white\">(.*?)</font>", node.get("label") or "")
        if title:
            found[node.get_name()] = re.sub("<.*?>", "", title.group(1))
    for frame in picture.get_subgraphs():
        found |= boxes(frame)
    return found


def arrows(picture):
    names = {box: title.partition(" ")[0] for box, title in boxes(picture).items()}
    return {(names[edge.get_source()], names[edge.get_destination()]) for edge in picture.get_edges()}


def text(picture, title):
    """The lines in the box of a layer."""
    place = next(box for box, found in boxes(picture).items() if found.startswith(title))
    label = re.search(rf"^{place} \[label=<(.*)>\];$", picture.to_string(), re.MULTILINE).group(1)
    return [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?>(.*?)</td>", label)]


def test_each_operation_is_a_box_and_each_tensor_an_arrow(model):
    picture = model_to_dot(model)
    assert sorted(boxes(picture).values()) == [
        "add (Add)",
        "image (InputLayer)",
        "join (Add)",
        "other (InputLayer)",
        "shared (Dense)",
        "stack (Sequential)",
        "two (Functional)",
    ]
    assert arrows(picture) == {
        ("image", "stack"),
        ("stack", "shared"),
        ("other", "two"),
        ("two", "shared"),
        ("shared", "join"),
        ("two", "add"),
    }


def test_models_in_the_model_are_frames_and_arrows_lead_into_them(model):
    picture = model_to_dot(model, expand_nested=True)
    frames = {frame.get("label"): sorted(boxes(frame).values()) for frame in picture.get_subgraphs()}
    assert frames == {
        '"stack"': ["flat (Flatten)", "small (Dense)"],
        '"two"': ["a&lt;b&gt; (Dense)", "inner (InputLayer)", "multiply (Multiply)"],
    }
    assert arrows(picture) == {
        ("image", "flat"),
        ("flat", "small"),
        ("small", "shared"),
        ("other", "inner"),
        ("inner", "a&lt;b&gt;"),
        ("inner", "multiply"),
        ("a&lt;b&gt;", "shared"),
        ("shared", "join"),
        ("multiply", "add"),
    }


def test_what_is_asked_for_is_written(model):
    options = {"show_shapes": True, "show_dtype": True, "show_layer_activations": True, "show_trainable": True}
    picture = model_to_dot(model, expand_nested=True, **options)
    assert text(picture, "small") == [
        "small (Dense)",
        "Activation: relu",
        "Input shape: (None, 16)",
        "Output shape: (None, 3)",
        "Output dtype: float32",
        "Trainable",
    ]
    assert text(picture, "shared")[-1] == "Non-trainable"
    assert text(picture, "join")[1] == "Input shape: [(None, 2), (None, 2)]"
    assert text(picture, "image") == ["image (InputLayer)", "Output shape: (None, 4, 4, 1)", "Output dtype: float32"]


def test_names_may_be_left_out(model):
    assert set(boxes(model_to_dot(model, show_layer_names=False)).values()) >= {"Sequential", "Functional", "Dense"}


def test_a_range_of_layers_is_drawn(model):
    picture = model_to_dot(model, layer_range=("stack", "join"))
    assert "join (Add)" in boxes(picture).values()
    assert "image (InputLayer)" not in boxes(picture).values()


def test_a_sequential_model_and_its_settings():
    stack = kmb_core.Sequential([kmb_core.Input((3,), name="x"), layers.Dense(2, name="d"), layers.ReLU(name="r")])
    picture = model_to_dot(stack, rankdir="LR", dpi=70, splines="curved")
    assert arrows(picture) == {("x", "d"), ("d", "r")}
    assert (picture.get_rankdir(), picture.get_dpi(), picture.get_splines()) == ("LR", 70, "curved")


def test_a_part_of_a_larger_picture_is_a_cluster(model):
    assert isinstance(model_to_dot(model, subgraph=True), pydot.Cluster)


def test_a_model_of_its_own_class_is_one_box():
    class Own(kmb_core.Model):
        def __init__(self):
            super().__init__(name="own")
            self.dense = layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    own = Own()
    with pytest.raises(NotBuiltError, match="'own' is not built"):
        model_to_dot(own)
    own(kmb_core.ops.ones((1, 3)))
    assert list(boxes(model_to_dot(own)).values()) == ["own (Own)"]


def test_unknown_arguments_are_named(model):
    with pytest.raises(TypeError, match="colour"):
        model_to_dot(model, colour="red")


def test_the_language_itself_is_written_without_graphviz(model, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    plot_model(model, tmp_path / "x.dot", show_layer_names=True)
    assert (tmp_path / "x.dot").read_text() == model_to_dot(model).to_string()


def test_a_picture_is_what_the_program_dot_gives(model, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(f'#!{sys.executable}\nimport sys\nsys.stdout.write("picture " + sys.argv[1])\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    assert plot_model(model, tmp_path / "x.svg") is None
    assert (tmp_path / "x.svg").read_text() == "picture -Tsvg"


def test_what_is_missing_is_named(model, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ImportError, match="apt install graphviz"):
        plot_model(model, tmp_path / "x.png")
    monkeypatch.setitem(sys.modules, "pydot", None)
    with pytest.raises(ImportError, match="pip install pydot"):
        model_to_dot(model)
