"""A virtual FreeSWITCH: the switch, its event socket, and the people and carriers around it.

`fsorch.sim.switch` is the switch in virtual time, `fsorch.sim.server` puts it on a port, `fsorch.sim.world` brings
callers."""

__all__: list[str] = []
