"""How Alembic runs the revisions: on the connection that service.storage.schema gives it."""

from alembic import context

from service.storage.all_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
