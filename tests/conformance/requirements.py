"""What WS-I Basic Profile 1.1 requires of a document/literal service and its description.

Of the 153 assertions that test kits derive from the profile, those are left out that bind clients
or rpc/literal alone, that permit something, or that are about UDDI. 98 remain: SOAPAction counts
once, and is two rows here, for an operation that has one and for one that has none.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["must", "should"]


@dataclass(frozen=True)
class Requirement:
    """One requirement.

    Attributes:
        number: Its identifier in the profile.
        says: What it demands, in short.
        level: How strongly.
        group: The heading under which the page has it.
    """

    number: str
    says: str
    level: Level
    group: str


REQUIREMENTS: dict[str, Requirement] = {}
"""By number, in the order of the page."""


def _group(title: str, **rows: str) -> None:
    """Declare a group; a text that begins with "should" is no more than that."""
    for number, says in rows.items():
        level: Level = "should" if says.startswith("should") else "must"
        REQUIREMENTS[number] = Requirement(number, says, level, title)


_group(
    "HTTP",
    R1141="messages travel by HTTP/1.1 or HTTP/1.0",
    R1140="should be HTTP/1.1",
    R1132="a request is a POST",
    R1127="a receiver does not rely on SOAPAction",
    R1124="a success has a status of 2xx",
    R1111="should be 200 for an envelope that is no fault",
    R1112="should be 200 or 202 for a success without an envelope",
    R1130="a redirection has status 307",
    R1125="trouble with the format of a request has a status of 4xx",
    R1113="should be 400 for an HTTP request that is malformed",
    R1114="should be 405 for a method that is not POST",
    R1115="should be 415 for a media type that the description does not allow",
    R1126="an envelope that is a fault has status 500",
    R1121="should need no cookies",
)
_group(
    "Envelope and fault",
    R9980="an envelope has the structure of SOAP 1.1, section 4",
    R1015="what is no soap:Envelope is answered with a fault",
    R1014="children of soap:Body are qualified",
    R1008="no document type declaration",
    R1009="no processing instruction",
    R1033="should not declare xmlns:xml",
    R1011="nothing follows soap:Body",
    R1005="no soap:encodingStyle on elements of SOAP",
    R1006="no soap:encodingStyle on children of soap:Body",
    R1013="soap:mustUnderstand is 0 or 1",
    R1017="a receiver does not demand xsi:type",
    R1032="Envelope, Header and Body have no attributes of SOAP's namespace",
    R1025="mandatory headers are checked before anything is processed",
    R1027="a mandatory header that is not understood is a MustUnderstand fault",
    R1028="should process nothing more after a fault",
    R1029="a fault takes the place of the response",
    R2113="no soapenc:arrayType",
    R1000="soap:Fault has no children but faultcode, faultstring, faultactor and detail",
    R1001="the children of soap:Fault are unqualified",
    R1004="should be a fault code of SOAP 1.1, or of the author's own namespace",
    R1031="should be a fault code without a dot",
)
_group(
    "Messages and their description",
    R2725="VersionMismatch, MustUnderstand and Client are checked in this order",
    R2724="should be a Client fault when a request does not follow the description",
    R2712="the child of soap:Body is the element that the description names",
    R2212="one element for each part that is bound to soap:Body",
    R2213="nothing in soap:Body when parts is empty",
    R2301="the elements of soap:Body are in the order of the parts",
    R2714="a one-way operation is answered without an envelope",
    R2738="every header that the binding names is there",
    R2739="other headers may be there",
    R2751="headers come in any order",
    R2744="SOAPAction is the quoted soapAction of the operation",
    R2745="SOAPAction is a quoted empty string where the operation has none",
)
_group(
    "Form of the description",
    R0001="the description is there for those who ask",
    R2028="valid in the schema of WSDL 1.1",
    R2029="valid in the schema of the WSDL SOAP binding",
    R2001="wsdl:import imports WSDL only",
    R2803="the namespace of wsdl:import is not relative",
    R2002="schemas are imported by xsd:import",
    R2003="xsd:import stands within xsd:schema of the types only",
    R2004="schemaLocation leads to a schema",
    R2010="an imported schema is in UTF-8 or UTF-16",
    R2011="an imported schema is XML 1.0",
    R2007="wsdl:import has a location",
    R2022="wsdl:import comes before everything else",
    R2023="wsdl:types comes before everything but wsdl:import",
    R4004="XML 1.0",
    R4005="should not declare xmlns:xml",
    R4003="in UTF-8 or UTF-16",
    R2005="wsdl:import names the target namespace of what it imports",
    R2025="extensions contradict nothing in the profile",
    R2026="should have no extension that is required",
)
_group(
    "Types",
    R2101="names of WSDL are of namespaces that are defined or imported",
    R2102="names of schemas are of namespaces that are defined or imported",
    R2105="every schema has a target namespace",
    R2110="nothing extends or restricts soapenc:Array",
    R2111="no wsdl:arrayType",
    R2112="should not call elements ArrayOf...",
    R2801="types are those of XML Schema 1.0",
)
_group(
    "Abstract messages and operations",
    R2201="soap:body names one part at most",
    R2210="without parts, a message has one part at most",
    R2209="should bind every part",
    R2204="soap:body is bound to parts with an element",
    R2205="soap:header and soap:fault are bound to parts with an element",
    R2206="a part names a global element",
    R2303="no solicit-response and no notification",
    R2304="operations of a portType have different names",
    R2305="parameterOrder omits one part of the output at most",
    R2306="no part has both a type and an element",
)
_group(
    "Binding",
    R2401="every binding is one of SOAP",
    R2701="soap:binding has a transport",
    R2702="the transport is SOAP over HTTP",
    R2705="a binding is document/literal throughout, or rpc/literal",
    R2706="use is literal for body, header and headerfault",
    R2723="use is literal for soap:fault",
    R2710="operations differ in what they are sent",
    R2711="should have one port at an address",
    R2716="no namespace on body, header, headerfault and fault",
    R2718="binding and portType have the same operations",
    R2740="should describe each known fault",
    R2741="should describe each known header fault",
    R2720="soap:header names its part",
    R2749="soap:header has no attribute parts",
    R2721="soap:fault has a name",
    R2754="soap:fault has the name of its wsdl:fault",
)
