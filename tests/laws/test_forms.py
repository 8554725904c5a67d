"""Forms, which are how tokens are asked for: a parameter that is there twice is refused, whichever comes last.

RFC 6749, sections 3.1 and 3.2: parameters must not be included more than once; 5.2: a request that repeats one is an
`invalid_request`.
"""

from urllib.parse import urlencode

import httpx
import pytest

from tests.laws.places import VENDORS, contract_of, target_of

FORM = "application/x-www-form-urlencoded"
OPERATIONS = [
    (vendor, each.id)
    for vendor in VENDORS
    for each in contract_of(vendor).operations.values()
    if each.built and FORM in each.bodies and "{" not in each.path
]


@pytest.mark.parametrize(("vendor", "id"), OPERATIONS)
def test_a_parameter_that_is_there_twice_is_refused(vendor, id):
    target = target_of(vendor)
    operation = contract_of(vendor).operations[id]
    fields = {"grant_type": "client_credentials", **dict(target.credentials.own)}
    twice = urlencode([*fields.items(), ("grant_type", "client_credentials")])
    wire = target.control.sandbox.transport(vendor)
    with httpx.Client(transport=wire, base_url=target.base_urls[operation.surface]) as client:
        said = client.request(operation.method, operation.path, content=twice, headers={"Content-Type": FORM})
    assert said.status_code == 400
    assert said.json()["error"] == "invalid_request"
    assert target.control.world.journal.entries(vendor)[-1].rule == "malformed_body"
