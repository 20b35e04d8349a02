"""What trouble has left in a database."""

from service.operations.check_database import check_database
from service.storage.tables import audit, coupon, redemption


def breaches_count(programme):
    findings = check_database(programme.call())
    listed_count = len(findings.differences) + len(findings.breaches)
    return listed_count + sum(it.count for it in findings.unlisted)


def lost_and_doubled(programme, told):
    """What clients were told and the database does not have, and coupons redeemed twice."""
    with programme.database.reading() as connection:
        rows = connection.execute(
            redemption.join(coupon)
            .select()
            .with_only_columns(coupon.c.code, redemption.c.account_id, redemption.c.redeemed_at)
        )
        stored = {tuple(row) for row in rows}
        entries = connection.execute(
            audit.select().with_only_columns(audit.c.entity_id).where(audit.c.action == "redeem")
        )
        entity_ids = [row.entity_id for row in entries]
    lost = {(it.code, it.account_id, it.date) for it in told} - stored
    doubled_count = len(entity_ids) - len(set(entity_ids))
    return len(lost), doubled_count + len({*told}) - len({it.code for it in told})
