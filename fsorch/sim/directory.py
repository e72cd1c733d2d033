"""The directory: which users exist, and which phones are registered for them (capture 15)."""

from __future__ import annotations

from fsorch.sim.channel import Headers, Party
from fsorch.sim.endpoints import Registration
from fsorch.sim.machine import Machine

__all__ = ["add_user", "register", "unregister"]

_REGISTERED = ("sofia_reg.c", "sofia_reg_handle_register_token", "2059")
_UNREGISTERED = ("sofia_reg.c", "sofia_reg_handle_register_token", "2213")


def add_user(machine: Machine, user: str, domain: str = "") -> str:
    """Make ``user`` known in the directory; the address, ``user@domain``."""
    address = f"{user}@{domain or machine.dialer.domain}"
    machine.dialer.users.add(address)
    return address


def register(
    machine: Machine,
    user: str,
    phone: Party,
    domain: str = "",
    *,
    ip: str = "127.0.0.1",
    port: int = 5071,
    expires: int = 60,
) -> Registration:
    """A phone registers for a user, who is made known if need be, for ``expires`` seconds: CUSTOM ``sofia::register``
    is fired."""
    core, dialer = machine.core, machine.dialer
    address = add_user(machine, user, domain)
    realm = address.partition("@")[2]
    registration = Registration(
        user=user,
        realm=realm,
        call_id=f"{core.token(8)}@{ip}",
        contact=f"sofia/internal/sip:{user}@{ip}:{port}",
        network_ip=ip,
        network_port=str(port),
        expires=core.wall() // 1_000_000 + 2 * expires,
    )
    dialer.registrations[address] = registration
    dialer.phones[address] = phone
    lead: Headers = {
        "profile-name": registration.profile,
        "from-user": user,
        "from-host": realm,
        "presence-hosts": realm,
        "contact": f'"" <sip:{user}@{ip}:{port}>',
        "call-id": registration.call_id,
        "rpid": "unknown",
        "status": "Registered(UDP)",
        "expires": str(expires),
        "to-user": user,
        "to-host": realm,
        **_common(registration),
    }
    core.fire("CUSTOM", subclass="sofia::register", lead=lead, calling=_REGISTERED)
    return registration


def unregister(machine: Machine, user: str, domain: str = "", *, expired: bool = False) -> bool:
    """The registration ends: ``sofia::unregister``, or ``sofia::expire`` if the phone just stayed silent."""
    address = f"{user}@{domain or machine.dialer.domain}"
    registration = machine.dialer.registrations.pop(address, None)
    if registration is None:
        return False
    lead: Headers = {
        "profile-name": registration.profile,
        "username": user,
        "from-user": user,
        "from-host": registration.realm,
        "contact": '"" <sip:(null)@(null)>',
        "call-id": registration.call_id,
        "rpid": "unknown",
        **_common(registration),
        "expires": "0",
    }
    subclass = "sofia::expire" if expired else "sofia::unregister"
    machine.core.fire("CUSTOM", subclass=subclass, lead=lead, calling=_UNREGISTERED)
    return True


def _common(registration: Registration) -> Headers:
    return {
        "network-ip": registration.network_ip,
        "network-port": registration.network_port,
        "username": registration.user,
        "realm": registration.realm,
        "user-agent": "unknown",
        "sip_number_alias": registration.user,
        "sip_auth_username": registration.user,
        "sip_auth_realm": registration.realm,
        "number_alias": registration.user,
        "user_name": registration.user,
        "domain_name": registration.realm,
    }
