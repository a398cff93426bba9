"""Write embeddings.json: `python tests/golden/make_embeddings.py MODELS_FOLDER`.

Needs numpy, Pillow and onnxruntime; none of the program's own code takes part. Each model is fed
as its publishers say, on one of the built-in faces.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

FACE = Path(__file__).parents[2] / "resources" / "faces" / "p001-1.webp"
IMAGENET_MEAN, IMAGENET_STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def plain(rgb: np.ndarray) -> np.ndarray:
    return rgb


def imagenet(rgb: np.ndarray) -> np.ndarray:
    return (rgb / 255 - IMAGENET_MEAN) / IMAGENET_STD


MODELS = {
    "sface": ("face_recognition_sface_2021dec.onnx", plain),
    "mobilefacenet": ("mobilefacenet_foamliu.onnx", imagenet),
}

if __name__ == "__main__":
    onnxruntime.set_default_logger_severity(3)
    with Image.open(FACE) as picture:
        rgb = np.asarray(picture.convert("RGB"), dtype=np.float64)
    vectors = {}
    for name, (file, scale) in MODELS.items():
        session = onnxruntime.InferenceSession(str(Path(sys.argv[1]) / file))
        blob = scale(rgb).transpose(2, 0, 1)[None].astype(np.float32)
        vector = session.run(None, {session.get_inputs()[0].name: blob})[0][0]
        vectors[name] = (vector / np.linalg.norm(vector)).round(6).tolist()
    target = Path(__file__).with_name("embeddings.json")
    target.write_text(json.dumps(vectors) + "\n")
