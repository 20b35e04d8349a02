"""The compiled schemas: what they let through, what they refuse, and where they can be compiled."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from service.soap.contract import CUSTOMER_BILLING, read_schema
from service.soap.namespaces import ADAPI, ARRAYS, BILLING, ENTITIES, EXCEPTION, SERIALIZATION, XSI

PREFIXES = " ".join(
    f'xmlns{prefix}="{namespace}"'
    for prefix, namespace in {
        "": BILLING,
        ":a": ENTITIES,
        ":x": EXCEPTION,
        ":r": ARRAYS,
        ":i": XSI,
        ":d": ADAPI,
    }.items()
)

VALID = {
    "search": """<SearchCouponsRequest><Predicates><a:Predicate><a:Field>CustomerId</a:Field>
        <a:Operator>Equals</a:Operator><a:Value>1</a:Value></a:Predicate></Predicates>
        <Ordering i:nil="true"/><PageInfo><a:Index>0</a:Index><a:Size>100</a:Size></PageInfo>
        <ReturnAdditionalFields>TaxCertificate CouponClaimInfo</ReturnAdditionalFields>
        </SearchCouponsRequest>""",
    "search, empty": "<SearchCouponsRequest/>",
    "coupons": """<SearchCouponsResponse><Coupons><a:Coupon><a:CouponCode>A</a:CouponCode>
        <a:Amount>1.5</a:Amount><a:PercentOff i:nil="1"/>
        <a:StartDate>2026-01-01T00:00:00Z</a:StartDate><a:IsRedeemed>0</a:IsRedeemed></a:Coupon></Coupons></SearchCouponsResponse>""",
    "dispatch": """<DispatchCouponsRequest><SendToEmails><r:string>a@example.com</r:string>
        </SendToEmails><CustomerId>1</CustomerId><CouponClassName>Spring</CouponClassName>
        </DispatchCouponsRequest>""",
    "dispatched": """<DispatchCouponsResponse><PartialErrors><x:BatchError><x:Code>1</x:Code>
        <x:Details i:nil="true"/><x:Index>0</x:Index><x:Message>m</x:Message></x:BatchError>
        </PartialErrors></DispatchCouponsResponse>""",
    "redeem": """<RedeemCouponRequest><AccountId> +5 </AccountId><CouponCode i:nil="false">A
        </CouponCode></RedeemCouponRequest>""",
    "redeemed": """<RedeemCouponResponse><RedemptionDate>2026-11-22T12:00:00Z</RedemptionDate>
        </RedeemCouponResponse>""",
    "check": """<CheckFeatureAdoptionCouponEligibilityRequest><FeatureId>1</FeatureId><AccountIds>
        <r:long>1</r:long></AccountIds></CheckFeatureAdoptionCouponEligibilityRequest>""",
    "claim": """<ClaimFeatureAdoptionCouponsRequest><AccountCouponPairs>
        <a:KeyValueEntityOflongstring><a:Key>1</a:Key><a:Value>A</a:Value>
        </a:KeyValueEntityOflongstring></AccountCouponPairs></ClaimFeatureAdoptionCouponsRequest>""",
    "info": "<GetCouponInfoRequest><CustomerId>1</CustomerId></GetCouponInfoRequest>",
    "distribute": """<DistributeCouponsRequest><AccountIds><r:int>1</r:int></AccountIds>
        <ClassName>Spring</ClassName><FeatureId i:nil="true"/>
        <SendNotification>true</SendNotification></DistributeCouponsRequest>""",
    "fault": """<ApiFault><d:TrackingId>t</d:TrackingId><x:OperationErrors><x:OperationError>
        <x:Code>1</x:Code></x:OperationError></x:OperationErrors></ApiFault>""",
    "common fault": """<d:AdApiFaultDetail><d:TrackingId>t</d:TrackingId><d:Errors><d:AdApiError>
        <d:Code>105</d:Code><d:Detail i:nil="true"/></d:AdApiError></d:Errors>
        </d:AdApiFaultDetail>""",
    "header": '<AuthenticationToken i:nil="true"/>',
}

INVALID = {
    "search, members out of order": """<SearchCouponsRequest><PageInfo/><Predicates/>
        </SearchCouponsRequest>""",
    "search, unknown operator": """<SearchCouponsRequest><Predicates><a:Predicate>
        <a:Operator>Like</a:Operator></a:Predicate></Predicates></SearchCouponsRequest>""",
    "search, unknown flag": """<SearchCouponsRequest><ReturnAdditionalFields>CouponClaimInfo Nothing
        </ReturnAdditionalFields></SearchCouponsRequest>""",
    "coupons, nil where none may be": """<SearchCouponsResponse><Coupons><a:Coupon>
        <a:Amount i:nil="true"/></a:Coupon></Coupons></SearchCouponsResponse>""",
    "coupons, foreign namespace": """<SearchCouponsResponse><Coupons><Coupon/></Coupons>
        </SearchCouponsResponse>""",
    "dispatch, wrong list": """<DispatchCouponsRequest><SendToEmails><string>a@example.com</string>
        </SendToEmails></DispatchCouponsRequest>""",
    "redeem, no number": "<RedeemCouponRequest><AccountId>x</AccountId></RedeemCouponRequest>",
    "redeem, number too large": """<RedeemCouponRequest><AccountId>9223372036854775808</AccountId>
        </RedeemCouponRequest>""",
    "redeem, twice": """<RedeemCouponRequest><AccountId>1</AccountId><AccountId>1</AccountId>
        </RedeemCouponRequest>""",
    "redeemed, no date": """<RedeemCouponResponse><RedemptionDate>2026-13-01T00:00:00
        </RedemptionDate></RedeemCouponResponse>""",
    "check, number too large": """<CheckFeatureAdoptionCouponEligibilityRequest>
        <FeatureId>2147483648</FeatureId></CheckFeatureAdoptionCouponEligibilityRequest>""",
    "claim, no key": """<ClaimFeatureAdoptionCouponsRequest><AccountCouponPairs>
        <a:KeyValueEntityOflongstring><a:Key/></a:KeyValueEntityOflongstring></AccountCouponPairs>
        </ClaimFeatureAdoptionCouponsRequest>""",
    "info, unknown element": "<GetCouponInfoRequest><Id>1</Id></GetCouponInfoRequest>",
    "distribute, long list": """<DistributeCouponsRequest><AccountIds><r:long>1</r:long>
        </AccountIds></DistributeCouponsRequest>""",
    "fault, base member last": """<ApiFault><x:OperationErrors/><d:TrackingId>t</d:TrackingId>
        </ApiFault>""",
    "unknown message": "<RedeemCouponsRequest/>",
}


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return CUSTOMER_BILLING.compile_schema()


def parse(message: str) -> etree._Element:
    return etree.fromstring(f"<Body {PREFIXES}>{message}</Body>")[0]


@pytest.mark.parametrize("message", VALID.values(), ids=VALID)
def test_right_messages_pass(schema, message):
    schema.assertValid(parse(message))


@pytest.mark.parametrize("message", INVALID.values(), ids=INVALID)
def test_wrong_messages_are_refused(schema, message):
    with pytest.raises(etree.DocumentInvalid):
        schema.assertValid(parse(message))


def test_every_namespace_is_covered(schema):
    namespaces = {
        read_schema(name).get("targetNamespace") for name in CUSTOMER_BILLING.schema_names()
    }
    assert namespaces == {BILLING, ENTITIES, EXCEPTION, ADAPI, ARRAYS, SERIALIZATION}
    for namespace, name in [(ARRAYS, "ArrayOfint"), (SERIALIZATION, "guid"), (ENTITIES, "Coupon")]:
        schema.assertValid(
            etree.fromstring(f'<{name} xmlns="{namespace}" xmlns:i="{XSI}" i:nil="1"/>')
        )


def test_each_caller_has_a_schema_and_a_tree_of_its_own():
    assert CUSTOMER_BILLING.compile_schema() is not CUSTOMER_BILLING.compile_schema()
    CUSTOMER_BILLING.read_wsdl().clear()
    assert len(CUSTOMER_BILLING.read_wsdl()) > 0


def test_schemas_compile_anywhere_without_other_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    CUSTOMER_BILLING.compile_schema()
    assert list(tmp_path.iterdir()) == []


def test_threads_compile_at_once():
    with ThreadPoolExecutor(8) as pool:
        schemas = list(pool.map(lambda _: CUSTOMER_BILLING.compile_schema(), range(40)))
    assert all(schema.validate(parse(VALID["search"])) for schema in schemas)


def test_an_unknown_schema_is_not_read():
    with pytest.raises(FileNotFoundError):
        read_schema("nothing.xsd")
