"""The mean face leaves the output, and nothing else changes."""

import numpy as np
import torch
from numpy.typing import NDArray

from core.vision.tensors import to_blob
from training.export.centring import centre_output
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape
from training.subjects import square_input
from training.synth import draw_face

FACES = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(7)])


def answers(net: PocketNet) -> NDArray[np.float32]:
    with torch.no_grad():
        result: NDArray[np.float32] = net(
            torch.from_numpy(to_blob(FACES, square_input(48)))
        ).numpy()
    return result


def test_the_mean_answer_becomes_zero_and_differences_stay() -> None:
    torch.manual_seed(0)
    net = PocketNet(Shape(8, 6, 16), CASIA, 48).eval()
    with torch.no_grad():
        net.tail.norm.bias.normal_()
        net.train()
        net(torch.randn(8, 3, 48, 48))  # statistics that keep the eval-mode answers near 1
        net.eval()
    before = answers(net)

    centre_output(net, FACES)

    after = answers(net)
    assert np.abs(after.mean(axis=0)).max() < 1e-3
    np.testing.assert_allclose(after - after[0], before - before[0], atol=1e-3, rtol=1e-4)
