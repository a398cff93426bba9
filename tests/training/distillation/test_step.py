"""The step: every term counts as much as its weight says, and only where it applies."""

import pytest
import torch
from torch import Tensor, nn

from training.distillation.hints import HintTargets, basis_of
from training.distillation.source import Batch
from training.distillation.step import DistilStep
from training.engine.state import State, new_state
from training.losses.distil import cosine_distance, squared_difference
from training.losses.margin import MarginHead
from training.losses.relation import angle_relation, distance_relation, similarity_relation
from training.recipe.distil import DistilRecipe, Hint, LossSection
from training.recipe.sections import RunSection, Stage


class Echo:
    """An engine whose network answers with what it is shown, and gives out maps of ones."""

    def embed_and_backward(self, images: Tensor, loss, maps=()) -> Tensor:
        self.maps = tuple(maps)
        found = [torch.ones(len(images), 4, 3, 3, requires_grad=True) for _ in maps]
        self.embedding = images.flatten(1).clone().requires_grad_()
        value = loss(self.embedding, *found)
        value.backward()
        return value.detach()


@pytest.fixture
def batch() -> Batch:
    torch.manual_seed(0)
    images, targets = torch.randn(5, 8, 1, 1), torch.randn(5, 8)
    return Batch(images, targets, hints=(), labels=torch.tensor([0, -1, 1, -1, -1]))


def state(presentations: int = 0) -> State:
    torch.manual_seed(1)
    net = nn.Conv2d(3, 4, 1)
    plan = DistilRecipe(run=RunSection(length=9, engine="torch"), stages=(Stage(side=48),))
    modules = {
        "net": net,
        "adapters": nn.ModuleList([nn.Conv2d(4, 2, 1)]),
        "centres": MarginHead(2, 8),
    }
    made = new_state(modules, plan, "distil")
    made.presentations = presentations
    made.engine = Echo()
    return made


def hint(weight: float = 1.0) -> HintTargets:
    section = Hint(student="cells.1", teacher="parts", components=2, weight=weight)
    return HintTargets(section, None, basis_of(torch.rand(4, 3, 7, 7), 2, "parts"), until=100)


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("cosine", cosine_distance),
        ("squared", squared_difference),
        ("distances", distance_relation),
        ("angles", angle_relation),
        ("similarity", similarity_relation),
    ],
)
def test_each_term_is_weighted_and_told_unweighted(name: str, term, batch: Batch) -> None:
    section = LossSection(**({"cosine": 0.0} | {name: 3.0}))

    figures = DistilStep(section, ())(state(), batch)

    expected = float(term(batch.images.flatten(1), batch.targets))
    assert set(figures) == {"loss", name}
    assert float(figures[name]) == pytest.approx(expected)
    assert float(figures["loss"]) == pytest.approx(3 * expected, rel=1e-5)


def test_a_hint_teaches_its_adapter_until_its_weight_is_gone(batch: Batch) -> None:
    early, late = state(presentations=50), state(presentations=100)
    step = DistilStep(LossSection(), (hint(weight=4.0),))
    taught = Batch(batch.images, batch.targets, (torch.zeros(5, 2, 7, 7),), batch.labels)

    figures, after = step(early, taught), step(late, batch)

    difference = float(figures["loss"]) - float(figures["cosine"])
    assert difference == pytest.approx(4 * 0.5 * float(figures["hint_0"]), rel=1e-4)
    assert early.engine.maps == ("cells.1",)
    assert early.modules["adapters"].get_parameter("0.weight").grad is not None
    assert set(after) == {"loss", "cosine"}
    assert late.engine.maps == ()


def test_only_faces_with_names_meet_the_class_centres(batch: Batch) -> None:
    made = state()

    figures = DistilStep(LossSection(cosine=0.0, similarity=1e-9, margin=0.5), ())(made, batch)

    head = made.modules["centres"]
    known = batch.labels >= 0
    expected = head(batch.images.flatten(1)[known], batch.labels[known]).loss
    assert float(figures["margin"]) == pytest.approx(float(expected.detach()), rel=1e-5)
    assert float(figures["loss"]) == pytest.approx(0.5 * 2 / 5 * float(expected.detach()), rel=1e-4)
    gradient = made.engine.embedding.grad
    assert (gradient.abs().sum(dim=1) > 1e-4).tolist() == known.tolist()


def test_a_batch_without_names_has_no_margin(batch: Batch) -> None:
    nobody = Batch(batch.images, batch.targets, (), torch.full((5,), -1))

    figures = DistilStep(LossSection(margin=0.5), ())(state(), nobody)

    assert float(figures["margin"]) == 0
    assert float(figures["loss"]) == pytest.approx(float(figures["cosine"]))
