"""Steps from each schema of the gallery to the next, run by alembic."""
