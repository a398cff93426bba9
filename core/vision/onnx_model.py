"""Opening models: the one place that makes onnxruntime sessions."""

import hashlib
from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import DTypeLike, NDArray

from core.errors import ModelContractError, ModelDigestError

PROVIDER = "CPUExecutionProvider"  # one face at a time gains nothing from a graphics card
LOG_ERRORS_ONLY = 3  # onnxruntime's scale; its warnings on foreign graphs run to hundreds of lines
INPUT_KINDS: dict[str, DTypeLike] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}
"""Element types that pixels are cast to; any other is refused by name."""

onnxruntime.disable_telemetry_events()  # builds for Windows report usage unless told not to
onnxruntime.set_default_logger_severity(LOG_ERRORS_ONLY)


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output as the graph states it.

    Attributes:
        shape: A number where the graph fixes it, None where it leaves it open.
        kind: onnxruntime's word for the element type, such as "tensor(float)".
    """

    name: str
    shape: tuple[int | None, ...]
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A loaded model with one input. May be used by one thread at a time.

    Attributes:
        provider_asked: Where the model was meant to run.
        provider_got: Where onnxruntime says it runs.
    """

    name: str
    provider_asked: str
    provider_got: str
    threads: int
    input: TensorSpec
    outputs: tuple[TensorSpec, ...]
    runner: onnxruntime.InferenceSession

    def run(self, blob: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """The outputs in the graph's order, as float32.

        Args:
            blob: Cast to the element type that the graph states.

        Raises:
            ModelContractError: onnxruntime refuses the blob or fails on it.
        """
        fed = blob.astype(INPUT_KINDS[self.input.kind], copy=False)
        try:
            answers = self.runner.run(None, {self.input.name: fed})
        except _RUNTIME_ERRORS as error:
            raise ModelContractError(
                name=self.name, reason=f"it fails on an input of shape {blob.shape}"
            ) from error
        return tuple(np.asarray(answer, dtype=np.float32) for answer in answers)


@dataclass(frozen=True, slots=True)
class RuntimeFacts:
    """What runs the models on this machine."""

    version: str
    providers: tuple[str, ...]


# onnxruntime's own exceptions share no public base below RuntimeError and ValueError.
_STATE = onnxruntime.capi.onnxruntime_pybind11_state
_RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    _STATE.Fail,
    _STATE.InvalidArgument,
    _STATE.InvalidGraph,
    _STATE.InvalidProtobuf,
    _STATE.NoSuchFile,
    _STATE.NotImplemented,
    _STATE.RuntimeException,
    _STATE.EPFail,
)


def runtime_facts() -> RuntimeFacts:
    """Version of onnxruntime and the providers of this build."""
    return RuntimeFacts(
        version=onnxruntime.__version__, providers=tuple(onnxruntime.get_available_providers())
    )


def session_options(threads: int) -> onnxruntime.SessionOptions:
    """Options of every session: stated thread counts, no busy waiting, errors only in the log."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = LOG_ERRORS_ONLY
    # Spinning threads keep a core hot between frames (onnxruntime issue 19968).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def open_session(model: bytes, name: str, threads: int = 1, sha256: str | None = None) -> Session:
    """Load a model from its bytes.

    Bytes and not a path, so that what was hashed is what is loaded.

    Args:
        name: For error sentences.
        threads: Of one operator; operators run one after another.
        sha256: Hex digest the bytes must have; None where the caller has checked already.

    Raises:
        ModelDigestError: Other bytes than expected.
        ModelContractError: No ONNX model, more than one input, or an input of another element
            type than floating point.
    """
    if sha256 is not None and hashlib.sha256(model).hexdigest() != sha256:
        raise ModelDigestError(name=name)
    try:
        runner = onnxruntime.InferenceSession(
            model, sess_options=session_options(threads), providers=[PROVIDER]
        )
    except _RUNTIME_ERRORS as error:
        raise ModelContractError(name=name, reason=_why_not_loaded(error)) from error
    inputs = [_spec(value) for value in runner.get_inputs()]
    if len(inputs) != 1:
        raise ModelContractError(name=name, reason=f"it has {len(inputs)} inputs instead of one")
    if inputs[0].kind not in INPUT_KINDS:
        raise ModelContractError(
            name=name, reason=f"its input is {inputs[0].kind}, and only floating point is fed"
        )
    return Session(
        name=name,
        provider_asked=PROVIDER,
        provider_got=runner.get_providers()[0],
        threads=threads,
        input=inputs[0],
        outputs=tuple(_spec(value) for value in runner.get_outputs()),
        runner=runner,
    )


def _spec(value: onnxruntime.NodeArg) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in value.shape)
    return TensorSpec(name=value.name, shape=shape, kind=value.type)


def _why_not_loaded(error: Exception) -> str:
    text = str(error)
    if "external" in text.lower():
        return "its weights lie in files beside it, and these are missing"
    if "is not a registered function/op" in text or "NOT_IMPLEMENTED" in text:
        return "it uses an operation that this onnxruntime does not know"
    return "onnxruntime cannot load it, so it is damaged or no ONNX model"
