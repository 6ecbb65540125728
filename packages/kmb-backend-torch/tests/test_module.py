import copy
import io
import pickle

import pytest
import torch

import kmb_core
from kmb_core.layers.layer import Layer
from kmb_core.ops.nn.projection import dense
from kmb_core.random.seed_generator import SeedGenerator


class Affine(Layer):
    """x @ kernel + bias; attributes are named otherwise than the variables."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="w")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="w")
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="n")

    def call(self, x):
        return dense(x, self.kernel.value, self.bias.value)


class Block(Layer):
    """Sublayers in a list, a dict, and as an attribute, with a module of torch's own."""

    def __init__(self, **kwargs):
        self.before_super = Affine(3)
        super().__init__(**kwargs)
        self.steps = [Affine(3)]
        self.heads = {"left": Affine(2)}
        self.norm = torch.nn.LayerNorm(2)
        self.seen = "never called"

    def call(self, x, training=False):
        self.seen = training
        x = self.before_super(x)
        for step in self.steps:
            x = step(x)
        return self.norm(self.heads["left"](x))


X = torch.randn(4, 3)


@pytest.fixture
def block():
    layer = Block()
    layer.steps.append(Affine(3))
    layer(X)
    return layer


def test_a_layer_is_a_module_whose_class_goes_by_the_declared_name(block):
    assert isinstance(block, torch.nn.Module)
    assert isinstance(block, Block)
    assert type(block).__name__ == "Block"


def test_the_state_dict_names_attributes_and_finds_what_was_appended_later(block):
    parts = ("kernel", "bias", "calls")
    owners = ("before_super", "steps.0", "steps.1", "heads.left")
    expected = {f"{owner}.{part}" for owner in owners for part in parts} | {"norm.weight", "norm.bias"}
    assert set(block.state_dict()) == expected
    assert {name for name, _ in block.named_parameters()} == {n for n in expected if "calls" not in n}


def test_replaced_and_deleted_attributes_leave_the_state_dict(block):
    block.before_super = None
    del block.heads
    block.steps = [block.steps[0]]
    assert {name.rpartition(".")[0] for name in block.state_dict()} == {"steps.0", "norm"}


def test_a_state_dict_is_loaded_into_the_variables(block):
    other = Block()
    other.steps.append(Affine(3))
    other(X)
    assert not torch.equal(other(X), block(X))
    for assign in (False, True):
        other.load_state_dict(block.state_dict(), assign=assign)
        torch.testing.assert_close(other(X), block(X))
        assert other.steps[0].kernel.value is dict(other.named_parameters())["steps.0.kernel"]


def test_a_hand_written_loop_with_torchs_optimizer_trains_the_layer(block):
    optimizer = torch.optim.Adam(block.parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = (block(X) - 1).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_train_and_eval_set_the_default_of_training(block):
    block(X)
    assert block.seen is False  # the default of `call`, as long as nobody has said otherwise
    block.train()
    block(X)
    assert block.seen is True
    block(X, training=False)
    assert block.seen is False
    torch.nn.Sequential(block).eval()(X)
    assert block.seen is False


def test_conversion_changes_the_variables_and_their_dtype(block):
    kernel = block.steps[1].kernel
    parameter = kernel.value
    block.double()
    assert kernel.dtype == "float64"
    assert kernel.value is parameter
    assert block.steps[1].calls.value.dtype is torch.float64
    assert block.state_dict()["steps.1.calls"] is not None
    block.to("meta")
    assert kernel.value.device.type == "meta"


def test_forward_and_backward_hooks_run_and_can_be_removed(block):
    seen = []
    inner = block.steps[0]
    handles = [
        inner.register_forward_pre_hook(lambda module, args: seen.append("before")),
        inner.register_forward_hook(lambda module, args, output: seen.append("after")),
        inner.register_full_backward_hook(lambda module, into, out: seen.append("backward")),
    ]
    block(X.clone().requires_grad_()).sum().backward()
    assert seen == ["before", "after", "backward"]
    for handle in handles:
        handle.remove()
    block(X)
    assert len(seen) == 3
    assert not inner._hooked


def test_a_forward_hook_replaces_the_output(block):
    block.register_forward_hook(lambda module, args, output: output * 0 + 5)
    assert block(X).unique().tolist() == [5]
    assert block.forward(X).unique().tolist() == [5]


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), lambda x: saved_and_loaded(x)],
    ids=["deepcopy", "pickle", "torch.save"],
)
def test_copies_compute_the_same_and_share_nothing(block, duplicate):
    other = duplicate(block)
    torch.testing.assert_close(other(X), block(X))
    assert list(other.state_dict()) == list(block.state_dict())
    assert other.steps[0].kernel.value is dict(other.named_parameters())["steps.0.kernel"]
    other.steps[0].kernel.assign(torch.zeros(3, 3))
    assert block.steps[0].kernel.value.abs().sum() > 0


def saved_and_loaded(module):
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


def test_layers_stand_in_torchs_containers_and_in_its_modules():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = torch.nn.Sequential(Affine(5), torch.nn.ReLU(), Affine(2))

        def forward(self, x):
            return self.body(x)

    net = Net()
    assert net(X).shape == (4, 2)
    assert [name for name, _ in net.named_parameters()] == [f"body.{i}.{p}" for i in (0, 2) for p in ("kernel", "bias")]


def test_a_class_may_inherit_from_module_too():
    class Both(Affine, torch.nn.Module):
        pass

    assert Both(2)(X).shape == (4, 2)


def test_compiling_gives_one_graph_with_nested_layers(block):
    compiled = torch.compile(block, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(X), block(X))


@pytest.mark.parametrize("strict", [True, False])
def test_export_gives_a_program_with_the_layers_parameters(strict):
    layer = Affine(2)
    expected = layer(X)
    program = torch.export.export(layer, (X,), strict=strict)
    torch.testing.assert_close(program.module()(X), expected)
    assert set(program.state_dict) == {"kernel", "bias", "calls"}


def test_what_is_no_state_is_not_entered():
    class Plain(Layer):
        def __init__(self):
            super().__init__()
            self.sizes, self.seed, self.table = [1, 2], SeedGenerator(1), {"a": 1}

    assert list(Plain().named_children()) == []
    assert list(Plain().state_dict()) == []


def functional():
    inputs = kmb_core.Input((3,))
    return kmb_core.Model(inputs, kmb_core.layers.Dense(2)(kmb_core.layers.Dense(5, activation="relu")(inputs)))


def sequential():
    return kmb_core.Sequential(
        [kmb_core.Input((3,)), kmb_core.layers.Dense(5, activation="relu"), kmb_core.layers.Dense(2)]
    )


@pytest.mark.parametrize("make", [functional, sequential])
def test_layers_of_graphs_and_stacks_go_by_their_position_so_that_another_model_can_load_them(make):
    model, other = make(), make()
    names = [name for name, _ in model.named_parameters()]
    assert names == list(model.state_dict()) == list(other.state_dict())
    assert [name.rpartition(".")[2] for name in names] == ["kernel", "bias"] * 2
    assert all(name.partition(".")[0].isdecimal() for name in names)
    torch.nn.Sequential(other).load_state_dict(torch.nn.Sequential(model).state_dict())
    torch.testing.assert_close(other(X), model(X))
    model.double()
    assert {variable.dtype for variable in model.variables} == {"float64"}


def test_a_layer_added_to_a_stack_is_found():
    model = sequential()
    before = len(model.state_dict())
    model.add(kmb_core.layers.Dense(4))
    assert len(model.state_dict()) == before + 2
    model.pop()
    assert len(model.state_dict()) == before


@pytest.mark.parametrize("training", [False, True])
def test_a_model_with_convolution_normalization_and_dropout_is_one_graph(training):
    inputs = kmb_core.Input((8, 8, 3))
    h = kmb_core.layers.BatchNormalization()(kmb_core.layers.Conv2D(4, 3, padding="same")(inputs))
    h = kmb_core.layers.GlobalAveragePooling2D()(kmb_core.layers.Activation("relu")(h))
    model = kmb_core.Model(inputs, kmb_core.layers.Dense(2)(kmb_core.layers.Dropout(0.3)(h)))
    x = torch.rand(4, 8, 8, 3)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    assert compiled(x, training=training).shape == (4, 2)
    torch.testing.assert_close(compiled(x), model(x))


def test_a_weight_behind_a_property_leaves_with_its_attribute():
    layer = kmb_core.layers.Dense(2)
    layer(X)
    assert list(layer.state_dict()) == ["kernel", "bias"]
    layer._kernel = None
    assert list(layer.state_dict()) == ["bias"]
    del layer.bias
    assert list(layer.state_dict()) == []


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("make", [functional, sequential])
def test_whole_models_are_exported(make, strict):
    model = make()
    program = torch.export.export(model, (X,), strict=strict)
    torch.testing.assert_close(program.module()(X), model(X))


def test_functional_calls_and_transforms_use_the_tensors_given():
    layer = kmb_core.layers.Dense(2)
    expected = layer(X).detach()
    zeros = {name: torch.zeros_like(p) for name, p in layer.named_parameters()}
    assert torch.func.functional_call(layer, zeros, (X,)).abs().sum() == 0
    torch.testing.assert_close(layer(X), expected)

    def loss(parameters):
        return torch.func.functional_call(layer, parameters, (X,)).square().sum()

    found = torch.func.grad(loss)({name: p.detach() for name, p in layer.named_parameters()})
    layer(X).square().sum().backward()
    torch.testing.assert_close(found["kernel"], layer.kernel.value.grad)


def test_submodules_are_found_by_their_path(block):
    assert block.get_submodule("steps.1") is block.steps[1]
    assert block.get_parameter("heads.left.kernel") is block.heads["left"].kernel.value
    with pytest.raises(AttributeError, match=r"steps\.7"):
        block.get_submodule("steps.7")
