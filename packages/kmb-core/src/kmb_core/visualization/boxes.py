"""Boxes drawn on images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kmb_core._optional import optional
from kmb_core.backend import convert_to_numpy
from kmb_core.errors import message
from kmb_core.utils.bounding_boxes import convert_format
from kmb_core.visualization.pixels import as_batch, as_bytes, laid_out

TEXT_HEIGHT = 12  # of a font of scale 1, in pixels


def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Mapping[str, Any],
    bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None,
    color: Any = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Images with boxes, and with the names of what is in them where a mapping is given.

    Args:
        images: `(batch, height, width, channels)`, or with channels first; values from 0 to 255, 1, 3 or 4 channels.
        bounding_boxes: "boxes" `(batch, boxes, 4)`, "labels" `(batch, boxes)`, those below 0 being padding, and perhaps
            "confidences" `(batch, boxes)`, shown behind the names.
        bounding_box_format: see `utils.bounding_boxes.convert_format`.
        class_mapping: {label: name}; no text when None.
        color: red, green, blue, from 0 to 255.
        line_thickness, text_thickness: in pixels.
        font_scale: 1 for letters of 12 pixels.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        A uint8 array of the shape of `images`.

    Raises:
        ShapeError: for other shapes. TypeError: when `bounding_boxes` is no dict. ValueError: when it lacks boxes or
            labels. ImportError: without Pillow.

    Example:
        >>> import numpy as np
        >>> from kmb_core import visualization
        >>> boxes = {"boxes": np.array([[[1, 1, 6, 6]]]), "labels": np.array([[0]])}
        >>> picture = np.zeros((1, 8, 8, 3))
        >>> drawn = visualization.draw_bounding_boxes(picture, boxes, "xyxy", color=(9, 9, 9), line_thickness=1)
        >>> drawn[0, 1, 1].tolist()
        [9, 9, 9]
    """
    pictures, first = as_batch(images, data_format, "draw_bounding_boxes")
    boxes, labels, confidences = _parts(bounding_boxes, bounding_box_format, pictures.shape)
    image_class = optional("PIL.Image", "pillow", "images", "draw_bounding_boxes")
    results = []
    for number, picture in enumerate(as_bytes(pictures)):
        canvas = image_class.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
        pen = _Pen(canvas, color, line_thickness, text_thickness, font_scale)
        for place, box in enumerate(boxes[number]):
            label = int(labels[number, place])
            if label < 0:
                continue
            pen.rectangle(box)
            if class_mapping is not None:
                name = str(class_mapping.get(label, label))
                pen.text(box, name if confidences is None else f"{name}: {float(confidences[number, place]):.2f}")
        results.append(np.asarray(canvas).reshape(picture.shape))
    return laid_out(np.stack(results) if results else pictures.astype("uint8"), first)


def _parts(given: Any, bounding_box_format: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, Any]:
    """Corners in pixels, labels and confidences."""
    if not isinstance(given, Mapping):
        raise TypeError(f"draw_bounding_boxes: bounding_boxes is a dict, got {type(given).__name__}")
    if not {"boxes", "labels"} <= set(given):
        keys = sorted(map(str, given))
        raise ValueError(f"draw_bounding_boxes: expected 'boxes' and 'labels' in bounding_boxes, got {keys}")
    boxes = np.asarray(convert_to_numpy(given["boxes"]), "float32")
    labels = np.asarray(convert_to_numpy(given["labels"]))
    if boxes.ndim != 3 or boxes.shape[0] != shape[0] or labels.shape != boxes.shape[:2]:
        what = f"draw_bounding_boxes: expected boxes ({shape[0]}, boxes, 4) and labels ({shape[0]}, boxes)"
        raise ValueError(message(f"{what}, got {boxes.shape} and {labels.shape}", None, None))
    corners = convert_to_numpy(convert_format(boxes, bounding_box_format, "xyxy", shape[1], shape[2]))
    confidences = given.get("confidences")
    return np.asarray(corners), labels, None if confidences is None else np.asarray(convert_to_numpy(confidences))


class _Pen:
    """Draws on one Pillow image."""

    def __init__(self, canvas: Any, color: Any, line_thickness: int, text_thickness: int, font_scale: float) -> None:
        draw = optional("PIL.ImageDraw", "pillow", "images", "draw_bounding_boxes")
        fonts = optional("PIL.ImageFont", "pillow", "images", "draw_bounding_boxes")
        self.draw, self.line = draw.Draw(canvas), max(int(line_thickness), 1)
        self.stroke = max(int(text_thickness) - 1, 0)
        self.font = fonts.load_default(size=max(TEXT_HEIGHT * font_scale, 1))
        red, green, blue = (int(part) for part in color)
        grey = round(0.299 * red + 0.587 * green + 0.114 * blue)  # ITU-R BT.601
        self.color = {"L": grey, "RGB": (red, green, blue), "RGBA": (red, green, blue, 255)}[canvas.mode]

    def rectangle(self, box: np.ndarray) -> None:
        left, top, right, bottom = (round(float(place)) for place in box)
        if right >= left and bottom >= top:
            self.draw.rectangle((left, top, right, bottom), outline=self.color, width=self.line)

    def text(self, box: np.ndarray, words: str) -> None:
        """Above the box, or inside of it at the upper border of the image."""
        left, top = max(round(float(box[0])), 0), round(float(box[1]))
        height = self.draw.textbbox((0, 0), words, font=self.font, stroke_width=self.stroke)[3]
        above = top - height - 1 if top > height else max(top, 0) + self.line
        self.draw.text((left, above), words, fill=self.color, font=self.font, stroke_width=self.stroke)
