"""Write alignment.json: `python tests/golden/make_alignment.py`. Needs numpy alone.

The transforms come from Umeyama's published method by singular values, in double precision, on
the ArcFace template, which is what insightface's `norm_crop` computes; none of the program's
own code takes part.
"""

import json
from pathlib import Path

import numpy as np

TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)

LANDMARKS = {
    "frontal": [[263.2, 190.4], [345.7, 188.9], [304.1, 240.8], [270.6, 281.3], [339.5, 280.1]],
    "rolled": [[210.5, 233.1], [270.9, 180.2], [276.4, 251.7], [271.3, 296.0], [322.8, 251.4]],
    "turned": [[402.0, 151.5], [431.7, 152.2], [437.9, 176.0], [408.8, 199.6], [432.1, 200.3]],
    "tiny": [[12.1, 11.9], [19.8, 12.2], [16.0, 16.7], [12.9, 20.4], [19.2, 20.6]],
    "upside down": [[345.7, 281.3], [263.2, 280.1], [304.1, 230.8], [339.5, 190.4], [270.6, 188.9]],
    "mirrored points": [
        [345.7, 188.9],
        [263.2, 190.4],
        [304.1, 240.8],
        [339.5, 280.1],
        [270.6, 281.3],
    ],
}


def umeyama(source, target):
    """Equations 40 to 43 of IEEE TPAMI 13(4), 1991."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    covariance = (target - target_mean).T @ (source - source_mean) / len(source)
    u, d, vt = np.linalg.svd(covariance)
    s = np.eye(2)
    if np.linalg.det(u) * np.linalg.det(vt) < 0:
        s[1, 1] = -1
    rotation = u @ s @ vt
    scale = np.trace(np.diag(d) @ s) / ((source - source_mean) ** 2).sum() * len(source)
    return np.column_stack([scale * rotation, target_mean - scale * rotation @ source_mean])


if __name__ == "__main__":
    cases = [
        {
            "name": name,
            "landmarks": points,
            "transform": umeyama(np.array(points), TEMPLATE).round(9).tolist(),
        }
        for name, points in LANDMARKS.items()
    ]
    target = Path(__file__).with_name("alignment.json")
    target.write_text(json.dumps(cases, indent=1) + "\n")
