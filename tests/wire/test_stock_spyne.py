"""The requests that break stock Spyne: ten that escape as exceptions, eight let in."""

import time

import pytest

from tests.wire.harness import REDEEM, envelope

VALID = envelope()
XXE = b'<!DOCTYPE e [<!ENTITY f SYSTEM "file:///etc/hostname">]>'


def refused_at_once(service, content):
    """Send what must be refused before it takes time; tell why."""
    begun = time.thread_time()
    symbol = refused(service, content)
    assert time.thread_time() - begun < 1
    return symbol


def refused(service, content, **environ):
    """Send what must be refused before any operation; tell why."""
    answer = service.post(content, **environ)
    assert service.seen == []
    assert answer.status in {415, 500}
    return answer.symbol


# Ten that escape as Python exceptions.


def test_an_empty_body_element_is_refused(service):
    assert refused(service, envelope("")) == "BodyEntryInvalid"


def test_an_envelope_without_body_is_refused(service):
    content = VALID[: VALID.index(b"<s:Body>")] + b"</s:Envelope>"
    assert refused(service, content) == "EnvelopeInvalid"


def test_an_empty_http_body_is_refused(service):
    assert refused(service, b"") == "BodyEmpty"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("charset", ["; charset=utf-16", ""])
def test_utf_16_is_read(service, codec, declared, charset):
    declaration = '<?xml version="1.0" encoding="utf-16"?>' if declared else ""
    content = (declaration + envelope(REDEEM.replace("7", "8")).decode()).encode(codec)

    answer = service.post(content, CONTENT_TYPE=f"text/xml{charset}")

    assert answer.status == 200
    assert service.seen[0].arguments == [8, None]


def test_bytes_that_are_not_utf_8_are_refused(service):
    assert refused(service, VALID.replace(b">7<", b">\xc3\x28<")) == "XmlMalformed"


def test_references_that_go_round_in_circles_are_refused(service):
    content = envelope(REDEEM.replace("<b:AccountId>", '<b:AccountId id="a" href="#a">'))
    assert refused(service, content) == "SchemaInvalid"


def test_a_fault_sent_as_request_is_refused(service):
    assert refused(service, envelope("<s:Fault/>")) == "FaultAsRequest"


def test_an_external_entity_is_refused(service):
    content = XXE + VALID.replace(b">7<", b">7&f;<")
    assert refused(service, content) == "DoctypeForbidden"


def test_an_unknown_charset_is_refused(service):
    assert refused(service, VALID, CONTENT_TYPE="text/xml; charset=x-none") == "CharsetUnsupported"


def test_a_bad_content_length_is_refused(service):
    assert refused(service, VALID, CONTENT_LENGTH="-5") == "ContentLengthInvalid"


# Eight that are let in.


def test_a_document_type_is_refused(service):
    assert refused(service, b"<!DOCTYPE s:Envelope>" + VALID) == "DoctypeForbidden"


def test_an_external_parameter_entity_is_refused(service):
    doctype = b'<!DOCTYPE e [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;]>'
    assert refused(service, doctype + VALID) == "DoctypeForbidden"


def test_a_processing_instruction_is_refused(service):
    assert refused(service, b"<?go now?>" + VALID) == "ProcessingInstructionForbidden"


def test_two_children_in_the_body_are_refused(service):
    assert refused(service, envelope(REDEEM * 2)) == "BodyEntryInvalid"


def test_two_bodies_are_refused(service):
    content = VALID.replace(b"</s:Body>", b"</s:Body><s:Body/>")
    assert refused(service, content) == "EnvelopeInvalid"


def test_an_unknown_header_that_must_be_understood_is_refused(service):
    header = '<Tax s:mustUnderstand="1" xmlns="urn:tax"/>'
    assert refused(service, envelope(header=header)) == "HeaderNotUnderstood"


def test_an_encoding_style_is_refused(service):
    style = b' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    content = VALID.replace(b"<s:Body>", b"<s:Body" + style)
    assert refused(service, content) == "EncodingStyleForbidden"


def test_json_is_refused(service):
    content_type = "application/json"
    assert refused(service, VALID, CONTENT_TYPE=content_type) == "ContentTypeUnsupported"


# What Spyne gets right by its parser, and the gate must not lose.


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE e [<!ENTITY a "ha"><!ENTITY b "'
        + b"&a;" * 50
        + b'"><!ENTITY c "'
        + b"&b;" * 50
        + b'">]>',
        b'<!DOCTYPE e [<!ENTITY a "' + b"x" * 50_000 + b'">]>',
    ],
    ids=["laughs", "quadratic"],
)
def test_entities_do_not_multiply(service, doctype):
    content = doctype + VALID.replace(b">7<", b">" + b"&c;" * 20 + b"<")
    assert refused(service, content) == "DoctypeForbidden"


def test_a_document_type_in_a_comment_is_none(service):
    content = b"<?xml version='1.0'?><!-- <!DOCTYPE a> --><!-- --> " + VALID
    assert service.post(content).status == 200


def test_a_prologue_without_end_is_refused_at_once(service):
    assert refused_at_once(service, b"<!-- -->" * 30_000 + b"<!--") == "XmlMalformed"


def test_very_deep_nesting_is_refused(service):
    content = envelope("<b>" * 20_000 + "</b>" * 20_000)
    assert refused(service, content) == "XmlMalformed"


def test_thousands_of_attributes_are_refused_at_once(service):
    attributes = " ".join(f'n{place}=""' for place in range(20_000))
    assert refused_at_once(service, envelope(header=f"<a {attributes}/>")) == "TooManyAttributes"


def test_thousands_of_namespaces_are_refused_at_once(service):
    declarations = " ".join(f'xmlns:n{place}="u"' for place in range(12_000))
    assert refused_at_once(service, envelope(f"<a {declarations}/>")) == "OperationUnknown"
