"""CouponManagementService: what operators do with a programme; customer billing does the rest."""

from service.soap.management.bills import BillOperations
from service.soap.management.books import BookOperations
from service.soap.management.classes import ClassOperations
from service.soap.management.coupons import CouponOperations
from service.soap.management.definitions import DefinitionOperations
from service.soap.management.instances import InstanceOperations
from service.soap.management.jobs import JobOperations
from service.soap.management.parties import PartyOperations
from service.soap.management.simple_coupons import ClaimOperations, SimpleCouponOperations
from service.soap.management.spend import SpendOperations

__all__ = ["MANAGEMENT_SERVICES"]

MANAGEMENT_SERVICES = [
    ClassOperations,
    CouponOperations,
    JobOperations,
    SpendOperations,
    PartyOperations,
    SimpleCouponOperations,
    ClaimOperations,
    DefinitionOperations,
    BookOperations,
    InstanceOperations,
    BillOperations,
]
"""The services whose operations, named as on the wire, are those of CouponManagementService."""
