"""What worlds cost, in one process without a server: a new one, a reset, a seed. Prints JSON; times in seconds.

`python -m bench.worlds VENDOR,… ORDERS REPEATS` where ORDERS is the size of the large seed.
"""

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from bench.servers import VENDOR
from mock_servers.core.fake import Size
from mock_servers.core.sandbox import Sandbox
from mock_servers.core.world import World

DOCUMENTS = 10_000


def main() -> None:
    """Measure and print."""
    vendors, orders, repeats = tuple(sys.argv[1].split(",")), int(sys.argv[2]), int(sys.argv[3])
    figures: dict[str, Any] = {"vendors": vendors}
    figures |= _new_worlds(vendors, repeats) | _resets(vendors, repeats) | _seeding(orders)
    print(json.dumps(figures))


def _new_worlds(vendors: tuple[str, ...], repeats: int) -> dict[str, float]:
    sandbox = Sandbox(vendors)
    names = iter(range(10**9))

    def fresh() -> World:
        return sandbox.worlds.create(f"w{next(names)}", 7)

    empty = _each(fresh, repeats, lambda world: sandbox.worlds.drop(world.name))
    seeded = _each(lambda: _filled(sandbox, fresh()), repeats, lambda world: sandbox.worlds.drop(world.name))
    return {"new_world": empty, "new_world_seeded": seeded}


def _filled(sandbox: Sandbox, world: World) -> World:
    sandbox.fill(world=world)
    return world


def _resets(vendors: tuple[str, ...], repeats: int) -> dict[str, float]:
    figures = {}
    for name, size in (("reset", Size()), ("reset_large", _with_documents(DOCUMENTS))):
        sandbox = Sandbox(vendors if name == "reset" else (VENDOR,))
        sandbox.fill(size)
        world = sandbox.world

        def dirty(_: object = None, world: World = world) -> None:
            work = world.work(VENDOR)
            order = work.collection("order").rows(limit=1)[0]
            work.collection("order").save(order | {"notes": "changed since"})
            world.finish(work)

        dirty()
        figures[name] = _each(world.reset, repeats, dirty)
    return figures


def _with_documents(documents: int) -> Size:
    """A seed of Order Manager with so many documents: a product and its stock make two."""
    return Size(orders=documents - 2 * Size().products - 2)


def _seeding(orders: int) -> dict[str, float]:
    sandbox = Sandbox((VENDOR,))
    begun = time.perf_counter()
    sandbox.fill(Size(orders=orders))
    return {"seed_orders_per_second": orders / (time.perf_counter() - begun), "seed_orders": orders}


def _each(do: Callable[[], Any], repeats: int, after: Callable[[Any], None]) -> float:
    """The median time of one call. What is done after each is not counted."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        result = do()
        times.append(time.perf_counter() - begun)
        after(result)
    return median(times)


if __name__ == "__main__":
    main()
