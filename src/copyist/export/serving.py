"""A page served to this machine alone, by Python's own server."""

__all__ = ["PageServer"]

import contextlib
import http.server
from http import HTTPStatus
from typing import final

from copyist.errors import ArgumentError

_LARGEST_PORT = 65535


@final
class PageServer:
    """One page at http://127.0.0.1:PORT/, until it is closed.

    The page is isolated from all others, so that it may compute in several threads.
    """

    def __init__(self, *, port: int = 0) -> None:
        """Take the port, 0 for any that is free.

        Raises:
            ArgumentError: another program has the port, or there is none of that number.
        """
        if not 0 <= port <= _LARGEST_PORT:
            raise ArgumentError(f"a port must lie between 0 and {_LARGEST_PORT}, got {port}; leave --port out")
        self._handler = type("_OwnHandler", (_Handler,), {})
        try:
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler)
        except OSError as error:
            raise ArgumentError(
                f"port {port} must be free, and cannot be taken ({(error.strerror or str(error)).lower()}); choose "
                "another (--port), or leave it out"
            ) from error

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def serve(self, page: bytes) -> None:
        """Answer with the page until `stop` or an interruption."""
        self._handler.page = page
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """End `serve`, from another thread."""
        self._server.shutdown()

    def close(self) -> None:
        """Give the port back."""
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    page = b""

    def do_GET(self) -> None:
        """Answer a request: the name is that which the server looks for."""
        if self.path.partition("?")[0] != "/":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(self.page)),
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        with contextlib.suppress(ConnectionError):  # A browser may leave before it has all of the page.
            self.end_headers()
            self.wfile.write(self.page)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""
