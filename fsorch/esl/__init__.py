"""The language of FreeSWITCH's event socket: frames, events, replies, commands. Pure, no sockets."""
