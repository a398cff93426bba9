"""The failures of this package that are the reader's to mend, each with its sentence."""

from core.errors import USAGE_EXIT, PocketfaceError


class RecipeError(PocketfaceError):
    """A recipe that does not say what a recipe must say."""

    code = "recipe.invalid"
    template = "The recipe '{path}' is not valid: {reason}."
    exit_code = USAGE_EXIT


class DataError(PocketfaceError):
    """A file of pictures, rows or pairs that cannot be used."""

    code = "training.data"
    template = "The training data in '{path}' cannot be used: {reason}."
    exit_code = USAGE_EXIT


class CheckpointError(PocketfaceError):
    """A checkpoint that is missing, damaged, or of another network or format."""

    code = "training.checkpoint"
    template = "The checkpoint in '{path}' cannot be used: {reason}."
    exit_code = USAGE_EXIT


class TrainingDivergedError(PocketfaceError):
    """A loss or weight that is no number any more."""

    code = "training.diverged"
    template = (
        "Training stopped after {presentations} presentations because {what} is not finite; the "
        "last good checkpoint was kept, so lower the rates and resume."
    )


class TimeOverError(PocketfaceError):
    """--max-minutes ended a command before its answer was there."""

    code = "training.time"
    template = (
        "The time was over before {what} was finished; what is in the cache folder is kept, so "
        "the same command goes on from there."
    )
