"""Model.summary(): what the table says, and that it fits where it is shown."""

import contextlib
import io

import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend import reset_names


@pytest.fixture(autouse=True)
def fresh_names():
    reset_names()


@pytest.fixture
def model():
    image, other = kmb_core.Input((8, 8, 3), name="image"), kmb_core.Input((4,), name="other")
    stack = kmb_core.Sequential(
        [
            kmb_core.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(trainable=False, name="norm"),
            layers.GlobalAveragePooling2D(name="pool"),
        ],
        name="stack",
    )
    joined = layers.Concatenate(name="join")([stack(image), other])
    return kmb_core.Model([image, other], layers.Dense(2, name="head")(joined) + 1.0, name="whole")


def text(model, **options):
    written = []
    model.summary(print_fn=written.append, **options)
    (whole,) = written
    return whole


def rows(model, **options):
    """The cells of each row of the table, the parts of a broken row put together."""
    found = []
    for line in text(model, **options).splitlines():
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if cells and cells[0] and not (found and cells[0].startswith("(") and not any(cells[1:2])):
            found.append(cells)
    return found


def test_each_operation_has_a_row(model):
    assert rows(model, line_length=110) == [
        ["image (InputLayer)", "(None, 8, 8, 3)", "0", "-"],
        ["stack (Sequential)", "(None, 4)", "128", "image[0][0]"],
        ["other (InputLayer)", "(None, 4)", "0", "-"],
        ["join (Concatenate)", "(None, 8)", "0", "stack[0][0], other[0][0]"],
        ["head (Dense)", "(None, 2)", "18", "join[0][0]"],
        ["add (Add)", "(None, 2)", "0", "head[0][0]"],
    ]


def test_the_totals_are_below(model):
    assert text(model).splitlines()[-3:] == [
        " Total params: 146 (584.00 B)",
        " Trainable params: 130 (520.00 B)",
        " Non-trainable params: 16 (64.00 B)",
    ]
    assert text(model).startswith('Model: "whole"\n')


def test_the_optimizers_numbers_are_told_once_there_are_some():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2)])
    model.compile(kmb_core.optimizers.SGD(momentum=0.9), "mse")
    model.optimizer.build(model.trainable_variables)
    # the kernel's and the bias' momentum, the learning rate and the number of iterations
    assert text(model).splitlines()[-1].startswith(" Optimizer params: 10 (")


def test_models_in_the_model_are_looked_into(model):
    found = rows(model, line_length=120, expand_nested=True)
    names = [row[0].partition(" ")[0] for row in found]
    assert names == ["image", "stack", "conv", "norm", "pool", "other", "join", "head", "add"]
    assert [row[3] for row in found[3:5]] == ["conv[0][0]", "norm[0][0]"]
    assert "│   conv (Conv2D)" in text(model, line_length=120, expand_nested=True)


def test_whether_weights_are_trained_is_told(model):
    found = {
        row[0].partition(" ")[0]: row[-1]
        for row in rows(model, line_length=120, expand_nested=True, show_trainable=True)
    }
    assert (found["conv"], found["norm"], found["pool"], found["add"]) == ("yes", "no", "-", "-")


def test_a_range_of_layers_is_shown(model):
    shown = rows(model, layer_range=("stack", "head"))
    assert [row[0].partition(" ")[0] for row in shown] == ["stack", "other", "join", "head"]
    with pytest.raises(ValueError, match="no layer matches"):
        model.summary(layer_range=("nothing", "never"))


@pytest.mark.parametrize("columns", [20, 40, 50, 80, 100])
@pytest.mark.parametrize("options", [{}, {"expand_nested": True, "show_trainable": True}])
def test_no_line_is_longer_than_asked_for(model, columns, options):
    assert max(map(len, text(model, line_length=columns, **options).splitlines())) <= columns


def test_names_and_types_are_not_broken_where_there_is_room(model):
    shown = text(model, line_length=90, expand_nested=True, show_trainable=True)
    assert all(word in shown for word in ("(BatchNormalization)", "(GlobalAveragePooling2D)"))


def test_what_is_below_a_name_that_is_too_long_is_indented_like_it(model):
    lines = text(model, line_length=90, expand_nested=True, show_trainable=True).splitlines()
    assert any(line.startswith("│   (GlobalAveragePooling2D)") for line in lines)


def test_positions_are_the_ends_of_the_columns(model):
    lines = text(model, line_length=100, positions=[0.5, 0.7, 0.8, 1.0]).splitlines()
    ends = [place for place, character in enumerate(lines[1]) if character == "┳"]
    assert [round(end / 100, 1) for end in ends] == [0.5, 0.7, 0.8]


def test_an_unbuilt_model_says_so():
    assert rows(kmb_core.Sequential([layers.Dense(2, name="d")])) == [["d (Dense)", "?", "0 (unbuilt)"]]


def test_a_model_of_its_own_class_shows_what_its_layers_were_built_on():
    class Own(kmb_core.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2, name="d")

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    model(kmb_core.ops.ones((5, 3)))
    assert rows(model) == [["d (Dense)", "(5, 2)", "8"]]


def test_a_name_with_brackets_is_written_as_it_is():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2, name="[red]x")], name="[bold]m")
    assert 'Model: "[bold]m"' in text(model)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        model.summary()
    assert 'Model: "[bold]m"' in out.getvalue()
    assert "[red]x (Dense)" in out.getvalue()
    assert "\x1b" not in out.getvalue()  # no colours where it is no terminal
