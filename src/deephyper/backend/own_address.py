"""By which address other hosts reach this one."""

from __future__ import annotations

import ipaddress
import socket


def address_towards(host: str, port: int = 9) -> str | None:
    """The address of this host on the way to another one; None if that is this host itself, or cannot be told."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            # Nothing is sent: this only chooses the way.
            way.connect((host, port))
            found = str(way.getsockname()[0])
    except OSError:
        return None
    return None if ipaddress.ip_address(found).is_loopback else found
