"""What the flows of ``fsorch bench calls --scenario ivr`` look up: a process that answers over HTTP, each time after a
while.

    python -m fsorch.edge.bench_answers SECONDS

It listens on a free port of loopback, writes the port on its first line, and serves until its input is closed. Every
request is answered after SECONDS (below 0: never) by a balance; connections are kept.
"""

from __future__ import annotations

import sys

import gevent
from gevent import socket
from gevent.server import StreamServer

__all__ = ["main"]

BODY = b'{"account": {"balance": 12.5}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
END = b"\r\n\r\n"


def _serve(client: socket.socket, after_s: float) -> None:
    waiting = b""
    try:
        while data := client.recv(16_384):
            # Who gets no answer asks nothing more on this connection.
            waiting = waiting + data if after_s >= 0 else b""
            while END in waiting:
                waiting = waiting.partition(END)[2]
                gevent.sleep(after_s)
                client.sendall(ANSWER)
    except OSError:
        return  # the bench has had enough
    finally:
        client.close()


def main(after_s: float) -> None:
    """Serve until the standard input ends."""
    server = StreamServer(("127.0.0.1", 0), lambda client, address: _serve(client, after_s), backlog=1000)
    server.start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    gevent.get_hub().threadpool.apply(sys.stdin.read)
    server.stop()


if __name__ == "__main__":
    main(float(sys.argv[1]))
