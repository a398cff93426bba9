"""What a distillation needs besides the files: `python -m training.distill`."""

from typing import Annotated, Literal

import msgspec

from training.recipe.sections import (
    Amount,
    Count,
    NetSection,
    OptimSection,
    RunSection,
    ScheduleSection,
    Section,
    Share,
    Stage,
    check_ends,
    check_plan,
)

Weight = Annotated[float, msgspec.Meta(ge=0)]


class DataSection(Section, frozen=True, kw_only=True):
    """Which crops, and how often.

    Attributes:
        held_out_share: Part of the labelled people that is never trained on.
        turned_weight: How many times as often a turned head (|yaw| above `turned_yaw`) is shown.
        check_crops: Held-out crops on which the cosine to the teacher is logged; 0 is none.
    """

    held_out_share: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.3
    turned_weight: Annotated[float, msgspec.Meta(ge=1)] = 1.0
    turned_yaw: float = 0.25
    check_crops: Annotated[int, msgspec.Meta(ge=0)] = 512


class AnswersSection(Section, frozen=True, kw_only=True):
    """What the teacher is asked about, and what becomes of its answer.

    Attributes:
        view: "clean" is the plain crop; "mirrored" the crop mirrored as the student sees it;
            "mean" the mean of the crop's answer and its mirror image's; "same" the very picture
            the student sees, asked anew, or from the disk where `repeats` is not 0.
        centre: Teach the answers without their mean over all crops. What all faces share tells
            nobody apart, and a young student spends itself on it.
        repeats: "same": how many different views of a picture there are; 0 draws a new one each
            time. With N the views repeat after N epochs, and answers are kept in the cache
            (from the end of the hints on, whose maps are not).
    """

    view: Literal["clean", "mirrored", "mean", "same"] = "clean"
    centre: bool = False
    repeats: Annotated[int, msgspec.Meta(ge=0)] = 0


class LossSection(Section, frozen=True, kw_only=True):
    """The terms of the loss, each with its weight; a term of weight 0 is left out.

    Attributes:
        cosine: Of 1 − cos(student, teacher): free of the embedding's size.
        squared: Of the mean over the embedding's numbers of the squared difference between unit
            vectors, as published: 100 there, which is cosine = 200 / d.
        distances: Of relational distillation by distances between the faces of a batch.
        angles: The same by the angles at every face; batch³ numbers, so for small batches.
        similarity: Of the squared difference between the two matrices of cosines.
        margin: Of ArcFace on labelled crops; the rest of a batch does not take part in it.
        margin_rad: ArcFace's added angle.
        scale: What ArcFace multiplies cosines by.
    """

    cosine: Weight = 1.0
    squared: Weight = 0.0
    distances: Weight = 0.0
    angles: Weight = 0.0
    similarity: Weight = 0.0
    margin: Weight = 0.0
    margin_rad: Annotated[float, msgspec.Meta(ge=0, lt=1.5)] = 0.5
    scale: Annotated[float, msgspec.Meta(gt=0)] = 64.0


class MixupSection(Section, frozen=True, kw_only=True):
    """Blends of two faces, about which the teacher itself is asked.

    Attributes:
        share: Part of a batch that is blended.
        alpha: Both parameters of the Beta distribution that the blend is drawn from.
    """

    share: Share = 0.0
    alpha: Annotated[float, msgspec.Meta(gt=0)] = 1.0


class Hint(Section, frozen=True, kw_only=True):
    """One map of the student that learns one map of the teacher.

    Attributes:
        student: Name of a part of the student, such as "cells.17".
        teacher: Name of a map inside the teacher, such as SFace's "conv_14".
        components: Principal components of the teacher's map that are taught.
        weight: At the start; it falls linearly to 0.
        until: Where the weight is 0; 0 is the end of the run.
    """

    student: str
    teacher: str
    components: Count = 64
    weight: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    until: Amount = 0


class TeacherStep(Section, frozen=True, kw_only=True):
    """Which teacher teaches up to where.

    Attributes:
        until: Where the next one takes over; the last one teaches to the end.
        model: An ONNX file, or a checkpoint folder; empty is the teacher of the command line.
        rank: Principal axes of its answers that are taught; 0 is all.
    """

    until: Amount = 0
    model: str = ""
    rank: Annotated[int, msgspec.Meta(ge=0)] = 0


class DistilRecipe(Section, frozen=True, kw_only=True):
    """A distillation.

    Attributes:
        teachers: Multi-step distillation; empty has the teacher of the command line throughout.
        teachers_file: A TOML file with the same [[teachers]] instead.
        follow: A run folder instead, whose kept checkpoints teach in their order, each for an
            equal part of the run: multi-step distillation as published, where both have as many
            epochs and the teacher's run.keep_every is one.
    """

    run: RunSection
    net: NetSection = NetSection()
    data: DataSection = DataSection()
    answers: AnswersSection = AnswersSection()
    loss: LossSection = LossSection()
    mixup: MixupSection = MixupSection()
    optim: OptimSection = OptimSection()
    schedule: ScheduleSection = ScheduleSection()
    stages: tuple[Stage, ...]
    hints: tuple[Hint, ...] = ()
    teachers: tuple[TeacherStep, ...] = ()
    teachers_file: str = ""
    follow: str = ""

    def __post_init__(self) -> None:
        check_plan(self)
        check_ends("teachers", [step.until for step in self.teachers[:-1]])
        loss = self.loss
        taught = loss.cosine + loss.squared + loss.distances + loss.angles + loss.similarity
        if not taught and not self.hints:
            raise ValueError(
                "every weight in [loss] is 0 and there are no [[hints]], so the teacher would "
                "teach nothing"
            )
        if sum(map(bool, (self.teachers, self.teachers_file, self.follow))) > 1:
            raise ValueError("teachers, teachers_file and follow exclude each other")
        if self.mixup.share and self.answers.view != "same":
            raise ValueError('mixup asks the teacher about the blend, so answers.view is "same"')
        if self.answers.repeats and (self.answers.view != "same" or self.mixup.share):
            raise ValueError(
                'answers.repeats keeps answers to views, so answers.view is "same" and no faces '
                "are mixed"
            )
