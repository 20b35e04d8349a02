"""The contracts: the WSDL and XSD files of this package, read and compiled.

They are the source of what the services say on the wire, and are found inside
the installed package, so nothing here depends on a checkout or on the network.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath

from lxml import etree

from service.soap.namespaces import BILLING, MANAGEMENT, XS

__all__ = ["COUPON_MANAGEMENT", "CUSTOMER_BILLING", "Contract", "read_schema"]


@dataclass(frozen=True, slots=True)
class Contract:
    """What one service says on the wire.

    Attributes:
        name: The service's name, which is also that of its WSDL file.
        namespace: The namespace of its requests and responses.
    """

    name: str
    namespace: str

    def read_wsdl(self) -> etree._Element:
        """Read the WSDL; a new tree at each call, free to be changed.

        Returns:
            The element ``wsdl:definitions``. Its ``wsdl:types`` imports every schema.
        """
        return _read("service.wsdl", f"{self.name}.wsdl")

    def schema_names(self) -> list[str]:
        """Name the schema files, one per namespace, in the order in which the WSDL imports them."""
        imports = self.read_wsdl().iter(f"{{{XS}}}import")
        return [PurePosixPath(str(item.get("schemaLocation"))).name for item in imports]

    def compile_schema(self) -> etree.XMLSchema:
        """Compile all namespaces of the contract into one validator.

        Returns:
            A new object at each call. Keep one per thread: a verdict is safe to share,
            but ``error_log``, which says why, belongs to whichever thread validated last.
        """
        (schema,) = self.read_wsdl().iter(f"{{{XS}}}schema")
        return etree.XMLSchema(schema)


CUSTOMER_BILLING = Contract("CustomerBillingService", BILLING)
"""The original's."""
COUPON_MANAGEMENT = Contract("CouponManagementService", MANAGEMENT)
"""This service's own, for operators; headers and faults are those of the other one."""


def read_schema(name: str) -> etree._Element:
    """Read one schema; a new tree at each call, free to be changed.

    Args:
        name: One of a contract's ``schema_names()``.

    Returns:
        The element ``xs:schema``.

    Raises:
        FileNotFoundError: The package has no such schema.
    """
    return _read("service.schemas", name)


def _read(package: str, name: str) -> etree._Element:
    file = files(package).joinpath(name)
    # Comments are for those who read the files, not for those who load them.
    parser = etree.XMLParser(no_network=True, resolve_entities=False, remove_comments=True)
    # With its real path a tree finds its imports by itself. An lxml resolver would not do: whenever
    # another thread parses anything, lxml exchanges libxml2's loader, and the import goes past it.
    return etree.fromstring(file.read_bytes(), parser, base_url=str(file))
