"""The one place that imports cv2, so that its side effects can be undone.

opencv-python's Linux wheels point Qt at plugins of their own through the environment, which
breaks PySide6 in the same process (opencv-python issue 736). Whatever the environment held
before the import is restored after it.
"""

import os

_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")

# Media Foundation takes many seconds to open a camera with hardware transforms on (opencv
# issue 17687); it reads this once, at import.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
# FFmpeg and the plugin loader print to stderr past every logger; -8 is AV_LOG_QUIET.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")

_before = {name: os.environ.get(name) for name in _QT_VARIABLES}

import cv2  # noqa: E402, TID251 - this is the one place, and the variables above must be set first

for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:
        os.environ[_name] = _value

__all__ = ["cv2"]
