"""`schema`: the JSON schema of every command's document."""

import msgspec

from app.cli import documents, portable_documents, reports, trust_documents
from app.cli.answer import Answer
from app.cli.documents import Done, Failed
from app.cli.render import Line
from core.errors import UsageError

COMMANDS: dict[str, object] = {
    "enrol": Done[documents.Enrolled],
    "verify": Done[documents.Decided],
    "identify": Done[documents.Decided],
    "compare": Done[documents.Compared],
    "detect": Done[documents.Detected],
    "people list": Done[documents.People],
    "people show": Done[documents.PersonShown],
    "people rename": Done[documents.Renamed],
    "people delete": Done[documents.Deleted],
    "people merge": Done[trust_documents.Changed],
    "people split": Done[trust_documents.Changed],
    "people undo": Done[trust_documents.Changed],
    "people redo": Done[trust_documents.Changed],
    "people history": Done[trust_documents.History],
    "people terms": Done[trust_documents.TermsSet],
    "people erase": Done[trust_documents.Erased],
    "models list": Done[reports.Models],
    "models show": Done[reports.ModelShown],
    "models add": Done[reports.ModelAdded],
    "models measure": Done[reports.ModelMeasured],
    "models use": Done[portable_documents.ModelSwapped],
    "models rollback": Done[portable_documents.ModelSwapped],
    "models forget-former": Done[portable_documents.FormerForgotten],
    "models recapture": Done[portable_documents.RecaptureQueue],
    "models remove": Done[reports.ModelRemoved],
    "cameras": Done[documents.Cameras],
    "gallery expire": Done[trust_documents.Expired],
    "gallery passphrase": Done[trust_documents.KeyReplaced],
    "gallery move-key": Done[trust_documents.KeyReplaced],
    "gallery rotate-key": Done[trust_documents.KeyReplaced],
    "gallery measure": Done[reports.Growth],
    "gallery lock": Done[trust_documents.KeyReplaced],
    "gallery unlock": Done[trust_documents.KeyReplaced],
    "audit verify": Done[trust_documents.AuditChecked],
    "audit head": Done[trust_documents.AuditHead],
    "audit export": Done[trust_documents.AuditExported],
    "audit check-receipt": Done[trust_documents.ReceiptChecked],
    "gallery export": Done[portable_documents.Exported],
    "gallery import": Done[portable_documents.Imported],
    "doctor": Done[reports.Doctor],
    "bench": Done[reports.Bench],
    "demo": Done[reports.Demo],
    "schema": Done[reports.Schema],
    "version": Done[reports.Version],
}


def list_schemas() -> Answer:
    """The commands that have a schema."""
    lines = tuple(Line(command) for command in COMMANDS)
    return Answer(reports.Schema(commands=tuple(COMMANDS)), lines)


def schema_of(command: str) -> bytes:
    """The JSON schema (2020-12) of what `command --json` writes, success or failure.

    Raises:
        UsageError: There is no such command.
    """
    document = COMMANDS.get(" ".join(command.split()))
    if document is None:
        known = ", ".join(COMMANDS)
        raise UsageError(reason=f"There is no command '{command}'; these have a schema: {known}")
    (done, failed), components = msgspec.json.schema_components(
        [document, Failed],
        ref_template="#/$defs/{name}",
    )
    complete = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"pocketface {command} --json",
        "oneOf": [done, failed],
        "$defs": components,
    }
    return msgspec.json.format(msgspec.json.encode(complete), indent=2)
