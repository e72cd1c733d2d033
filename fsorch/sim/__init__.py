"""A virtual FreeSWITCH: the switch, its event socket, and the people and carriers around it."""
