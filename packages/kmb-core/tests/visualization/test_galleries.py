"""Galleries: what lies where in the figure, without a window."""

import numpy as np
import pytest

from kmb_core import visualization

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 255, (5, 12, 16, 3)).astype("uint8")


@pytest.fixture(autouse=True)
def pyplot(monkeypatch):
    """Matplotlib without a screen, and no figure left behind."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    import matplotlib.pyplot

    yield matplotlib.pyplot
    matplotlib.pyplot.close("all")


def shown(pyplot):
    """The images of the current figure."""
    return [np.asarray(place.images[0].get_array()) for place in pyplot.gcf().axes if place.images]


@pytest.mark.parametrize(
    ("options", "layout"),
    [({}, (3, 2)), ({"rows": 1}, (1, 5)), ({"cols": 4}, (2, 4)), ({"rows": 2, "cols": 3}, (2, 3))],
)
def test_all_images_have_a_place(pyplot, options, layout):
    visualization.plot_image_gallery(IMAGES, show=False, scale=1.5, **options)
    np.testing.assert_array_equal(shown(pyplot), IMAGES)
    assert pyplot.gcf().axes[0].get_subplotspec().get_geometry()[:2] == layout
    assert pyplot.gcf().get_size_inches().tolist() == [1.5 * layout[1], 1.5 * layout[0]]


def test_values_are_brought_to_bytes_and_channels_to_the_end(pyplot):
    halves = np.moveaxis(IMAGES, -1, 1) / 127.5 - 1
    visualization.plot_image_gallery(halves, value_range=(-1, 1), data_format="channels_first", show=False)
    assert np.abs(np.array(shown(pyplot)).astype(int) - IMAGES).max() <= 1


def test_names_stand_above(pyplot):
    labels = {0: "cat", 1: "dog"}
    visualization.plot_image_gallery(IMAGES[:2], [0, 1], np.array([1, 1]), labels, show=False)
    titles = [place.get_title() for place in pyplot.gcf().axes]
    assert titles == ["Label: cat  Pred: dog", "Label: dog  Pred: dog"]


def test_a_file_is_written_and_no_figure_stays(pyplot, tmp_path):
    from PIL import Image

    path = tmp_path / "gallery.png"
    visualization.plot_image_gallery(IMAGES, path=path, scale=1, dpi=50)
    with Image.open(path) as picture:
        assert picture.size == (100, 150)
    assert not pyplot.get_fignums()


def test_boxes_are_drawn_in_two_colours_with_a_legend(pyplot):
    boxes = {"boxes": np.array([[[1, 1, 9, 9]]] * 5, "float32"), "labels": np.zeros((5, 1), int)}
    others = {**boxes, "boxes": boxes["boxes"] + 2}
    visualization.plot_bounding_box_gallery(
        IMAGES, "xyxy", boxes, others, line_thickness=1, legend=True, show=False, true_color=(1, 2, 3)
    )
    picture = shown(pyplot)[0]
    assert picture[1, 1].tolist() == [1, 2, 3]
    assert picture[11, 11].tolist() == [255, 235, 59]
    (legend,) = pyplot.gcf().legends
    assert [text.get_text() for text in legend.get_texts()] == ["Ground truth", "Prediction"]


def test_masks_lie_beside_their_images(pyplot):
    masks = RANDOM.integers(0, 3, (5, 12, 16, 1))
    visualization.plot_segmentation_mask_gallery(IMAGES, 3, y_true=masks, y_pred=masks[..., 0], show=False)
    for number, picture in enumerate(shown(pyplot)):
        np.testing.assert_array_equal(picture[:, :16], IMAGES[number])
        expected = visualization.draw_segmentation_masks(IMAGES, masks, 3)[number]
        np.testing.assert_array_equal(picture[:, 16:], np.concatenate([expected, expected], 1))


def test_wrong_calls_are_refused():
    with pytest.raises(ValueError, match="either path or show=True"):
        visualization.plot_image_gallery(IMAGES, path="x.png", show=True)
    with pytest.raises(ValueError, match="need a label_map"):
        visualization.plot_image_gallery(IMAGES, y_true=[0] * 5)
    with pytest.raises(ValueError, match="either legend or legend_handles"):
        visualization.plot_bounding_box_gallery(IMAGES, "xyxy", legend=True, legend_handles=[])
    with pytest.raises(ValueError, match=r"value_range is .*got \(1, 0\)"):
        visualization.plot_image_gallery(IMAGES, value_range=(1, 0), show=False)


@pytest.mark.parametrize("package", ["matplotlib", "pillow"])
def test_a_missing_package_is_named_with_the_command(monkeypatch, package):
    def missing(name, *args, **kwargs):
        raise ImportError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("importlib.import_module", missing)
    boxes = {"boxes": np.zeros((5, 1, 4)), "labels": np.zeros((5, 1))}
    calls = {
        "matplotlib": lambda: visualization.plot_image_gallery(IMAGES, show=False),
        "pillow": lambda: visualization.draw_bounding_boxes(IMAGES, boxes, "xyxy"),
    }
    with pytest.raises(ImportError, match=f"pip install {package}"):
        calls[package]()
