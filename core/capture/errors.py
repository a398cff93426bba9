"""What can go wrong with a picture, a video, a camera or a stream: the leaves of CaptureError."""

from core.errors import USAGE_EXIT, CaptureError


class CameraMissingError(CaptureError):
    """No camera answers to the given name or number."""

    code = "camera.missing"
    template = "No camera '{camera}' was found; `pocketface cameras` lists those that are there."


class CameraBusyError(CaptureError):
    """The camera exists, but another program holds it."""

    code = "camera.busy"
    template = (
        "The camera '{camera}' could not be opened, most likely because {holder} is using it; "
        "close that program and try again."
    )


class CameraDeniedError(CaptureError):
    """The operating system refuses access."""

    code = "camera.denied"
    template = "Access to the camera '{camera}' was refused; {remedy}"


class CameraFailedError(CaptureError):
    """The camera is there and free, but its driver does not open it."""

    code = "camera.failed"
    template = "The camera '{camera}' could not be opened; {likely_cause}"


class CameraLostError(CaptureError):
    """A camera that delivered frames has stopped and did not come back."""

    code = "camera.lost"
    template = (
        "The camera '{camera}' stopped delivering pictures and did not come back within "
        "{waited_s:.0f} seconds; check its cable and try again."
    )


class CameraTimeoutError(CaptureError):
    """Opening, or the first frame, took longer than the deadline."""

    code = "camera.timeout"
    template = (
        "The camera '{camera}' gave no picture within {deadline_s:.0f} seconds; {likely_cause}"
    )


class StreamUnreachableError(CaptureError):
    """A network stream that does not open or stops. `address` carries no password."""

    code = "stream.unreachable"
    template = (
        "The stream {address} gave no picture within {deadline_s:.0f} seconds; check the address, "
        "the network and the password."
    )


class SourceUnknownError(CaptureError):
    """The text given as a source is neither a file, a folder, a camera nor an address."""

    code = "source.unknown"
    template = "'{source}' is neither a camera, a file, a folder nor a stream address."
    exit_code = USAGE_EXIT


class PictureUnreadableError(CaptureError):
    """Bytes that no decoder accepts, or a path that is no regular readable file."""

    code = "picture.unreadable"
    template = "The picture '{path}' cannot be read: {reason}."
    exit_code = USAGE_EXIT


class PictureTooLargeError(CaptureError):
    """More pixels or bytes than are decoded."""

    code = "picture.too_large"
    template = "The picture '{path}' is too large ({found}); at most {limit} are read."
    exit_code = USAGE_EXIT


class HeicUnsupportedError(CaptureError):
    """A HEIC picture while the optional decoder is absent."""

    code = "picture.heic"
    template = (
        "The picture '{path}' is in HEIC format, which needs an extra: "
        "pip install 'pocketface[heif]'."
    )
    exit_code = USAGE_EXIT


class FolderEmptyError(CaptureError):
    """A folder in which no picture can be found."""

    code = "source.no_pictures"
    template = "The folder '{path}' holds no picture that can be read."
    exit_code = USAGE_EXIT


class VideoUnreadableError(CaptureError):
    """A video file whose frames cannot be decoded."""

    code = "video.unreadable"
    template = "The video '{path}' cannot be read: {reason}."
    exit_code = USAGE_EXIT
