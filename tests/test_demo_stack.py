"""The demo with Prometheus, Alertmanager and Grafana around it, run as `make demo-stack` runs it."""

import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import yaml

from scripts.demo_stack import USUAL_PORTS
from tests.dashboards.prometheus import filled
from tests.dashboards.reading import Target, targets
from tests.machine import program
from tests.process import ROOT, Command, get, running
from tests.stack import Json, RunningPrometheus, ask, becomes

GRAFANA = '''#!{python}
"""Listens as Grafana does and answers with its environment."""
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ)}}).encode())
address = os.environ["GF_SERVER_HTTP_ADDR"], int(os.environ["GF_SERVER_HTTP_PORT"])
http.server.HTTPServer(address, Handler).serve_forever()
'''


def alive(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@asynccontextmanager
async def demo_stack(folder: Path, *arguments: str, path: str | None = None) -> AsyncIterator[Command]:
    """Run it with a folder of its own for what is temporary."""
    temporary = folder / "temporary"
    temporary.mkdir()
    environment = {"TMPDIR": str(temporary)} | ({"PATH": path} if path is not None else {})
    async with running(*arguments, cwd=ROOT, environment=environment, module="scripts.demo_stack") as command:
        try:
            yield command
        finally:
            # Killed, it could not stop what it has started.
            with suppress(ProcessLookupError):
                command.signal(signal.SIGTERM)
            await command.end()


async def addresses(command: Command) -> Mapping[str, str]:
    await command.printed("Stop with Ctrl-C.")
    return dict(re.findall(r"^([\w ]+): (http\S+)$", command.stdout, re.MULTILINE))


def needs_programs() -> None:
    program("prometheus", origin="the Debian package prometheus")
    program("prometheus-alertmanager", origin="the Debian package prometheus-alertmanager")


def children(parent: int) -> dict[int, str]:
    """Give the processes that a process has started, with their command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()
            command_line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended meanwhile
            continue
        if int(state[1]) == parent:
            found[int(entry.name)] = command_line
    return found


CHOSEN = {"__rate_interval": "8s", "__interval": "4s"}
"""As Grafana takes it for a data source that is scraped every two seconds."""
SILENT = {
    ("northflank-exporter", "Token expires in"): "the simulator's token is no JWT",
    ("northflank-overview", "Growth per day"): "that takes a day",
}
"""Panels that show nothing in the demo, and why."""


def panel_of(target: Target) -> tuple[str, str]:
    return target.board["uid"], target.panel["title"]


async def until_filled(prometheus: RunningPrometheus) -> None:
    """Ask all that the dashboards ask until every panel has an answer but those that are known to have none."""
    silent = {panel_of(target) for target in targets()}

    async def are_filled() -> bool:
        for target in targets():
            if panel_of(target) in silent and await prometheus.series(filled(target.expression, CHOSEN)):
                silent.remove(panel_of(target))
        return silent <= SILENT.keys()

    await becomes(are_filled, lambda: silent - SILENT.keys())
    assert silent == SILENT.keys()


@contextmanager
def taken(port: int) -> Iterator[None]:
    """Listen at a port, unless somebody else does already."""
    with ExitStack() as listening:
        with suppress(OSError):
            listening.enter_context(socket.create_server(("127.0.0.1", port)))
        yield


def assert_provisioned(grafana: Json, prometheus: str) -> None:
    """Assert that this Grafana finds its data source and its dashboards."""
    assert grafana["arguments"][0] == "server"
    provisioning = Path(grafana["environment"]["GF_PATHS_PROVISIONING"])
    trees = [yaml.safe_load(path.read_text()) for path in provisioning.glob("*/*.yaml")]
    (datasource,) = (one for tree in trees for one in tree.get("datasources", []))
    (provider,) = (one for tree in trees for one in tree.get("providers", []))
    assert datasource["url"] == prometheus
    assert list(Path(provider["options"]["path"]).glob("*.json"))


async def test_everything_runs_fires_and_fills_the_dashboards_and_ctrl_c_leaves_nothing(
    tmp_path: Path,
) -> None:
    needs_programs()
    (tmp_path / "bin").mkdir()
    grafana = tmp_path / "bin" / "grafana"
    grafana.write_text(GRAFANA.format(python=sys.executable))
    grafana.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    async with demo_stack(tmp_path, "--any-ports", path=path) as command:
        urls = await addresses(command)
        prometheus = RunningPrometheus(urls["Prometheus"])
        await prometheus.until_found('up{job="northflank"} == 1')
        await prometheus.until_found('ALERTS{addon_id!=""}')
        await until_filled(prometheus)
        assert (await get(urls["Metrics"]))[0] == 200
        assert (await get(f"{urls['Simulated Northflank API']}/v1/projects"))[0] == 401
        assert_provisioned(await ask(urls["Grafana"]), urls["Prometheus"])
        started = children(command.pid)
        assert len(started) == 5
        command.signal(signal.SIGINT)
        ended = await command.end()

    assert ended.code == 0
    assert alive(started) == []
    assert list((tmp_path / "temporary").iterdir()) == []


async def test_a_program_that_ends_ends_everything_and_is_named(tmp_path: Path) -> None:
    needs_programs()
    async with demo_stack(tmp_path, "--any-ports") as command:
        await addresses(command)
        started = children(command.pid)
        (victim,) = (pid for pid, line in started.items() if "alertmanager" in line.split()[0])
        os.kill(victim, signal.SIGKILL)
        ended = await command.end()

    assert ended.code == 1
    assert ended.stderr.startswith("alertmanager has ended with -9\n")
    assert alive(started) == []


async def test_missing_programs_are_named_with_where_to_get_them(tmp_path: Path) -> None:
    async with demo_stack(tmp_path, path=str(tmp_path)) as command:
        ended = await command.end()

    assert (ended.code, ended.stdout) == (1, "")
    first, second = ended.stderr.splitlines()
    assert first.startswith("prometheus is missing: ")
    assert second.startswith("alertmanager is missing: ")
    assert "scripts/fetch-tools" in first


async def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path) -> None:
    needs_programs()
    port = USUAL_PORTS["alertmanager"]
    with taken(port):
        async with demo_stack(tmp_path) as command:
            ended = await command.end()

    assert (ended.code, ended.stdout) == (1, "")
    assert f"alertmanager: port {port} of this machine is taken\n" in ended.stderr
    assert "--any-ports" in ended.stderr.splitlines()[-1]
