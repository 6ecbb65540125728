"""Many images at once, in rows and columns, by Matplotlib."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kmb_core._optional import optional
from kmb_core.backend import convert_to_numpy
from kmb_core.visualization.boxes import draw_bounding_boxes
from kmb_core.visualization.masks import draw_segmentation_masks
from kmb_core.visualization.pixels import as_batch, as_bytes


def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping[int, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: Any = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Sequence[Any] | None = None,
    data_format: str | None = None,
) -> None:
    """Images in rows and columns, with what they show and what a model took them for.

    Args:
        images: `(batch, height, width, channels)`, or with channels first; 1, 3 or 4 channels.
        y_true, y_pred: `(batch,)`: class numbers, written above the images.
        label_map: {class number: name}; needed with `y_true` or `y_pred`.
        rows, cols: about as many of one as of the other when None; images that do not fit are left out.
        value_range: the lowest and the highest value of a pixel.
        scale: width and height of an image, in inches.
        path: a file to write, instead of a window.
        show: whether to open a window; unless there is a path, when None. With False the figure is
            `matplotlib.pyplot.gcf()`.
        transparent, dpi: of the file.
        legend_handles: what Matplotlib makes a legend of.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Raises:
        ShapeError: for other shapes. ValueError: for labels without a map, or for both a path and a window.
        ImportError: without Matplotlib.

    Example:
        >>> import numpy as np
        >>> from kmb_core import visualization
        >>> visualization.plot_image_gallery(np.zeros((4, 8, 8, 3)), path="/dev/null", show=True)
        Traceback (most recent call last):
        ...
        ValueError: plot_image_gallery: give either path or show=True
    """
    if path is not None and show:
        raise ValueError("plot_image_gallery: give either path or show=True")
    if label_map is None and (y_true is not None or y_pred is not None):
        raise ValueError("plot_image_gallery: y_true and y_pred need a label_map, {class number: name}")
    pictures, _ = as_batch(images, data_format, "plot_image_gallery")
    pictures = as_bytes(pictures, value_range)
    rows, cols = _layout(len(pictures), rows, cols)
    pyplot = optional("matplotlib.pyplot", "matplotlib", "plots", "plot_image_gallery")
    figure, axes = pyplot.subplots(rows, cols, figsize=(cols * scale, rows * scale), squeeze=False, layout="tight")
    for number, place in enumerate(axes.flat):
        place.axis("off")
        if number < len(pictures):
            place.imshow(pictures[number].squeeze(), cmap="gray", vmin=0, vmax=255)
            place.set_title(_title(number, y_true, y_pred, label_map), fontsize=8)
    if legend_handles is not None:
        figure.legend(handles=list(legend_handles), loc="lower center")
    if path is not None:
        figure.savefig(path, pad_inches=0, transparent=transparent, dpi=dpi)
        pyplot.close(figure)
    elif show or show is None:
        pyplot.show()
        pyplot.close(figure)


def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Mapping[str, Any] | None = None,
    y_pred: Mapping[str, Any] | None = None,
    value_range: Any = (0, 255),
    true_color: Any = (0, 188, 212),
    pred_color: Any = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping[int, str] | None = None,
    ground_truth_mapping: Mapping[int, str] | None = None,
    prediction_mapping: Mapping[int, str] | None = None,
    legend: bool = False,
    legend_handles: Sequence[Any] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Images in rows and columns, with true boxes in one colour and predicted ones in another.

    Args:
        images: `(batch, height, width, channels)`, or with channels first; 1, 3 or 4 channels.
        bounding_box_format: see `utils.bounding_boxes.convert_format`.
        y_true, y_pred: boxes as for `draw_bounding_boxes`.
        value_range: the lowest and the highest value of a pixel.
        true_color, pred_color: red, green, blue, from 0 to 255.
        line_thickness, font_scale: as for `draw_bounding_boxes`.
        text_thickness: `line_thickness` when None.
        class_mapping: {label: name}, for both.
        ground_truth_mapping, prediction_mapping: instead of it, for one of them.
        legend: whether to say which colour is which.
        legend_handles: a legend of one's own.
        rows, cols, data_format, **kwargs: as for `plot_image_gallery`.

    Raises:
        ValueError: for both `legend` and `legend_handles`; and what the functions named above raise.

    Example:
        >>> import numpy as np
        >>> from kmb_core import visualization
        >>> visualization.plot_bounding_box_gallery(np.zeros((1, 8, 8, 3)), "xyxy", legend=True, legend_handles=[])
        Traceback (most recent call last):
        ...
        ValueError: plot_bounding_box_gallery: give either legend or legend_handles
    """
    if legend and legend_handles is not None:
        raise ValueError("plot_bounding_box_gallery: give either legend or legend_handles")
    pictures, _ = as_batch(images, data_format, "plot_bounding_box_gallery")
    pictures = as_bytes(pictures, value_range)
    options = {
        "line_thickness": line_thickness,
        "text_thickness": line_thickness if text_thickness is None else text_thickness,
        "font_scale": font_scale,
        "data_format": "channels_last",
    }
    kinds = ((y_true, true_color, ground_truth_mapping), (y_pred, pred_color, prediction_mapping))
    for boxes, color, mapping in kinds:
        if boxes is not None:
            names = class_mapping if mapping is None else mapping
            pictures = draw_bounding_boxes(pictures, boxes, bounding_box_format, names, color, **options)
    if legend:
        legend_handles = _legend({"Ground truth": true_color, "Prediction": pred_color})
    plot_image_gallery(
        pictures, rows=rows, cols=cols, legend_handles=legend_handles, data_format="channels_last", **kwargs
    )


def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: Any = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Mapping[int, Any] | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Images in rows and columns, beside each the same with its true mask and with the predicted one.

    Args:
        images: `(batch, height, width, channels)`, or with channels first; 1, 3 or 4 channels.
        num_classes, color_mapping, blend, alpha, ignore_index: as for `draw_segmentation_masks`.
        value_range: the lowest and the highest value of a pixel.
        y_true, y_pred: masks as for `draw_segmentation_masks`.
        data_format, **kwargs: as for `plot_image_gallery`.

    Raises:
        What the functions named above raise.

    Example:
        >>> import numpy as np
        >>> from kmb_core import visualization
        >>> visualization.plot_segmentation_mask_gallery(np.zeros((1, 8, 8, 3)), 2, y_true=np.zeros((1, 4, 4), int))
        Traceback (most recent call last):
        ...
        kmb_core.errors.ShapeError: draw_segmentation_masks: expected masks (1, 8, 8) or with one channel, ...
    """
    pictures, first = as_batch(images, data_format, "plot_segmentation_mask_gallery")
    pictures = as_bytes(pictures, value_range)
    shown = [np.repeat(pictures, 3, -1) if pictures.shape[-1] == 1 else pictures]
    for masks in (y_true, y_pred):
        if masks is not None:
            given = np.asarray(convert_to_numpy(masks))
            given = np.moveaxis(given, 1, -1) if first and given.ndim == 4 else given
            shown.append(
                draw_segmentation_masks(
                    pictures, given, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
                )
            )
    plot_image_gallery(np.concatenate(shown, axis=2), data_format="channels_last", **kwargs)


def _layout(count: int, rows: int | None, cols: int | None) -> tuple[int, int]:
    count = max(count, 1)
    if rows is None and cols is None:
        rows = math.ceil(math.sqrt(count))
    if rows is None:
        rows = math.ceil(count / cols)  # type: ignore[operator]  # one of the two is known
    return rows, math.ceil(count / rows) if cols is None else cols


def _title(number: int, y_true: Any, y_pred: Any, label_map: Mapping[int, str] | None) -> str:
    lines = []
    for name, classes in (("Label", y_true), ("Pred", y_pred)):
        if classes is not None and label_map is not None:
            label = np.asarray(convert_to_numpy(classes)).reshape(-1)[number]
            lines.append(f"{name}: {label_map.get(int(label), int(label))}")
    return "  ".join(lines)


def _legend(colors: Mapping[str, Any]) -> list[Any]:
    patches = optional("matplotlib.patches", "matplotlib", "plots", "plot_bounding_box_gallery")
    return [patches.Patch(color=[part / 255 for part in color], label=name) for name, color in colors.items()]
