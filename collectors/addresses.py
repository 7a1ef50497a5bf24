"""Which network addresses a collector may speak to."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]  # host, port -> addresses; OSError where there is none

# Reachable from inside a cloud, "global" by the letter, and nobody's website.
_METADATA = tuple(
    ipaddress.ip_network(text)
    for text in ("168.63.129.16/32", "192.0.0.0/24", "100.64.0.0/10")  # Azure; Oracle; Alibaba and carriers
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OLD_V4_IN_V6 = ipaddress.ip_network("::/96")


class AddressRefused(Exception):
    """A host leads to an address that must not be spoken to; the message names the host, not the address."""


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host by the system's resolver, whose own time limits hold."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked(host: str, port: int, *, allow_private: bool, resolver: Resolver = resolve) -> Sequence[str]:
    """The addresses of a host, every one of them allowed.

    One refused address refuses the host: a name that leads both outside and inside is an attack or a mistake.

    Raises:
        AddressRefused: at least one address is private, loopback, link-local, metadata or otherwise not public.
            With `allow_private`, only link-local (where clouds keep credentials), multicast and unspecified ones.
        OSError: the name cannot be resolved.
    """
    addresses = resolver(host, port)
    for address in addresses:
        if not _allowed(ipaddress.ip_address(address), allow_private=allow_private):
            raise AddressRefused(f"{host} leads to an address that is not public")
    return addresses


def _allowed(address: Address, *, allow_private: bool) -> bool:
    address = _unwrapped(address)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if allow_private:
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not address.is_reserved and not any(address in net for net in _METADATA)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _OLD_V4_IN_V6 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
