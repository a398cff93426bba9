"""Templates apart from references, a journal to undo by, chained events, failed attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change what is there, then add what is new; nothing sealed has to be opened for it."""
    with op.batch_alter_table("subjects") as subjects:
        subjects.add_column(sa.Column("merged_into", sa.String(), nullable=True))
    _part_templates_from_references()
    _extend_events()
    _create_journal()
    op.create_table(
        "failed_attempts",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_failed_attempts"),
        sqlite_autoincrement=True,
    )


def _part_templates_from_references() -> None:
    op.create_table(
        "templates",
        sa.Column("reference_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("sealed_template", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("reference_id", "model_id", name="pk_templates"),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["references.id"],
            name="fk_templates_reference_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_templates_model_id", "templates", ["model_id"])
    op.execute(
        "INSERT INTO templates (reference_id, model_id, sealed_template) "
        'SELECT id, model_id, sealed_template FROM "references"'
    )
    with op.batch_alter_table("references") as references:
        references.drop_index("ix_references_model_id")
        references.drop_column("model_id")
        references.drop_column("sealed_template")


def _extend_events() -> None:
    # Added in place: a copied table would lose the triggers that refuse every change.
    op.execute("ALTER TABLE events ADD COLUMN detail VARCHAR NOT NULL DEFAULT ''")
    op.add_column("events", sa.Column("digest", sa.LargeBinary(), nullable=True))


def _create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_journal"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "journal_parts",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("row_id", sa.String(), nullable=False),
        sa.Column("sealed_before", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_journal_parts"),
        sa.ForeignKeyConstraint(
            ["entry"], ["journal.number"], name="fk_journal_parts_entry", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"],
            ["subjects.id"],
            name="fk_journal_parts_subject_id",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    for column in ("entry", "subject_id", "row_id"):
        op.create_index(f"ix_journal_parts_{column}", "journal_parts", [column])
