"""The envelope is strict, and tells success from failure."""

import msgspec
import pytest

from app.cli.documents import CONTRACT_VERSION, Deleted, Document, Done, ErrorDocument, Failed


def test_an_envelope_reads_back() -> None:
    done = Done(
        program_version="1", command="people delete", exit_code=0,
        data=Deleted(name="A", deleted=True, change=3),
    )  # fmt: skip
    back = msgspec.json.decode(msgspec.json.encode(done), type=Done[Deleted])
    assert back == done
    assert back.contract_version == CONTRACT_VERSION


def test_a_failure_is_never_taken_for_success() -> None:
    failed = Failed(
        program_version="1", command="verify", exit_code=2,
        error=ErrorDocument(code="usage", sentence="No."),
    )  # fmt: skip
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(failed), type=Done[Deleted])


def test_every_document_says_what_it_is() -> None:
    assert all(cls.__doc__ and cls.__doc__.strip() for cls in Document.__subclasses__())
