"""The contract: the WSDL and XSD files of this package, read and compiled.

They are the source of what the service says on the wire, and are found inside
the installed package, so nothing here depends on a checkout or on the network.
"""

from importlib.resources import files
from pathlib import PurePosixPath
from threading import Lock

from lxml import etree

from service.soap.namespaces import XS

__all__ = ["compile_schema", "read_schema", "read_wsdl", "schema_names"]

_WSDL_NAME = "CustomerBillingService.wsdl"

# While it compiles, lxml exchanges libxml2's loader of imports for the whole process:
# two threads that compile at once lose each other's imports.
_compiling = Lock()


class _PackagedSchemas(etree.Resolver):
    """Answers a schemaLocation with the file of that name in this package."""

    # lxml calls with three arguments; its stubs know of two.
    def resolve(  # type: ignore[override]
        self,
        system_url: str,
        public_id: str,  # noqa: ARG002
        context: object,
    ) -> object:
        name = PurePosixPath(system_url).name
        return self.resolve_string(_schema_bytes(name), context, base_url=name)


def read_wsdl() -> etree._Element:
    """Read the WSDL; a new tree at each call, free to be changed.

    Returns:
        The element ``wsdl:definitions``. Its ``wsdl:types`` imports every schema.
    """
    content = files("service.wsdl").joinpath(_WSDL_NAME).read_bytes()
    return etree.fromstring(content, _parser())


def read_schema(name: str) -> etree._Element:
    """Read one schema; a new tree at each call, free to be changed.

    Args:
        name: One of ``schema_names()``.

    Returns:
        The element ``xs:schema``.

    Raises:
        FileNotFoundError: The package has no such schema.
    """
    return etree.fromstring(_schema_bytes(name), _parser())


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
    with _compiling:
        return etree.XMLSchema(schema)


def _schema_bytes(name: str) -> bytes:
    return files("service.schemas").joinpath(name).read_bytes()


def _parser() -> etree.XMLParser:
    # Comments are for those who read the files, not for those who load them.
    parser = etree.XMLParser(no_network=True, resolve_entities=False, remove_comments=True)
    parser.resolvers.add(_PackagedSchemas())
    return parser
