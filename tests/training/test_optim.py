"""The optimisers against slow references and against torch's."""

import pytest
import torch
from torch import nn

from training.optim import Optimiser, matrix_names, orthogonalise
from training.recipe.sections import OptimSection


def published_newton_schulz(matrix: torch.Tensor) -> torch.Tensor:
    """The iteration as published, on the wide side."""
    x = matrix / matrix.norm()
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


@pytest.mark.parametrize("shape", [(16, 64), (64, 16), (32, 32)])
def test_orthogonalise_is_the_published_iteration(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(*shape, dtype=torch.float64)
    wide = matrix if shape[0] <= shape[1] else matrix.T

    expected = published_newton_schulz(wide)

    result = orthogonalise(matrix[None])[0]
    torch.testing.assert_close(result, expected if shape[0] <= shape[1] else expected.T)


def test_tall_matrices_are_treated_in_blocks() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(256, 32, dtype=torch.float64)

    result = orthogonalise(matrix[None])[0]

    torch.testing.assert_close(result[64:128], orthogonalise(matrix[None, 64:128])[0])


def test_a_zero_gradient_gives_a_finite_step() -> None:
    assert torch.isfinite(orthogonalise(torch.zeros(1, 4, 8))).all()


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(4, 4, 3, groups=4, bias=False)
        self.pointwise = nn.Conv2d(4, 6, 1, bias=False)
        self.norm = nn.BatchNorm2d(6)


def with_gradients(net: nn.Module) -> nn.Module:
    for parameter in net.parameters():
        parameter.grad = torch.randn_like(parameter)
    return net


def test_only_ordinary_pointwise_weights_are_matrices() -> None:
    assert matrix_names(Small()) == {"pointwise.weight"}


def test_the_rest_moves_as_torchs_adamw() -> None:
    torch.manual_seed(0)
    net, other = Small(), Small()
    other.load_state_dict(net.state_dict())
    ours = Optimiser({"net": net}, OptimSection(rate=0.01, weight_decay=0.1, beta2=0.9))
    groups = [
        {"params": [other.depthwise.weight], "weight_decay": 0.1},
        {"params": [other.norm.weight, other.norm.bias], "weight_decay": 0.0},
    ]
    theirs = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.9))

    for _ in range(4):
        with_gradients(net)
        for parameter, twin in zip(net.parameters(), other.parameters(), strict=True):
            assert parameter.grad is not None
            twin.grad = parameter.grad.clone()
        ours.step(1.0)
        theirs.step()

    torch.testing.assert_close(net.depthwise.weight, other.depthwise.weight)
    torch.testing.assert_close(net.norm.bias, other.norm.bias)


def moved_twins(
    section: OptimSection, theirs: type, **options: object
) -> tuple[nn.Module, nn.Module]:
    """Two equal nets after four equal gradients: by our optimiser, and by torch's."""
    torch.manual_seed(0)
    net, other = Small(), Small()
    other.load_state_dict(net.state_dict())
    ours = Optimiser({"net": net}, section)
    reference = theirs(other.parameters(), **options)
    for _ in range(4):
        with_gradients(net)
        for parameter, twin in zip(net.parameters(), other.parameters(), strict=True):
            assert parameter.grad is not None
            twin.grad = parameter.grad.clone()
        ours.step(1.0)
        reference.step()
    return net, other


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_moves_as_torchs_with_decay_on_everything(nesterov: bool) -> None:
    """As PocketNet was published: norms, slopes and biases decay too."""
    section = OptimSection(
        kind="sgd", rate=0.1, momentum=0.9, nesterov=nesterov, weight_decay=5e-4, decay_all=True
    )
    options = {"lr": 0.1, "momentum": 0.9, "nesterov": nesterov, "weight_decay": 5e-4}

    net, other = moved_twins(section, torch.optim.SGD, **options)

    for one, twin in zip(net.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one, twin)


def test_a_coupled_decay_is_torchs_adam() -> None:
    section = OptimSection(
        kind="adamw", rate=0.01, beta1=0.5, beta2=0.999, weight_decay=0.1, coupled=True,
        decay_all=True,
    )  # fmt: skip

    net, other = moved_twins(
        section, torch.optim.Adam, lr=0.01, betas=(0.5, 0.999), weight_decay=0.1
    )

    for one, twin in zip(net.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one, twin)


def test_muon_takes_torchs_direction() -> None:
    """Torch iterates in bf16, so only the direction is the same, and that to three digits."""
    section = OptimSection(matrix_rate=0.1, momentum=0.9, weight_decay=0)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(8, 12, 1, bias=False))
    before = net[0].weight.detach().clone()
    other = nn.Parameter(before.flatten(1).clone())
    ours = Optimiser({"net": net}, section)
    theirs = torch.optim.Muon([other], lr=0.1, momentum=0.9, weight_decay=0, nesterov=True)
    for _ in range(3):
        gradient = torch.randn(12, 8)
        net[0].weight.grad, other.grad = gradient.view(12, 8, 1, 1).clone(), gradient.clone()
        ours.step(1.0)
        theirs.step()

    moved, reference = (net[0].weight - before).flatten(), (other - before.flatten(1)).flatten()
    assert float(torch.cosine_similarity(moved, reference, dim=0).detach()) > 0.995


def test_a_parameter_that_is_frozen_stays() -> None:
    net = Small()
    net.norm.weight.requires_grad_(False)
    before = net.norm.weight.clone()
    optimiser = Optimiser({"net": net}, OptimSection(kind="sgd", rate=1.0, decay_all=True))

    optimiser.step(1.0)

    assert torch.equal(net.norm.weight, before)


def test_only_the_networks_matrices_are_muons() -> None:
    modules = {"net": Small(), "adapters": nn.Conv2d(4, 6, 1)}

    assert [name for name in Optimiser(modules, OptimSection()).tensors() if "x" in name] == [
        "momentum.6x4"
    ]


def test_a_loaded_optimiser_goes_on_bit_for_bit() -> None:
    torch.manual_seed(0)
    net = Small()
    first = Optimiser({"net": net}, OptimSection())
    with_gradients(net)
    first.step(1.0)
    twin = Small()
    twin.load_state_dict(net.state_dict())
    second = Optimiser({"net": twin}, OptimSection())
    second.load({name: tensor.clone() for name, tensor in first.tensors().items()})

    with_gradients(net)
    for parameter, other in zip(net.parameters(), twin.parameters(), strict=True):
        other.grad = parameter.grad
    first.step(1.0)
    second.step(1.0)

    assert all(
        torch.equal(one, other)
        for one, other in zip(net.parameters(), twin.parameters(), strict=True)
    )


def test_a_replaced_parameter_starts_afresh_and_the_others_do_not() -> None:
    torch.manual_seed(0)
    net = Small()
    optimiser = Optimiser({"net": net}, OptimSection())
    with_gradients(net)
    optimiser.step(1.0)
    kept = optimiser.tensors()["first"][36:].clone()
    old = net.depthwise.weight
    net.depthwise.weight = nn.Parameter(torch.zeros(4, 1, 2, 2))

    optimiser.replace(old, net.depthwise.weight)

    first = optimiser.tensors()["first"]
    assert torch.equal(first, torch.cat([torch.zeros(16), kept]))
