"""Domains of e-mail addresses, which have one form for people and one for machines."""

from __future__ import annotations


def with_ascii_domain(address: str) -> str:
    """The address as every mail server takes it, unless the part before the @ is of another script."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def domain_of(address: str) -> str:
    """The domain of an address, or of a domain alone, in the one form in which domains are compared."""
    return with_ascii_domain(address).rpartition("@")[2].lower()
