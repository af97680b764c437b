"""The gateway's sockets: bound first, so that a taken port is known early; listening when all is up."""

import errno
import socket

from rescind_local.errors import StartError


def bound_sockets(port: int) -> list[socket.socket]:
    """127.0.0.1 and, where the machine has it, ::1; port 0 takes a free one."""
    first = _bound(socket.AF_INET, "127.0.0.1", port)
    sockets = [first]
    try:
        sockets.append(_bound(socket.AF_INET6, "::1", first.getsockname()[1]))
    except OSError:  # no IPv6 here
        pass
    except StartError:
        first.close()
        raise
    return sockets


def listen(sockets: list[socket.socket]) -> None:
    for each in sockets:
        try:
            each.listen(1024)
        except OSError as error:  # somebody was faster since we bound it
            raise StartError(_taken(each.getsockname()[1])) from error


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # TCP by name: only then does asyncio turn Nagle's algorithm off, which would cost 40 ms an answer.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Or connections of a gateway that has just ended would keep the port for a minute.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise StartError(_taken(port)) from error
        if error.errno == errno.EACCES:
            raise StartError(f"port {port}: you may not use it; PORT=<another> chooses another") from error
        raise
    return made


def _taken(port: int) -> str:
    return f"port {port} is in use; PORT=<another> chooses another, PORT=0 a free one"
