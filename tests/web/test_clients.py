"""How long refused logins count."""

from types import SimpleNamespace

import pytest

from gateway.settings import Settings
from gateway.web.clients import REMEMBERED_ADDRESSES, Clients
from gateway.web.errors import TooManyLogins, TooManyRequests


def clients(**limits):
    clock = SimpleNamespace(now=0.0)
    return Clients(Settings(limits=limits), clock=lambda: clock.now), clock


def test_refusals_count_for_a_while_from_the_first_one_on():
    found, clock = clients(logins=2, login_seconds=10)
    found.login_refused("192.0.2.9")
    clock.now = 9
    found.may_log_in("192.0.2.9")
    found.login_refused("192.0.2.9")
    with pytest.raises(TooManyLogins):
        found.may_log_in("192.0.2.9")
    found.may_log_in("192.0.2.10")
    clock.now = 10
    found.may_log_in("192.0.2.9")
    found.login_refused("192.0.2.9")
    found.may_log_in("192.0.2.9")


def test_old_refusals_do_not_add_up():
    found, clock = clients(logins=2, login_seconds=10)
    for moment in (0, 20, 40):
        clock.now = moment
        found.login_refused("192.0.2.9")
        found.may_log_in("192.0.2.9")


def test_only_so_many_addresses_are_remembered():
    found, _ = clients(logins=1, login_seconds=10)
    for number in range(REMEMBERED_ADDRESSES + 1):
        found.login_refused(f"2001:db8::{number:x}")
    found.may_log_in("2001:db8::0")
    with pytest.raises(TooManyLogins):
        found.may_log_in(f"2001:db8::{REMEMBERED_ADDRESSES:x}")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_exempt(address):
    found, _ = clients(logins=1)
    found.login_refused(address)
    found.may_log_in(address)


def test_requests_that_leave_make_room():
    found, _ = clients(client_requests=2)
    with found.request("a"):
        with found.request("a"), found.request("b"), pytest.raises(TooManyRequests), found.request("a"):
            pass
        with found.request("a"):
            pass


def test_what_is_passed_through_has_a_bound_of_its_own_and_counts_as_a_request():
    found, _ = clients(client_requests=2, client_streams=1)
    with found.passed_through("a"):
        with pytest.raises(TooManyRequests), found.passed_through("a"):
            pass
        # Whoever was refused is not counted.
        with found.request("a"), found.passed_through("b"), pytest.raises(TooManyRequests), found.request("a"):
            pass
    with found.passed_through("a"):
        pass
