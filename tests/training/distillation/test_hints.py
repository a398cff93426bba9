"""Hints: components that hold what varies, adapters that can learn them, weights that fall."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import UsageError
from training.distillation.hints import (
    HintTargets,
    adapters,
    basis_of,
    hint_loss,
    load_basis,
    plan_hint,
    save_basis,
    spread_out,
)
from training.errors import DataError
from training.nets.pocketnet import named_pocketnet
from training.recipe.distil import Hint

CPU = torch.device("cpu")
HINT = Hint(student="cells.3", teacher="parts", components=2)


def maps() -> torch.Tensor:
    """Five channels that are mixtures of two."""
    torch.manual_seed(0)
    return torch.einsum("kc,nchw->nkhw", torch.randn(5, 2), torch.randn(20, 2, 7, 7)) + 3


def test_components_hold_what_varies_at_a_mean_square_of_one() -> None:
    basis = basis_of(maps(), 2, "map")
    components = basis.components(maps())

    restored = torch.einsum("kc,nkhw->nchw", basis.axes, components * basis.scale)
    torch.testing.assert_close(restored + basis.mean[:, None, None], maps(), atol=1e-3, rtol=0)
    assert float(components.square().mean()) == pytest.approx(1, abs=1e-4)
    assert basis.explained == pytest.approx(1, abs=1e-5)
    assert basis_of(maps(), 1, "map").explained < 1


@pytest.mark.parametrize("found", [torch.zeros(4, 8), torch.zeros(4, 1, 7, 7)])
def test_what_is_no_map_or_too_narrow_is_told(found: torch.Tensor) -> None:
    with pytest.raises(UsageError, match="2 components need a map"):
        basis_of(found, 2, "fc1")


def test_a_basis_comes_back_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    basis, path = basis_of(maps(), 2, "map"), tmp_path / "basis.npz"
    assert load_basis(path) is None
    save_basis(path, basis)

    again = load_basis(path)

    assert again is not None
    torch.testing.assert_close(again.components(maps()), basis.components(maps()))
    path.write_bytes(b"damaged")
    with pytest.raises(DataError, match="delete it"):
        load_basis(path)


def test_a_teacher_that_is_asked_needs_no_cache(oracle, faces, tmp_path: Path) -> None:
    target = plan_hint(HINT, 0, faces, tmp_path, oracle, asked=True, until=100, device=CPU)

    assert target.cached is None
    assert sum(oracle.asked) == len(faces.shown)
    with pytest.raises(DataError, match="--maps parts:2"):
        plan_hint(HINT, 0, faces, tmp_path, oracle, asked=False, until=100, device=CPU)


def test_the_weight_falls_to_nothing() -> None:
    target = HintTargets(HINT, None, basis_of(maps(), 2, "map"), until=100)

    assert [target.weight(shown) for shown in (0, 50, 100, 200)] == [1.0, 0.5, 0.0, 0.0]


def test_an_adapter_learns_a_map_through_any_size() -> None:
    torch.manual_seed(0)
    (adapter,) = adapters(named_pocketnet("pocketnet-8x4-16", side=32), [HINT], 32)
    student, target = torch.randn(8, 256, 3, 3), torch.randn(8, 2, 7, 7)
    optimiser = torch.optim.Adam(adapter.parameters(), lr=0.01)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = hint_loss(adapter, student, target)
        torch.autograd.backward(loss)
        optimiser.step()
        losses.append(float(loss.detach()))

    assert losses[-1] < 0.3 * losses[0]


def test_a_part_that_is_not_there_is_told() -> None:
    net = named_pocketnet("pocketnet-8x4-16", side=32)
    wrong = Hint(student="cell.3", teacher="parts")

    with pytest.raises(UsageError, match=r"no part cell\.3; near names are cells\.3"):
        adapters(net, [wrong], 32)


def test_a_sample_is_spread_over_everything() -> None:
    assert spread_out(np.arange(10), 4).tolist() == [0, 2, 4, 6]
    assert spread_out(np.arange(3), 4).tolist() == [0, 1, 2]
