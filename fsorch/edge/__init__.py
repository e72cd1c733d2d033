"""The edge: sockets, greenlets and HTTP; builds everything and takes it down."""

__all__: list[str] = []
