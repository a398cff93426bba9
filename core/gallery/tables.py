"""The gallery's tables.

Only what the database must search or order by is in the clear: opaque ids, model ids, quality
and times. Names, notes, sources, vectors and pictures are sealed (see `codec`).
"""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, ForeignKey, Index, LargeBinary, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# Constraints that have names can be changed by later migrations.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, kept as UTC and returned with its zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """UTC without its zone, which SQLite cannot keep."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The moment with its zone."""
        return None if value is None else value.replace(tzinfo=UTC)


class Table(DeclarativeBase):
    """What every table of the gallery shares."""

    metadata = MetaData(naming_convention=NAMING)


class SubjectRow(Table):
    """A subject; `deleted_at` hides it until that is undone or its time is over.

    Attributes:
        sealed_key: The subject's own key, under the gallery's data key.
        sealed_profile: Name, note, consent and retention date, under the subject's key.
        name_digest: Keyed digest of the case-folded name: finds and keeps names unique without
            telling them.
        merged_into: Who took over this subject's references; it is hidden then.
    """

    __tablename__ = "subjects"

    id: Mapped[str] = mapped_column(primary_key=True)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_profile: Mapped[bytes] = mapped_column(LargeBinary)
    name_digest: Mapped[bytes] = mapped_column(LargeBinary)
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[str | None]

    __table_args__ = (
        Index(
            "ix_subjects_name_digest",
            "name_digest",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
        ),
    )


class ReferenceRow(Table):
    """One capture of a subject.

    Attributes:
        quality: Unified quality of the capture, 0–100.
    """

    __tablename__ = "references"

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subjects.id", ondelete="CASCADE"), index=True
    )
    quality: Mapped[int]
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TemplateRow(Table):
    """What one model made of a reference; vector and source are sealed under the subject's key.

    Templates of several models may lie side by side.
    """

    __tablename__ = "templates"

    reference_id: Mapped[str] = mapped_column(
        ForeignKey("references.id", ondelete="CASCADE"), primary_key=True
    )
    model_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    sealed_template: Mapped[bytes] = mapped_column(LargeBinary)


class CropRow(Table):
    """The aligned picture of a reference, sealed; absent where pictures are not kept."""

    __tablename__ = "crops"

    reference_id: Mapped[str] = mapped_column(
        ForeignKey("references.id", ondelete="CASCADE"), primary_key=True
    )
    sealed_crop: Mapped[bytes] = mapped_column(LargeBinary)


class JournalRow(Table):
    """A change that can be taken back.

    Attributes:
        parts: How many rows it changed; with fewer parts left it cannot be undone any more.
        undone_at: None while the change stands.
        undoes: The entry that this one took back; None for a change of its own.
    """

    __tablename__ = "journal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str]
    parts: Mapped[int]
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undoes: Mapped[int | None]

    __table_args__ = ({"sqlite_autoincrement": True},)


class JournalPartRow(Table):
    """One row that a change touched, as it was before.

    Attributes:
        place: Name of the table.
        sealed_before: The former row under its subject's key; None if there was none.
    """

    __tablename__ = "journal_parts"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    entry: Mapped[int] = mapped_column(ForeignKey("journal.number", ondelete="CASCADE"), index=True)
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subjects.id", ondelete="CASCADE"), index=True
    )
    place: Mapped[str]
    row_id: Mapped[str] = mapped_column(index=True)
    sealed_before: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = ({"sqlite_autoincrement": True},)


class FailedAttemptRow(Table):
    """When somebody before the camera was not accepted; nothing about who."""

    __tablename__ = "failed_attempts"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = ({"sqlite_autoincrement": True},)


class EventRow(Table):
    """What was done, when and to whom; rows are only ever added (triggers refuse the rest).

    Attributes:
        subject_id: Opaque, no foreign key: events outlive their subject and never name it.
        number_of: How many subjects or references it was about.
        digest: Keyed, over this entry and the digest before it; None in entries of the first
            schema, which the first one with a digest covers.
    """

    __tablename__ = "events"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str]
    subject_id: Mapped[str | None]
    number_of: Mapped[int]
    detail: Mapped[str]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = ({"sqlite_autoincrement": True},)


class MetaRow(Table):
    """Facts about the gallery as a whole."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
