"""SOAP headers: credentials in all their spellings, and mustUnderstand."""

import pytest

from service.domain.roles import Credentials
from tests.wire.harness import REDEEM, envelope


def credentials_of(service, header):
    service.call(header=header)
    return service.seen[0].credentials


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        ("", Credentials()),
        ("<b:DeveloperToken/><b:UserName></b:UserName>", Credentials()),
        ('<b:DeveloperToken i:nil="true"/><b:Password i:nil="1"/>', Credentials()),
        ('<b:DeveloperToken i:nil="false">D</b:DeveloperToken>', Credentials("D")),
        ('<b:DeveloperToken i:nil="0">D</b:DeveloperToken>', Credentials("D")),
        (
            "<b:Password>p&amp;w</b:Password><b:UserName>ann</b:UserName>",
            Credentials(user_name="ann", password="p&w"),
        ),
        (
            (
                "<b:ApplicationToken>A</b:ApplicationToken>"
                "<b:AuthenticationToken>T<!-- -->T</b:AuthenticationToken>"
            ),
            Credentials(authentication_token="TT"),
        ),
        (
            (
                "<b:DeveloperToken>\n  D\t</b:DeveloperToken><b:UserName> ann </b:UserName>"
                "<b:Password> p </b:Password>"
            ),
            Credentials("D", user_name="ann", password=" p "),
        ),
        ("<DeveloperToken>D</DeveloperToken><e:UserName>ann</e:UserName>", Credentials()),
        ("<b:CustomerId>1</b:CustomerId><b:CustomerAccountId/>", Credentials()),
    ],
)
def test_credentials_are_read(service, header, credentials):
    assert credentials_of(service, header) == credentials


@pytest.mark.parametrize(
    ("first", "second", "is_read"), [("A", "A", True), ("A", "B", False), ("A", "", False)]
)
def test_credentials_that_contradict_each_other_are_wrong(service, first, second, is_read):
    header = "".join(f"<b:DeveloperToken>{it}</b:DeveloperToken>" for it in (first, second))
    answer = service.call(header=header)
    assert (answer.error_code is None) == is_read
    assert is_read or (answer.error_code, answer.symbol) == (105, "InvalidCredentials")


def test_an_envelope_needs_no_header(service):
    assert service.post(envelope().replace(b"<s:Header></s:Header>", b"")).status == 200
    assert service.seen[0].credentials == Credentials()


@pytest.mark.parametrize(
    "header",
    [
        '<Action mustUnderstand="1">RedeemCoupon</Action>',
        '<Action s:mustUnderstand="1">RedeemCoupon</Action>',
        '<b:Action mustUnderstand="1">RedeemCoupon</b:Action>',
        '<b:DeveloperToken s:mustUnderstand="1">D</b:DeveloperToken>',
        '<b:CustomerId s:mustUnderstand="1">1</b:CustomerId>',
        '<To s:mustUnderstand="1" xmlns="http://www.w3.org/2005/08/addressing">x</To>',
        '<Tax s:mustUnderstand="0" xmlns="urn:tax"/>',
        '<Tax mustUnderstand="1" xmlns="urn:tax"/>',
        '<Tax s:mustUnderstand="1" s:actor="urn:another" xmlns="urn:tax"/>',
        "<Tax xmlns='urn:tax'><anything/></Tax>",
    ],
)
def test_headers_that_change_nothing_are_let_through(service, header):
    assert service.call(header=header).status == 200


@pytest.mark.parametrize(
    "actor", ["", ' s:actor=""', ' s:actor="http://schemas.xmlsoap.org/soap/actor/next"']
)
def test_a_header_for_us_that_must_be_understood_is_refused(service, actor):
    answer = service.call(header=f'<Tax s:mustUnderstand="1"{actor} xmlns="urn:tax"/>')
    assert answer.fault_code == "MustUnderstand"
    assert "element Tax." in answer.fault_text
    assert service.seen == []


def test_credentials_below_the_header_do_not_count(service):
    header = "<Wrapped xmlns='urn:w'><b:DeveloperToken>D</b:DeveloperToken></Wrapped>"
    assert credentials_of(service, header) == Credentials()


def test_a_header_in_the_body_does_not_count(service):
    answer = service.call(REDEEM.replace("</b:Redeem", "<b:DeveloperToken/></b:Redeem"))
    assert answer.symbol == "SchemaInvalid"
