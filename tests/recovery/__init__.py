"""A real ``fsorch run`` that is really killed, and what comes of the calls."""
