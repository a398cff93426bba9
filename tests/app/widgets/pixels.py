"""What a widget painted, as numbers."""

import numpy as np
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget


def rgb(image: QImage) -> np.ndarray:
    """uint8 (H, W, 3), RGB."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3)


def count(widget: QWidget, colour: str) -> int:
    """How many pixels of a widget have exactly this colour."""
    wanted = QColor(colour).getRgb()[:3]
    return int((rgb(widget.grab().toImage()) == wanted).all(axis=2).sum())
