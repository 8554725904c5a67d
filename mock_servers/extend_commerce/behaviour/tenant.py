"""What an installation is made with: its short name, two API users, a warehouse, a customer and a supplier."""

from base64 import b64encode

from mock_servers.core.fake import Work
from mock_servers.extend_commerce.behaviour.agreements import new_agreement
from mock_servers.extend_commerce.behaviour.base import fake, kept
from mock_servers.extend_commerce.behaviour.customers import document_of

WAREHOUSE, CUSTOMER, SUPPLIER, AGREEMENT = "MAIN", "C-1001", "S-1", 1


@fake.tenant
def make_tenant(work: Work) -> dict[str, str]:
    """One user with every right, and one who may only read, as the vendor hands them out for its demo."""
    fixed = work.world.fixed_credentials
    client = "APIDEMO" if fixed else f"C{work.token(letters=8).upper()}"
    password = "YOUR_PASSWORD" if fixed else work.token(letters=20)
    reader_password = "YOUR_OTHER_PASSWORD" if fixed else work.token(letters=20)
    operations = [each for each in work.fake.contract.operations.values() if each.scopes]
    rights = sorted({scope for each in operations for scope in each.scopes or ()})
    reading = [scope for scope in rights if scope.endswith(".GET")]
    work.grant("tenant", client.lower(), client, standing=True)
    username, reader = f"{client.lower()}-user", f"{client.lower()}-reader"
    for name, secret, scopes in ((username, password, rights), (reader, reader_password, reading)):
        token = b64encode(f"{name}:{secret}".encode()).decode()
        work.grant("token", token, name, scopes=scopes, standing=True, client=client)
    _furnish(work, client)
    return {
        "client": client,
        "username": username,
        "password": password,
        "reader_username": reader,
        "reader_password": reader_password,
    }


def _furnish(work: Work, client: str) -> None:
    if work.collection("warehouse").find(WAREHOUSE) is not None:
        return
    work.collection("warehouse").add({"id": WAREHOUSE, "name": "Main warehouse"})
    work.collection("supplier").add({"id": SUPPLIER, "name": f"Supplier of {client}", "city": "Borås", "country": "SE"})
    name = f"Agreement of {client}"
    work.collection("agreement").add(new_agreement(SUPPLIER, AGREEMENT, name, "SE", kept(work.now)))
    address = {"address1": "Storgatan 1", "postalCode": "11122", "city": "Stockholm", "country": "SE"}
    body = {
        "customerNumber": CUSTOMER,
        "name": f"Web shop of {client}",
        "customerLogisticsSettings": {"defaultPartialDelivery": "Unknown"},
        "customerDeliveryAddress": {"address": address},
    }
    work.collection("customer").add(document_of(work, CUSTOMER, body))
