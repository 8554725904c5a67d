"""What leads to each write; and a day with all of them."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from seatrial.matrix.trial import JURGEN, Story, Trial


async def _an_order_is_placed(trial: Trial) -> None:
    trial.arm()
    trial.buy({"MUG": 3, "SIX-PACK": 1})


async def _an_order_is_cancelled(trial: Trial) -> None:
    order = trial.buy({"MUG": 3, "SIX-PACK": 1})
    await trial.settle()
    trial.arm()
    trial.stage.carts[trial.shop].cancel(order)


async def _a_part_is_shipped(trial: Trial) -> None:
    """One of three: what is left would let the shop be told of it twice."""
    order = trial.buy({"MUG": 3, "CAP": 2})
    await trial.settle()
    trial.arm()
    trial.ship(order, {"MUG": 1})


async def _a_parcel_is_voided(trial: Trial) -> None:
    order = trial.buy({"MUG": 3, "CAP": 2})
    await trial.settle()
    parcel, *_ = trial.ship(order, {"MUG": 1})
    trial.ship(order, {"CAP": 1})
    await trial.settle()
    trial.arm()
    trial.void(parcel, {"MUG": 1})


async def _the_warehouse_cancels(trial: Trial) -> None:
    order = trial.buy({"MUG": 3, "SIX-PACK": 1})
    await trial.settle()
    trial.arm()
    trial.stage.wms.cancel(trial.reference(order))


async def _a_shelf_is_counted(trial: Trial) -> None:
    trial.arm()
    trial.count("MUG", 31)
    trial.count("TEE", 47)


class Lead(Struct, frozen=True):
    """What leads to a write: the story, and the kind of effect that makes it."""

    kind: str
    story: Story


LEADS: Mapping[str, Lead] = MappingProxyType(
    {
        "deliver": Lead("deliver", _an_order_is_placed),
        "cancel_delivery": Lead("cancel", _an_order_is_cancelled),
        "fulfill": Lead("ship", _a_part_is_shipped),
        "cancel_fulfillment": Lead("unship", _a_parcel_is_voided),
        "cancel_order": Lead("unsell", _the_warehouse_cancels),
        "set_levels": Lead("level", _a_shelf_is_counted),
    }
)


async def a_day(trial: Trial) -> None:
    """The demo's day, small: every function has something to do, and each way of changing one's mind occurs."""
    wms, cart = trial.stage.wms, trial.stage.carts[trial.shop]
    trial.arm()
    first, second = trial.buy({"MUG": 3, "CAP": 1}), trial.buy({"SIX-PACK": 1, "GIFT-KIT": 2}, JURGEN)
    regretted, unpaid = trial.buy({"TEE": 1}), trial.buy({"CAP": 1}, paid=False)
    await trial.run(20)
    cart.cancel(regretted)
    third, fourth = trial.buy({"MUG": 1}), trial.buy({"TEE": 2}, JURGEN)
    await trial.settle()
    cart.pay(unpaid)
    cart.cancel(third)
    wms.cancel(trial.reference(fourth))
    parcel, *_ = trial.ship(first, {"MUG": 1})
    trial.ship(second, {"TEE": 6, "MUG": 2, "CAP": 4}, 2)
    trial.count("TEE", 44)
    await trial.settle()
    trial.void(parcel, {"MUG": 1})
    await trial.settle()
    trial.ship(first, {"MUG": 3, "CAP": 1})
    await trial.settle()
