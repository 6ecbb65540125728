"""The list of models says what the models are, without building them."""

import pytest

import kmb_applications
from kmb_applications import catalogue
from kmb_core import Model, applications, layers
from kmb_core.settings import measured

ALL = [name for names in kmb_applications.MODELS.values() for name in names]


def test_every_model_is_listed_once_by_name():
    assert [model.name for model in applications.list_models()] == sorted(ALL)


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2"])
def test_the_figures_are_those_of_the_model(name):
    assert catalogue.described(name) == catalogue._entries()[name]


@pytest.mark.parity
@pytest.mark.parametrize("name", ALL)
def test_all_figures_are_those_of_the_models(name):
    assert catalogue.described(name) == catalogue._entries()[name]


def test_grouped_and_depthwise_kernels_count_once_at_each_place():
    image = layers.Input((9, 9, 4))
    outputs = layers.DepthwiseConv2D(3)(layers.Conv2D(8, 3, groups=2, strides=2)(image))
    assert catalogue.multiply_adds(Model(image, outputs)) == 16 * 8 * 9 * 2 + 4 * 9 * 8


def test_speeds_are_those_that_were_measured_here(monkeypatch, tmp_path):
    monkeypatch.setenv("KMB_HOME", str(tmp_path))
    assert not any(model.throughput for model in applications.list_models())
    measured.record(catalogue._entries()["VGG16"]["fingerprint"], "vgg16", {}, {"somewhere": 3.5})
    (found,) = [model for model in applications.list_models() if model.throughput]
    assert (found.name, found.throughput) == ("VGG16", {"somewhere": 3.5})
