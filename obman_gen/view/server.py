"""The viewer in the browser: a viser server with one panel per window."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obman_gen.view.browsing import Browser
from obman_gen.view.panel import Panel

HOST = "127.0.0.1"
"""Datasets are not shown to the network unasked; tunnel the port to look from elsewhere."""


@dataclass(frozen=True)
class Viewer:
    """A running viewer."""

    server: Any
    """viser's server."""
    address: str
    panels: dict[int, Panel]
    """By window."""

    def link(self, sample_id: str) -> str:
        """Return the address that opens the viewer on a sample."""
        return link_to(self.address.removeprefix("http://"), sample_id)

    def stop(self) -> None:
        """Close the port."""
        self.server.stop()


def serve(run: Path, port: int, echo: Callable[[str], Any]) -> None:
    """Show a run in the browser until interrupted.

    Raises:
        InputError: if the run has no finished shard.
    """
    viewer = start(run, port)
    echo(f"Viewer: {viewer.address} (Ctrl-C ends it)")
    echo(f"From another machine: ssh -L {viewer.server.get_port()}:{HOST}:"
         f"{viewer.server.get_port()} HERE, then the same address")  # fmt: skip
    try:
        viewer.server.sleep_forever()
    except KeyboardInterrupt:
        viewer.stop()


def start(run: Path, port: int) -> Viewer:
    """Start a viewer and return at once; port 0 or a port in use: the next free one."""
    import viser

    browser = Browser(run)
    with contextlib.redirect_stdout(io.StringIO()):  # its banner; `serve` says what matters
        server = viser.ViserServer(host=HOST, port=port, verbose=False, label=run.resolve().name)
    Panel.prepare(server)
    panels: dict[int, Panel] = {}

    @server.on_client_connect
    def _(client: viser.ClientHandle) -> None:
        host, sample_id = requested(server, client.client_id)
        panel = Panel(client, browser, lambda name: link_to(host, name))
        panels[client.client_id] = panel
        panel.step_back()
        panel.open(sample_id)

    @server.on_client_disconnect
    def _(client: viser.ClientHandle) -> None:
        panels.pop(client.client_id, None)

    return Viewer(server, f"http://{HOST}:{server.get_port()}", panels)


def link_to(host: str, sample_id: str) -> str:
    """Return the address that opens a viewer at ``host`` (name:port) on a sample.

    viser's page hands its own query on to no one, except for the address of the websocket,
    whose path is free: it carries the sample.
    """
    return f"http://{host}/?websocket=ws://{host}/{sample_id}"


def requested(server: Any, client_id: int) -> tuple[str, str]:
    """Return the host by which a window reached us, and the sample it asks for, if any.

    viser keeps the request behind a window to itself (as of 1.1), hence the private names.
    """
    request = server._websock_server._live_connections[client_id].request
    return request.headers.get("Host", f"{HOST}:{server.get_port()}"), request.path.strip("/")
