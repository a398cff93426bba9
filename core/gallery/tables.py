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
    """A subject; `deleted_at` hides it until it is restored or purged.

    Attributes:
        sealed_key: The subject's own key, under the gallery's data key.
        sealed_profile: Name and note, under the subject's key.
        name_digest: Keyed digest of the case-folded name: finds and keeps names unique without
            telling them.
    """

    __tablename__ = "subjects"

    id: Mapped[str] = mapped_column(primary_key=True)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_profile: Mapped[bytes] = mapped_column(LargeBinary)
    name_digest: Mapped[bytes] = mapped_column(LargeBinary)
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "ix_subjects_name_digest",
            "name_digest",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
        ),
    )


class ReferenceRow(Table):
    """One template; vector, number of captures and source are sealed under the subject's key.

    Attributes:
        quality: Unified quality of the capture, 0–100.
    """

    __tablename__ = "references"

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subjects.id", ondelete="CASCADE"), index=True
    )
    model_id: Mapped[str] = mapped_column(index=True)
    quality: Mapped[int]
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed_template: Mapped[bytes] = mapped_column(LargeBinary)


class CropRow(Table):
    """The aligned picture of a reference, sealed; absent where pictures are not kept."""

    __tablename__ = "crops"

    reference_id: Mapped[str] = mapped_column(
        ForeignKey("references.id", ondelete="CASCADE"), primary_key=True
    )
    sealed_crop: Mapped[bytes] = mapped_column(LargeBinary)


class EventRow(Table):
    """What was done, when and to whom; rows are only ever added (triggers refuse the rest).

    Attributes:
        subject_id: Opaque, no foreign key: events outlive their subject and never name it.
        number_of: How many subjects or references it was about.
    """

    __tablename__ = "events"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str]
    subject_id: Mapped[str | None]
    number_of: Mapped[int]

    __table_args__ = ({"sqlite_autoincrement": True},)


class MetaRow(Table):
    """Facts about the gallery as a whole."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
