"""Which network addresses a configured or found URL must not lead to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215: for use inside one network


def is_private(ip: str) -> bool:
    """Whether an address is anything but a public host: private, loopback, multicast, reserved and so on.

    An IPv6 address that carries an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64) is private where
    the address inside is. A zone ("%eth0") is ignored.

    Raises:
        ValueError: the text is no IP address.
    """
    address = ip_address(ip.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_private(str(inner))
        if address in _NAT64_LOCAL:
            return True
    return not address.is_global or address.is_multicast or address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or 1 < int(address) < 1 << 32:  # NAT64, or the old "IPv4-compatible" form ::a.b.c.d
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
