"""Every write and every fault, each a job; and running them on every core."""

import inspect
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from msgspec import Struct

from connectors import ports
from connectors.sync.schedule import PASS_OF
from contracts.contract import load
from mock_servers.core.cast import Part
from seatrial.console import progress
from seatrial.matrix.stories import LEADS, a_day
from seatrial.matrix.trial import FAULTS, Ending, play
from seatrial.simulation.cast import (
    carts,
    casts,
    connector_class,
    name_of,
    warehouses,
)
from seatrial.simulation.stage import WAREHOUSE
from seatrial.simulation.weather import has_tokens
from seatrial.sync.vendors import vendor_of, vendors


def writes() -> dict[str, type]:
    """Every write there is: what takes a `key` in a port. Name → port."""
    found: dict[str, type] = {}
    for _, port in inspect.getmembers(ports, inspect.isclass):
        if port.__module__ == ports.__name__:
            for name, method in inspect.getmembers(port, inspect.isfunction):
                if "key" in inspect.signature(method).parameters:
                    found[name] = port
    return dict(sorted(found.items()))


class Write(Struct, frozen=True):
    """One write of one connector, in the cast where the engine makes it. `cast` is its place in `casts`; None where
    nobody has cast it."""

    vendor: str
    call: str
    connection: str = ""
    cast: int | None = None


def every_write() -> list[Write]:
    """What has to be tried. A connector that nobody has cast is listed too, so that it is missed."""
    found: dict[tuple[str, str], Write] = {}
    for number, cast in enumerate(casts()):
        for connection, role in (("shop", cast.carts[0]), (WAREHOUSE, cast.warehouse)):
            for call in _calls_made(role, in_warehouse=connection == WAREHOUSE):
                found.setdefault((name_of(role), call), Write(name_of(role), call, connection, number))
    for vendor in set(vendors()) - {vendor for vendor, _ in found}:
        found[vendor, "?"] = Write(vendor, "?")
    return [found[name] for name in sorted(found)]


def _calls_made(role: type[Part], *, in_warehouse: bool) -> list[str]:
    """The writes its connector has, and the engine makes of it in this place."""
    connector = connector_class(role)
    of_a_warehouse = {"deliver", "cancel_delivery"}
    calls = [call for call in writes() if hasattr(connector, call)]
    return [call for call in calls if (call in of_a_warehouse) == in_warehouse]


# Running --------------------------------------------------------------------------------------------------------------


class Cell(Struct, frozen=True):
    """One request of one write under one fault."""

    vendor: str
    call: str
    step: str
    fault: str
    ending: Ending


class Job(Struct, frozen=True):
    """One trial to run: of a write, or, with an empty call, of the sweep's day."""

    call: str
    cast: int
    number: int
    fault: str
    vendor: str
    step: str


def run_job(job: Job, watch: tuple[str, ...] = ()) -> Cell:
    """One trial, in whatever process."""
    story = LEADS[job.call].story if job.call else a_day
    return Cell(job.vendor, job.call, job.step, job.fault, play(story, casts()[job.cast], job.number, job.fault, watch))


def matrix_jobs(wanted: Sequence[Write]) -> Iterator[Job]:
    """Each request of each write × each fault. A rehearsal says which requests there are."""
    for write in wanted:
        if write.cast is None or write.call not in LEADS:
            continue
        lead = LEADS[write.call]
        rehearsed = play(lead.story, casts()[write.cast])
        own = [
            request
            for request in rehearsed.requests
            if request.connection == write.connection and request.function == PASS_OF[lead.kind]
        ]
        for place, request in enumerate(own, 1):
            for fault in faults_of(write.vendor):
                step = f"{place}. {request.operation}"
                yield Job(write.call, write.cast, request.number, fault, write.vendor, step)


def faults_of(vendor: str) -> list[str]:
    """What can happen to a vendor's requests. A password ends no call early: taken back, it stays so; and so does a
    token that only a person can renew."""
    part = (carts() | warehouses()).get(vendor)
    ends = has_tokens(load(vendor_of(vendor))) and (part is None or part.renews)
    return [fault for fault in FAULTS if fault != "token revoked" or ends]


def sweep_jobs() -> Iterator[Job]:
    """Each call of the day × each fault."""
    for request in play(a_day, casts()[0]).requests:
        for fault in FAULTS:  # both vendors of the first cast give tokens
            step = f"{request.number + 1}. {request.operation} ({request.function})"
            yield Job("", 0, request.number, fault, casts()[0].carts[0].vendor, step)


def run_jobs(jobs: Sequence[Job], words: str) -> list[Cell]:
    """All of them, on every core, in their order."""
    found: dict[int, Cell] = {}
    with (
        progress() as bar,
        ProcessPoolExecutor(os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        task = bar.add_task(words, total=len(jobs))
        futures = {pool.submit(run_job, job): place for place, job in enumerate(jobs)}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            bar.advance(task)
    return [found[place] for place in sorted(found)]
