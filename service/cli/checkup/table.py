"""Every check, in the order in which they are carried out."""

from service.cli.checkup import addresses, database, mail, partners, work
from service.cli.checkup.check import Check

SETTINGS_CHECK = "settings"
"""The first of all: without settings there is nothing to look at."""

CHECKS = (
    Check("database", "It answers.", database.reachable, is_vital=True),
    Check(
        "tables",
        "They are those of this release.",
        database.current,
        is_about_data=True,
        is_vital=True,
    ),
    Check("writing", "The database takes changes.", database.writable, is_about_data=True),
    Check(
        "durability",
        "What is acknowledged survives a power cut: WAL and `synchronous` on SQLite, `fsync`,"
        " `full_page_writes` and `synchronous_commit` on PostgreSQL.",
        database.durable,
        is_about_data=True,
    ),
    Check(
        "connections",
        "PostgreSQL's `max_connections` is enough for `workers` and `threads` of this machine.",
        database.connections,
        is_about_data=True,
    ),
    Check(
        "clock",
        "It fits that of PostgreSQL, and the last change is not in the future.",
        database.clock,
        is_about_data=True,
    ),
    Check("file mode", "Only its owner can read the SQLite file.", database.file_private),
    Check("file system", "The SQLite file is on a local disk.", database.local_disk),
    Check(
        "disk space",
        "The disks of the SQLite file and of the mail folder have 1 GiB left.",
        database.disk_space,
    ),
    Check(
        "bind",
        "The address of `serve` is free, or a service that is ready is there.",
        addresses.bind,
    ),
    Check(
        "public url",
        "It is set where others than this machine call, is `https`, and has no query.",
        addresses.public_url,
    ),
    Check("public answer", "The service answers at `public_url`.", addresses.public_answer),
    Check(
        "certificate",
        "That of `tls_certificate` has its key; that of `public_url` is trusted, for 14 days more.",
        addresses.certificate,
    ),
    Check(
        "mail server",
        "It is reached, trusted, lets us sign in, and takes the sender. No mail is sent.",
        mail.server,
    ),
    Check("mail folder", "It can be written, while no mail server is set.", mail.folder),
    Check("mail templates", "A mail can be made from each of your own.", mail.templates),
    Check("issuer", "The issuer of OAuth tokens, if one is set, tells its keys.", partners.issuer),
    Check("redis", "The Redis of `redis_url`, if there is one, answers.", partners.redis),
    Check("outbox", "No mail has been due for 10 minutes, and none failed.", mail.outbox, True),
    Check("worker", "No job waits for a worker.", work.worker, is_about_data=True),
    Check("failed jobs", "None failed in the last 7 days.", work.failed_jobs, is_about_data=True),
    Check("tokens", "None that is in force ends within 14 days.", work.tokens, is_about_data=True),
)
