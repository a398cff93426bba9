"""What every command returns: a document for programs, blocks for people, an exit code."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from app.cli.documents import Document, Done, ErrorDocument, Failed
from app.cli.render import Block, show, talk, without_surrogates, write_document
from app.version import program_version

YES_EXIT = 0
NO_EXIT = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a command that was carried out."""

    document: Document
    blocks: tuple[Block, ...]
    exit_code: int = YES_EXIT


def deliver(command: str, answer: Answer, *, json: bool) -> None:
    """Write an answer to stdout, as one document or for people."""
    if not json:
        show(answer.blocks)
        return
    write_document(
        encode(
            Done(
                program_version=program_version(),
                command=command,
                exit_code=answer.exit_code,
                data=answer.document,
            )
        )
    )


def deliver_failure(command: str, code: str, sentence: str, exit_code: int, *, json: bool) -> None:
    """Write a failure: one document on stdout, or one sentence on stderr."""
    if not json:
        talk(sentence)
        return
    failed = Failed(
        program_version=program_version(),
        command=command,
        exit_code=exit_code,
        error=ErrorDocument(code=code, sentence=sentence),
    )
    write_document(encode(failed))


def encode(document: msgspec.Struct) -> bytes:
    """Indented JSON; undecodable bytes of file names are written out as hexadecimal text."""
    # Enumerations and tuples become plain values first, so that only text is left to mend.
    plain = _mended(msgspec.to_builtins(document))
    return msgspec.json.format(msgspec.json.encode(plain), indent=2)


def _mended(value: object) -> object:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_mended(item) for item in value]
    return value
