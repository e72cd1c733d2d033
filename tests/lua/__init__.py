"""The scripts for the switch, under a Lua interpreter with the few calls of FreeSWITCH stubbed."""
