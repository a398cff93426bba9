"""The first schema: subjects, references, crops, events, meta."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# "pfac": tells a gallery from any other SQLite file by its header alone.
APPLICATION_ID = 0x70666163


def upgrade() -> None:
    """Make all tables."""
    op.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _create_subjects()
    _create_references()
    _create_events()
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )


def _create_subjects() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_profile", sa.LargeBinary(), nullable=False),
        sa.Column("name_digest", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
    )
    op.create_index(
        "ix_subjects_name_digest",
        "subjects",
        ["name_digest"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
    )


def _create_references() -> None:
    op.create_table(
        "references",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(), nullable=False),
        sa.Column("sealed_template", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_references"),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subjects.id"],
            name="fk_references_subject_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_references_subject_id", "references", ["subject_id"])
    op.create_index("ix_references_model_id", "references", ["model_id"])
    op.create_table(
        "crops",
        sa.Column("reference_id", sa.String(), nullable=False),
        sa.Column("sealed_crop", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("reference_id", name="pk_crops"),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["references.id"],
            name="fk_crops_reference_id",
            ondelete="CASCADE",
        ),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=True),
        sa.Column("number_of", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_events"),
        sqlite_autoincrement=True,
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER events_refuse_{verb.lower()} BEFORE {verb} ON events "
            "BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END"
        )
