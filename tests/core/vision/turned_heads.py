"""The five points of a head that is turned, by plain geometry."""

import numpy as np

from core.domain.face import Face

# A head in eye distances: x to the image's right, y down, z towards the camera.
HEAD = np.array(
    [[-0.5, 0, 0], [0.5, 0, 0], [0, 0.57, 0.35], [-0.42, 1, 0], [0.42, 1, 0]], dtype=float
)


def seen(face: Face, yaw_deg: float = 0, pitch_deg: float = 0, roll_deg: float = 0) -> Face:
    """The five points of a turned head, seen from far away."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    turned = HEAD @ np.array(about_x).T @ np.array(about_y).T @ np.array(about_z).T
    points = turned[:, :2] * face.interocular_px + face.box.centre
    return Face(face.box, points.astype(np.float32), face.detector_score)
