"""The process: uvicorn with limits on what comes before and after a request."""

import json
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from g2u.errors import ParamsError
from g2u.serving.errors import form
from g2u.serving.limits import Patience


class Connection(H11Protocol):
    """uvicorn's, with an end to headers that come slowly and to replies that nobody reads."""

    def connection_made(self, transport: Any) -> None:
        """The first request's headers have to come within the time of an idle connection."""
        super().connection_made(transport)
        self._unread = 0
        self._watch()

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, whose clock would stop at any byte; here whole headers stop it."""
        self.conn.receive_data(data)
        self.handle_events()

    def timeout_keep_alive_handler(self) -> None:
        """Close; wait on while a reply is being read."""
        unread, self._unread = self._unread, self.transport.get_write_buffer_size()
        if not self._unread:
            super().timeout_keep_alive_handler()
        elif self._unread == unread:
            self.transport.abort()
        else:
            self._watch()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered in OpenAI's form."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        body = json.dumps(form(400, msg)).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )


def configured(app: ASGIApp, host: str, port: int, patience: Patience) -> uvicorn.Config:
    """How uvicorn is run.

    Raises:
        ParamsError: no such port.
    """
    if not 0 <= port < 2**16:
        raise ParamsError(f"g2u serve: --port {port}; expected 0 (any free one) .. {2**16 - 1}")
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Connection,
        ws="none",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(patience.pause),
        timeout_graceful_shutdown=patience.ending,
    )
