"""The one clock: it stands or runs, is held on a moment, and writes moments as vendors do."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_servers.core.clock import LATEST, Clock, http_date, iso_millis, iso_seconds, moment_of

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31))  # noqa: DTZ001 - made UTC below


class Wall:
    """A machine's own time, as it pleases."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@given(st.lists(st.floats(0, 1e6, allow_nan=False), max_size=6), st.sampled_from(["manual", "real"]))
def test_steps_add_up(steps, mode):
    wall = Wall()
    clock = Clock(mode, 5000.0, wall)
    for step in steps:
        clock.shift(step)
    assert clock.now() == pytest.approx(5000.0 + sum(steps))


def test_a_manual_clock_stands_still_while_the_machine_s_runs():
    wall = Wall()
    manual, real = Clock("manual", 50.0, wall), Clock("real", 50.0, wall)
    wall.seconds += 7
    assert (manual.now(), real.now()) == (50.0, 57.0)


def test_without_a_moment_it_begins_now():
    wall = Wall()
    assert [Clock(mode, source=wall).now() for mode in ("manual", "real")] == [1000.0, 1000.0]


def test_to_stand_or_to_run_moves_nothing():
    wall = Wall()
    clock = Clock("real", 50.0, wall)
    wall.seconds += 1
    clock.switch("manual")
    wall.seconds += 10
    assert (clock.mode, clock.now()) == ("manual", 51.0)
    clock.switch("real")
    assert clock.now() == 51.0
    wall.seconds += 2
    assert clock.now() == 53.0
    clock.switch("manual", 99.0)
    assert clock.now() == 99.0


def test_a_moment_is_held_and_the_one_held_before_comes_back():
    clock = Clock("manual", 50.0)
    with clock.pinned(10.0):
        assert clock.now() == 10.0
        with clock.pinned(20.0):
            assert clock.now() == 20.0
        assert clock.now() == 10.0
        with pytest.raises(ZeroDivisionError), clock.pinned(30.0):
            raise ZeroDivisionError
        assert clock.now() == 10.0
    assert clock.now() == 50.0


@pytest.mark.parametrize("seconds", [-1, -1e-9, float("nan"), float("inf"), 1e12])
def test_time_runs_neither_backwards_nor_out_of_the_calendar(seconds):
    clock = Clock("manual", 50.0)
    with pytest.raises(ValueError, match="clock"):
        clock.shift(seconds)
    assert clock.now() == 50.0


def test_no_clock_leaves_the_calendar_by_small_steps_either():
    clock = Clock("manual", LATEST - 10)
    clock.shift(10)
    with pytest.raises(ValueError, match="9998"):
        clock.shift(1)


@given(MOMENTS)
def test_a_moment_is_read_as_it_was_written(at):
    millis = at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
    seconds = millis.replace(microsecond=0)
    assert (
        iso_millis(millis.timestamp()) == millis.strftime("%Y-%m-%dT%H:%M:%S.") + f"{millis.microsecond // 1000:03d}Z"
    )
    assert moment_of(iso_millis(millis.timestamp())) == millis.timestamp()
    assert iso_seconds(seconds.timestamp()) == seconds.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert moment_of(iso_seconds(seconds.timestamp())) == seconds.timestamp()


@given(st.floats(-2e9, 2e11), st.floats(-2e9, 2e11))
def test_what_is_later_is_never_written_earlier(one, other):
    if one <= other:
        assert iso_millis(one) <= iso_millis(other)
        assert iso_seconds(one) <= iso_seconds(other)


def test_years_have_four_digits_whatever_the_c_library_thinks():
    assert iso_seconds(moment_of("0988-02-03T04:05:06Z")) == "0988-02-03T04:05:06Z"


def test_a_header_date_is_english():
    assert http_date(1795435200) == "Mon, 23 Nov 2026 12:00:00 GMT"


def test_a_text_without_an_offset_is_utc_and_one_with_is_moved():
    assert (
        moment_of("2026-11-23T12:00:00") == moment_of("2026-11-23T12:00:00Z") == moment_of("2026-11-23T14:00:00+02:00")
    )
    with pytest.raises(ValueError, match="noon"):
        moment_of("noon")
