"""The contract: the WSDL and XSD files of this package, read and compiled.

They are the source of what the service says on the wire, and are found inside
the installed package, so nothing here depends on a checkout or on the network.
"""

from importlib.resources import files
from pathlib import PurePosixPath

from lxml import etree

from service.soap.namespaces import XS

__all__ = ["compile_schema", "read_schema", "read_wsdl", "schema_names"]

_WSDL_NAME = "CustomerBillingService.wsdl"


def read_wsdl() -> etree._Element:
    """Read the WSDL; a new tree at each call, free to be changed.

    Returns:
        The element ``wsdl:definitions``. Its ``wsdl:types`` imports every schema.
    """
    return _read("service.wsdl", _WSDL_NAME)


def read_schema(name: str) -> etree._Element:
    """Read one schema; a new tree at each call, free to be changed.

    Args:
        name: One of ``schema_names()``.

    Returns:
        The element ``xs:schema``.

    Raises:
        FileNotFoundError: The package has no such schema.
    """
    return _read("service.schemas", name)


def schema_names() -> list[str]:
    """Name the schema files, one per namespace, in the order in which the WSDL imports them."""
    imports = read_wsdl().iter(f"{{{XS}}}import")
    return [PurePosixPath(str(item.get("schemaLocation"))).name for item in imports]


def compile_schema() -> etree.XMLSchema:
    """Compile all namespaces of the contract into one validator.

    Returns:
        A new object at each call. Keep one per thread: a verdict is safe to share,
        but ``error_log``, which says why, belongs to whichever thread validated last.
    """
    (schema,) = read_wsdl().iter(f"{{{XS}}}schema")
    return etree.XMLSchema(schema)


def _read(package: str, name: str) -> etree._Element:
    file = files(package).joinpath(name)
    # Comments are for those who read the files, not for those who load them.
    parser = etree.XMLParser(no_network=True, resolve_entities=False, remove_comments=True)
    # With its real path a tree finds its imports by itself. An lxml resolver would not do: whenever
    # another thread parses anything, lxml exchanges libxml2's loader, and the import goes past it.
    return etree.fromstring(file.read_bytes(), parser, base_url=str(file))
