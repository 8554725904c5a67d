"""What people do in Extend's office, and at the vendor."""

from typing import Any

from msgspec import field

from mock_servers.core.clock import moment_of
from mock_servers.core.fake import Work
from mock_servers.core.refusal import UsageError
from mock_servers.extend_commerce.actions import Form, OrderOnly, order_named
from mock_servers.extend_commerce.behaviour import agreements, conduct, customers, hooks, invoices, offers
from mock_servers.extend_commerce.behaviour.base import fact, fake, kept
from mock_servers.extend_commerce.behaviour.tenant import CUSTOMER, SUPPLIER

MONEY_MAXIMUM = 1_000_000_000


class Prices(Form, frozen=True):
    """A price list, a discount list or a campaign. `percents` is product → percent off; each row of `rows` has product,
    from (quantity) and price. Nobody in `customers` means everybody; `since` and `until` are moments."""

    list: str
    customers: tuple[str, ...] = ()
    percents: dict[str, float] = field(default_factory=dict)
    rows: tuple[dict[str, Any], ...] = ()
    since: str = ""
    until: str = ""
    code: str = ""
    """A list that bears a promotion's code is for whoever says it."""


class Campaign(Form, frozen=True):
    """For so many of a `product`, or, without one, for an order of a `total`: `gives_quantity` of what it `gives`, at a
    `price` that may be below zero. Nobody in `customers` means everybody; `times` is how often it is used in all."""

    campaign: str
    gives: str
    price: float
    gives_quantity: int = 1
    product: str = ""
    quantity: int = 1
    total: float = 0.0
    customers: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    code: str = ""
    times: int | None = None


class Named(Form, frozen=True):
    """A project or a reason code, by the client's own number for it."""

    code: str
    name: str = ""
    description: str = ""
    active: bool = True


class NewAgreement(Form, frozen=True):
    """Another agreement with a supplier, who is added where there is none of that number."""

    agreement: int
    name: str
    supplier: str = SUPPLIER


class Customer(Form, frozen=True):
    """Another name for a customer."""

    customer: str
    name: str


class Offer(Form, frozen=True):
    """An offer to a customer."""

    product: str
    quantity: int = 1
    customer: str = CUSTOMER


class OfferStatus(Form, frozen=True):
    """Created, Sent, Resting, Rejected, Accepted or Cancelled."""

    offer: str
    status: str


class InvoiceStatus(Form, frozen=True):
    """As the contract's InvoiceStatus has it."""

    invoice: str
    status: str


class Hook(Form, frozen=True):
    """As the back office asks for it. No `triggers` means all of them, no `warehouses` all of those."""

    url: str
    secret: str
    name: str = "hook"
    contact: str = ""
    triggers: tuple[str, ...] = ()
    warehouses: tuple[str, ...] = ()


class Switch(Form, frozen=True):
    """A hook's id, and whether it is to be active."""

    hook: str
    active: bool


class Nothing(Form, frozen=True):
    """Nothing to fill in."""


@fake.action("set_prices", Prices)
def set_prices(work: Work, form: Prices) -> dict[str, Any]:
    """Somebody keeps a price list, a discount list or a campaign."""
    rows = []
    for row in form.rows:
        if set(row) != {"product", "from", "price"} or not isinstance(row["price"], int | float):
            raise UsageError("a row has product, from and price")
        rows.append({"product": str(row["product"]), "from": int(row["from"]), "price": float(row["price"])})
    document = {
        "id": form.list,
        "sort": "discount_list" if form.percents and not rows else "price_list",
        "customers": list(form.customers),
        "percents": form.percents,
        "rows": rows,
        "since": _moment(form.since),
        "until": _moment(form.until),
        "code": form.code,
    }
    work.collection("price_list").put(document)
    return {"list": form.list}


@fake.action("set_campaign", Campaign)
def set_campaign(work: Work, form: Campaign) -> dict[str, Any]:
    """Somebody keeps a campaign, which adds rows to orders that are processed with it."""
    for product in {form.gives, form.product} - {""}:
        work.collection("product").get(product)
    most = fact(work, "quantity_maximum")
    if not form.campaign or not (1 <= form.quantity <= most and 1 <= form.gives_quantity <= most):
        raise UsageError(f"a campaign has a name, and quantities from 1 to {most}")
    if not (-MONEY_MAXIMUM <= form.price <= MONEY_MAXIMUM and 0 <= form.total <= MONEY_MAXIMUM):
        raise UsageError(f"prices are at most {MONEY_MAXIMUM}")
    document = {
        "id": form.campaign,
        "customers": list(form.customers),
        "code": form.code,
        "since": _moment(form.since),
        "until": _moment(form.until),
        "product": form.product,
        "quantity": form.quantity,
        "total": form.total,
        "gives": form.gives,
        "gives_quantity": form.gives_quantity,
        "price": form.price,
        "times": form.times,
        "used": 0,
    }
    work.collection("campaign").put(document)
    return {"campaign": form.campaign}


@fake.action("add_project", Named)
def add_project(work: Work, form: Named) -> dict[str, Any]:
    """Somebody keeps a project that rows of orders may name."""
    _keep(work, "project", form)
    return {"project": form.code}


@fake.action("add_reason_code", Named)
def add_reason_code(work: Work, form: Named) -> dict[str, Any]:
    """Somebody keeps a reason code that rows of orders may name."""
    _keep(work, "reason_code", form)
    return {"reasonCode": form.code}


def _keep(work: Work, kind: str, form: Named) -> None:
    if not form.code:
        raise UsageError("it has a code")
    about = {"name": form.name or None, "description": form.description or None, "active": form.active}
    work.collection(kind).put({"id": form.code} | about)


@fake.action("add_agreement", NewAgreement)
def add_agreement(work: Work, form: NewAgreement) -> dict[str, Any]:
    """Somebody agrees with a supplier."""
    if not 1 <= form.agreement < 2**31 or not form.name or not form.supplier:
        raise UsageError("an agreement has a number, a name and a supplier")
    if work.collection("agreement").find(str(form.agreement)) is not None:
        raise UsageError(f"there is an agreement {form.agreement} already")
    if work.collection("supplier").find(form.supplier) is None:
        work.collection("supplier").add({"id": form.supplier, "name": form.name, "city": None, "country": "SE"})
    made = agreements.new_agreement(form.supplier, form.agreement, form.name, "SE", kept(work.now))
    work.collection("agreement").add(made)
    return {"agreement": form.agreement}


@fake.action("change_customer", Customer)
def change_customer(work: Work, form: Customer) -> dict[str, Any]:
    """Somebody changes a customer's name."""
    if not form.name:
        raise UsageError("a customer has a name")
    customer = work.collection("customer").get(form.customer)
    customers.change_customer(work, customer, customer["body"] | {"name": form.name})
    return {"customer": customer.id}


@fake.action("make_offer", Offer)
def make_offer(work: Work, form: Offer) -> dict[str, Any]:
    """A salesperson writes an offer."""
    customer = work.collection("customer").get(form.customer)
    product = work.collection("product").get(form.product)
    most = fact(work, "quantity_maximum")
    if not 1 <= form.quantity <= most:
        raise UsageError(f"1 to {most} are offered")
    return {"offer": offers.make_offer(work, customer, product.id, form.quantity).id}


@fake.action("change_offer", OfferStatus)
def change_offer(work: Work, form: OfferStatus) -> dict[str, Any]:
    """An offer is sent, accepted, or otherwise."""
    _must_be(work, "OfferStatus", form.status)
    offers.change_offer(work, work.collection("offer").get(form.offer), form.status)
    return {"offer": form.offer, "status": form.status}


@fake.action("invoice", OrderOnly)
def invoice(work: Work, form: OrderOnly) -> dict[str, Any]:
    """An order is billed."""
    return {"invoice": invoices.bill(work, order_named(work, form.order)).id}


@fake.action("change_invoice", InvoiceStatus)
def change_invoice(work: Work, form: InvoiceStatus) -> dict[str, Any]:
    """An invoice is sent, paid, or otherwise."""
    _must_be(work, "InvoiceStatus", form.status)
    invoices.change_invoice(work, work.collection("invoice").get(form.invoice), form.status)
    return {"invoice": form.invoice, "status": form.status}


@fake.action("create_webhook", Hook)
def create_webhook(work: Work, form: Hook) -> dict[str, Any]:
    """Somebody sets up a webhook in the back office; no call of the API does."""
    unknown = sorted({*form.triggers} - {*hooks.TRIGGERS})
    if unknown:
        raise UsageError(f"no triggers are called {', '.join(unknown)}; there are: {', '.join(hooks.TRIGGERS)}")
    if not form.url.startswith(("http://", "https://")) or not form.secret:
        raise UsageError("a webhook has a callback URL and a secret")
    triggers = list(form.triggers or hooks.TRIGGERS)
    made = hooks.add_hook(work, form.name, form.url, form.secret, triggers, list(form.warehouses), form.contact)
    return {"hook": made}


@fake.action("switch_webhook", Switch)
def switch_webhook(work: Work, form: Switch) -> dict[str, Any]:
    """Somebody switches a webhook off, or on again."""
    hook = work.collection("hook").get(form.hook)
    work.collection("hook").save(hook | {"active": form.active})
    return {"hook": form.hook, "active": form.active}


@fake.action("review_conduct", Nothing)
def review_conduct(work: Work, form: Nothing) -> dict[str, Any]:  # noqa: ARG001 - nothing to fill in
    """Somebody at the vendor looks into the conduct ledger, and writes to whom it concerns."""
    return {"letters": conduct.review(work)}


# ---------------------------------------------------------------------------------------------------------------------


def _moment(text: str) -> str | None:
    try:
        return kept(moment_of(text)) if text else None
    except ValueError as error:
        raise UsageError(f"{text!r} is no moment") from error


def _must_be(work: Work, schema: str, status: str) -> None:
    known = work.fake.contract.surfaces["v1"].document["components"]["schemas"][schema]["enum"]
    if status not in known:
        raise UsageError(f"{status!r} is no status; there are: {', '.join(known)}")
