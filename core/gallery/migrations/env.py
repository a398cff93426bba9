"""What alembic runs: the steps, on the connection and in the transaction it is handed."""

from alembic import context

from core.gallery.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
)
context.run_migrations()
