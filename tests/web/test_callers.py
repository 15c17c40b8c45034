"""Whose request it is: nobody passes for another, and one household is one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.web.callers import Callers, is_loopback

PROXIES = ("127.0.0.0/8", "::1/128", "10.0.0.0/8")


class Line:
    """The transport of a request from this peer."""

    def __init__(self, peer: str) -> None:
        self.peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self.peer, 4711) if name == "peername" and self.peer else default


def caller(peer: str, *forwarded: str, trusted: tuple[str, ...] = PROXIES) -> str:
    headers = CIMultiDict([("X-Forwarded-For", value) for value in forwarded])
    return Callers(trusted).of(make_mocked_request("GET", "/", headers=headers, transport=Line(peer)))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),  # a stranger's word
        ("127.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("127.0.0.1", ("6.6.6.6, 198.51.100.7",), "198.51.100.7"),  # what the client wrote itself stands before
        ("127.0.0.1", ("6.6.6.6", "198.51.100.7"), "198.51.100.7"),
        ("127.0.0.1", ("198.51.100.7, 10.1.2.3",), "198.51.100.7"),  # two proxies
        ("10.0.0.5", ("10.1.2.3",), "10.1.2.3"),  # somebody inside
        ("127.0.0.1", (), "127.0.0.1"),
        ("127.0.0.1", ("unknown",), "127.0.0.1"),
        ("127.0.0.1", ("6.6.6.6, garbage, 10.1.2.3",), "10.1.2.3"),
        ("127.0.0.1", ("198.51.100.7:5123",), "198.51.100.7"),
        ("127.0.0.1", ('"[2001:db8:1:2:3::4]:443"',), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::4", (), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", (), "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", (), "192.0.2.1"),
        ("::ffff:127.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("fe80::1%eth0", (), "fe80::/64"),
        ("", ("198.51.100.7",), "198.51.100.7"),  # by a Unix socket
        ("", (), ""),
    ],
)
def test_the_address_is_the_last_that_no_proxy_of_ours_has(peer: str, forwarded: tuple[str, ...], found: str) -> None:
    assert caller(peer, *forwarded) == found


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="everywhere"):
        Callers(["everywhere"])


@pytest.mark.parametrize(("peer", "here"), [("127.0.0.1", True), ("::1", True), ("", True), ("128.0.0.1", False)])
def test_this_machine_is_known(peer: str, here: bool) -> None:
    assert is_loopback(caller(peer, trusted=())) is here


strangers = st.ip_addresses().filter(
    lambda a: not any(a in ip_network(p) for p in PROXIES) and not (a.version == 6 and a.ipv4_mapped)
)
noise = st.lists(st.one_of(st.text(max_size=20), st.ip_addresses().map(str)), max_size=5)


def is_of(found: str, address: IPv4Address | IPv6Address) -> bool:
    return address in ip_network(found) if "/" in found else ip_address(found) == address


@given(noise, strangers)
def test_whatever_a_client_writes_a_proxy_s_own_word_counts(written: list[str], client: IPv4Address) -> None:
    forwarded = ",".join([*(w.replace("\n", "").replace("\r", "") for w in written), str(client)])
    assert is_of(caller("127.0.0.1", forwarded), client)


@given(noise, strangers)
def test_without_a_proxy_nothing_written_counts(written: list[str], client: IPv4Address) -> None:
    assert is_of(caller(str(client), ",".join(written)), client)


@given(st.text(max_size=60))
def test_nothing_that_can_be_written_breaks_it(written: str) -> None:
    assert caller("127.0.0.1", written)
