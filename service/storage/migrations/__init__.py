"""Alembic migrations, one revision a schema change."""
