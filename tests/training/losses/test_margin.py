"""Margin losses against hand-computed values, slow references and finite differences."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from training.losses.margin import (
    MARGINS,
    Kind,
    MarginHead,
    adaface,
    arcface,
    cosface,
    length_quality,
)

S = 64.0


def logits_of(kind: Kind, cosines: Tensor, labels: Tensor) -> Tensor:
    margin = MARGINS[kind]
    if kind == "arcface":
        return arcface(cosines, labels, scale=S, margin=margin)
    if kind == "cosface":
        return cosface(cosines, labels, scale=S, margin=margin)
    quality = torch.linspace(-1, 1, len(cosines), dtype=cosines.dtype)
    return adaface(cosines, labels, quality, scale=S, margin=margin)


def test_arcface_by_hand() -> None:
    cosines = torch.tensor([[0.8, 0.1], [0.8, 0.1]])

    logits = arcface(cosines, torch.tensor([0, 1]), scale=S, margin=0.5)

    assert float(logits[0, 0]) == pytest.approx(26.522286, abs=1e-4)
    assert float(logits[0, 1]) == pytest.approx(6.4, abs=1e-5)
    assert float(logits[1, 1]) == pytest.approx(S * math.cos(math.acos(0.1) + 0.5), abs=1e-4)


def test_arcface_beyond_the_turning_point_keeps_falling() -> None:
    own = torch.linspace(-1, 1, 401)[:, None]
    labels = torch.zeros(401, dtype=torch.long)

    logits = arcface(own, labels, scale=1.0, margin=0.5)[:, 0]

    assert bool((logits[1:-1] > logits[:-2]).all())
    assert float(logits[10]) == pytest.approx(-0.95 - 0.5 * math.sin(math.pi - 0.5), abs=1e-5)


def test_cosface_by_hand() -> None:
    logits = cosface(torch.tensor([[0.8, 0.1]]), torch.tensor([0]), scale=S, margin=0.35)

    assert logits.tolist() == [[pytest.approx(28.8, abs=1e-4), pytest.approx(6.4, abs=1e-5)]]


@pytest.mark.parametrize(
    ("length", "expected"), [(20, 12.8), (25, 10.735233), (15, 14.184744), (60, 4.106961)]
)
def test_adaface_by_hand(length: float, expected: float) -> None:
    quality = length_quality(torch.tensor([length]), torch.tensor(20.0), torch.tensor(5.0))

    logits = adaface(torch.tensor([[0.6, 0.3]]), torch.tensor([0]), quality, scale=S, margin=0.4)

    assert float(logits[0, 0]) == pytest.approx(expected, abs=2e-4)
    assert float(logits[0, 1]) == pytest.approx(19.2, abs=1e-4)


@pytest.mark.parametrize("kind", MARGINS)
@pytest.mark.parametrize("cosine", [1.0, -1.0, 1.0 + 1e-6, 0.0])
def test_gradients_stay_finite_at_the_ends(kind: Kind, cosine: float) -> None:
    cosines = torch.tensor([[cosine, 0.2], [0.2, cosine]], requires_grad=True)
    labels = torch.tensor([0, 1])

    loss = functional.cross_entropy(logits_of(kind, cosines, labels), labels)
    (gradient,) = torch.autograd.grad(loss, cosines)

    assert math.isfinite(float(loss.detach()))
    assert bool(torch.isfinite(gradient).all())


@pytest.mark.parametrize("kind", MARGINS)
def test_gradients_equal_finite_differences(kind: Kind) -> None:
    torch.manual_seed(0)
    cosines = (torch.rand(5, 7, dtype=torch.float64) * 1.8 - 0.9).requires_grad_()
    labels = torch.tensor([0, 6, 3, 3, 1])

    assert torch.autograd.gradcheck(lambda x: logits_of(kind, x, labels), cosines)


@pytest.mark.parametrize("kind", MARGINS)
def test_a_whole_head_passes_the_gradient_check(kind: Kind) -> None:
    torch.manual_seed(0)
    head = MarginHead(6, 4, kind, scale=8.0).double().eval()
    labels = torch.tensor([0, 5, 2])
    if kind == "adaface":  # quality is meant to carry no gradient, so it must not vary with length
        head.length_spread.fill_(1e9)
    embeddings = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(
        lambda x, w: torch.func.functional_call(head, {"centres": w}, (x, labels)).loss,
        (embeddings, head.centres.detach().requires_grad_()),
    )


@pytest.mark.parametrize("kind", MARGINS)
def test_a_margin_makes_the_own_class_harder(kind: Kind) -> None:
    cosines = torch.tensor([[0.5, 0.5, 0.2], [0.1, 0.7, 0.3]])
    labels = torch.tensor([0, 1])

    logits = logits_of(kind, cosines, labels)

    plain = cosines * S
    assert float(logits[1, 1]) < float(plain[1, 1])
    others = torch.tensor([[False, True, True], [True, False, True]])
    torch.testing.assert_close(logits[others], plain[others])


def test_the_loss_does_not_depend_on_the_length_of_embeddings_and_centres() -> None:
    torch.manual_seed(0)
    head = MarginHead(6, 4)
    embeddings, labels = torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 5])

    before = head(embeddings, labels).loss
    with torch.no_grad():
        head.centres.mul_(torch.rand(6, 1) + 1)
    after = head(embeddings * 7, labels).loss

    torch.testing.assert_close(before, after)


def test_a_zero_embedding_has_a_finite_gradient() -> None:
    head = MarginHead(3, 4)
    embeddings = torch.zeros(2, 4, requires_grad=True)

    result = head(embeddings, torch.tensor([0, 2]))
    result.loss.backward()

    assert embeddings.grad is not None
    assert bool(torch.isfinite(embeddings.grad).all())


def test_the_head_computes_in_float32_under_autocast() -> None:
    torch.manual_seed(0)
    head = MarginHead(50, 16)
    embeddings, labels = torch.randn(8, 16), torch.arange(8)

    plain = head(embeddings, labels).loss
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = head(embeddings, labels).loss

    assert cast.dtype == torch.float32
    torch.testing.assert_close(cast, plain, rtol=0, atol=0)


def test_accuracy_is_the_share_nearest_to_their_own_centre() -> None:
    head = MarginHead(3, 3)
    with torch.no_grad():
        head.centres.copy_(torch.eye(3))

    result = head(torch.eye(3) * 5, torch.tensor([0, 1, 0]))

    assert float(result.accuracy) == pytest.approx(2 / 3)


def test_adaface_follows_the_lengths_only_while_training() -> None:
    head = MarginHead(3, 4, "adaface")
    embeddings = torch.tensor([[2.0, 0, 0, 0], [4.0, 0, 0, 0]])

    head.eval()(embeddings, torch.tensor([0, 1]))
    unchanged = float(head.length_mean)
    head.train()(embeddings, torch.tensor([0, 1]))

    assert unchanged == 20.0
    assert float(head.length_mean) == pytest.approx(0.99 * 20 + 0.01 * 3)
    assert float(head.length_spread) == pytest.approx(0.99 * 100 + 0.01 * math.sqrt(2), rel=1e-6)


def test_sampled_classes_hold_the_batch_and_no_more_than_asked() -> None:
    torch.manual_seed(0)
    head = MarginHead(100, 8, sampled=0.1)
    labels = torch.tensor([3, 97, 3, 50])

    head(torch.randn(4, 8), labels).loss.backward()

    assert head.centres.grad is not None
    touched = head.centres.grad.abs().sum(dim=1) > 0
    assert int(touched.sum()) == 10
    assert bool(touched[labels].all())


def test_the_sampled_loss_equals_the_full_loss_over_the_drawn_centres() -> None:
    torch.manual_seed(0)
    head = MarginHead(40, 8, sampled=0.25)
    embeddings, labels = torch.randn(3, 8), torch.tensor([30, 2, 17])

    result = head(embeddings, labels).loss
    result.backward()
    drawn = torch.nonzero(head.centres.grad.abs().sum(dim=1) > 0)[:, 0]
    full = MarginHead(len(drawn), 8)
    with torch.no_grad():
        full.centres.copy_(head.centres[drawn])
    own = torch.tensor([drawn.tolist().index(label) for label in labels.tolist()])

    torch.testing.assert_close(result, full(embeddings, own).loss)


def test_more_own_classes_than_the_share_are_all_kept() -> None:
    head = MarginHead(20, 4, sampled=0.1)
    labels = torch.arange(8)

    head(torch.randn(8, 4), labels).loss.backward()

    assert head.centres.grad is not None
    assert int((head.centres.grad.abs().sum(dim=1) > 0).sum()) == 8


def test_each_draw_is_another_and_a_seed_repeats_it() -> None:
    head = MarginHead(200, 4, sampled=0.1)
    embeddings, labels = torch.randn(2, 4), torch.tensor([0, 1])

    def loss(seed: int) -> float:
        torch.manual_seed(seed)
        return float(head(embeddings, labels).loss.detach())

    assert loss(1) == loss(1)
    assert loss(1) != loss(2)
