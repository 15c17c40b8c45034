"""Whose request it is: the address at the other end, or what a proxy of ours tells of the one behind it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

_REMEMBERED = 8192  # answers
_SITE = 64  # bits of an IPv6 address that one household or telephone has to itself


class Callers:
    """`trusted`: networks in CIDR whose word is believed. Raises ValueError."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted = tuple(map(ip_network, trusted))
        self._known = lru_cache(_REMEMBERED)(self._find)

    def of(self, request: web.Request) -> str:
        """An IPv4 address, or the network of an IPv6 one; "" for a Unix socket's end that tells nothing."""
        return self._known(request.remote or "", ",".join(request.headers.getall("X-Forwarded-For", ())))

    def _find(self, peer: str, forwarded: str) -> str:
        """Each proxy appends whom it heard, so the list is believed from its end, up to the first stranger. One that
        cannot be read ends it too."""
        found = _read(peer)
        if found is not None and not self._is_ours(found):
            return _site(found)
        for hop in reversed(forwarded.split(",")):
            address = _read(hop)
            if address is None:
                break
            found = address
            if not self._is_ours(address):
                break
        return _site(found) if found else ""

    def _is_ours(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def is_loopback(caller: str) -> bool:
    """Whether what `Callers.of` found is this machine."""
    return not caller or caller.startswith("127.") or caller == _LOOPBACK


def _read(hop: str) -> IPv4Address | IPv6Address | None:
    """ "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711"; an IPv4 address that is written as IPv6 is
    IPv4."""
    hop = hop.strip().strip('"')
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        address = ip_address(hop.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _site(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> (128 - _SITE) << (128 - _SITE), _SITE)))


_LOOPBACK = _site(IPv6Address("::1"))
