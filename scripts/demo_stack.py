"""Runs the demo with everything around it (`make demo-stack`): Prometheus, Alertmanager and, where it is, Grafana.

All listen on this machine only. Their files lie in a temporary folder that is gone when they are; nothing is installed.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import yaml

from scripts import hurried, programs
from scripts.programs import CannotRun, Program, found, free_port, running

ROOT = Path(__file__).parent.parent
HURRY = hurried.Hurry(interval=timedelta(seconds=2), factor=60)
USUAL_PORTS = {"simulator": 10088, "exporter": 10087, "prometheus": 9090, "alertmanager": 9093, "grafana": 3000}
TOKEN = "demo"  # noqa: S105 - the simulator's, it opens nothing

_BINARIES = {
    "prometheus": ("prometheus",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    "grafana": ("grafana", "grafana-server"),
}
_OPTIONAL = {"grafana"}
_GRAFANA_HOMES = (Path("/usr/share/grafana"), Path("/usr/local/share/grafana"))
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Where each program listens, and the folder for what they read and write."""

    ports: Mapping[str, int]
    folder: Path

    def address(self, name: str) -> str:
        """Give host and port of a program."""
        return f"127.0.0.1:{self.ports[name]}"

    def url(self, name: str, path: str = "") -> str:
        """Give the address of a program as a browser wants it."""
        return f"http://{self.address(name)}{path}"

    def write(self, name: str, text: str) -> Path:
        """Write a file for a program."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def programs(self, binaries: Mapping[str, str]) -> list[Program]:
        """Give what runs, in the order of starting, and write what it reads."""
        needed = [
            self._exporter("simulator", "simulate", f"--token={TOKEN}"),
            self._exporter("exporter", f"--config.file={ROOT / 'demo' / 'config.yaml'}", path="/-/ready"),
            self._alertmanager(binaries["alertmanager"]),
            self._prometheus(binaries["prometheus"]),
        ]
        return [*needed, self._grafana(binaries["grafana"])] if "grafana" in binaries else needed

    def lines(self, binaries: Mapping[str, str]) -> Iterator[str]:
        """Tell where to look."""
        yield f"Simulated Northflank API: {self.url('simulator')}"
        yield f"Metrics: {self.url('exporter', '/metrics')}"
        yield f"Status page: {self.url('exporter', '/')}"
        yield f"Prometheus: {self.url('prometheus')}"
        yield f"Alertmanager: {self.url('alertmanager')}"
        if "grafana" in binaries:
            yield f"Grafana: {self.url('grafana')}"
        else:
            yield "Grafana: not installed; its dashboards are in grafana/dashboards"

    def _exporter(self, name: str, *arguments: str, path: str | None = None) -> Program:
        listen = f"--web.listen-address={self.address(name)}"
        return Program(
            name=name,
            command=(sys.executable, "-m", "exporter", *arguments, listen),
            log=self.folder / f"{name}.log",
            port=self.ports[name],
            path=path,
            environment={"NORTHFLANK_API_URL": self.url("simulator"), "NORTHFLANK_API_TOKEN": TOKEN},
        )

    def _prometheus(self, binary: str) -> Program:
        source = ROOT / "prometheus"
        rules = [
            self.write(path.name, hurried.rules(path.read_text(encoding="utf-8"), HURRY))
            for path in sorted((source / "rules").glob("*.yaml"))
        ]
        text = hurried.prometheus(
            (source / "prometheus.yml").read_text(encoding="utf-8"),
            HURRY,
            addresses={name: self.address(name) for name in ("alertmanager", "prometheus")}
            | {"northflank": self.address("exporter")},
            rule_files=rules,
        )
        return programs.prometheus(binary, self.write("prometheus.yml", text), self.ports["prometheus"])

    def _alertmanager(self, binary: str) -> Program:
        text = hurried.alertmanager((ROOT / "prometheus" / "alertmanager.yml").read_text(encoding="utf-8"), HURRY)
        return programs.alertmanager(binary, self.write("alertmanager.yml", text), self.ports["alertmanager"])

    def _grafana(self, binary: str) -> Program:
        # Newer versions have one program with commands; the older one is still there, and warns.
        words = (binary, "server") if Path(binary).name == "grafana" else (binary,)
        homes = [f"--homepath={home}" for home in _GRAFANA_HOMES if home.is_dir()]
        return Program(
            name="grafana",
            command=(*words, *homes[:1]),
            log=self.folder / "grafana.log",
            port=self.ports["grafana"],
            path="/api/health",
            environment={
                "GF_SERVER_HTTP_ADDR": "127.0.0.1",
                "GF_SERVER_HTTP_PORT": str(self.ports["grafana"]),
                "GF_PATHS_DATA": str(self.folder / "grafana"),
                "GF_PATHS_LOGS": str(self.folder / "grafana" / "log"),
                "GF_PATHS_PLUGINS": str(self.folder / "grafana" / "plugins"),
                "GF_PATHS_PROVISIONING": str(self._provisioning()),
                "GF_AUTH_ANONYMOUS_ENABLED": "true",
                "GF_ANALYTICS_REPORTING_ENABLED": "false",
                "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            },
        )

    def _provisioning(self) -> Path:
        """Write the project's provisioning with the address of this Prometheus and the place of the dashboards."""
        target = self.folder / "provisioning"
        for source in sorted((ROOT / "grafana" / "provisioning").glob("*/*.yaml")):
            tree = yaml.safe_load(source.read_text(encoding="utf-8"))
            for datasource in tree.get("datasources", []):
                datasource["url"] = self.url("prometheus")
                datasource["jsonData"]["timeInterval"] = f"{HURRY.interval.seconds}s"
            for provider in tree.get("providers", []):
                provider["options"]["path"] = str(ROOT / "grafana" / "dashboards")
            path = target / source.parent.name / source.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
        return target


def main(arguments: list[str] | None = None) -> int:
    """Run everything until a signal; gives the exit code."""
    parser = argparse.ArgumentParser(prog="demo_stack", description=__doc__)
    parser.add_argument("--any-ports", action="store_true", help="listen wherever it is free, not at the usual ports")
    chosen = parser.parse_args(arguments)
    try:
        asyncio.run(_run(any_ports=chosen.any_ports))
    except CannotRun as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(*, any_ports: bool) -> None:
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="northflank-demo-") as folder:
        serving = loop.create_task(_serve(Path(folder), any_ports=any_ports))

        def stop() -> None:
            # Stopping takes a moment; a second Ctrl-C must not leave anything behind.
            for number in _SIGNALS:
                loop.add_signal_handler(number, lambda: None)
            serving.cancel()

        for number in _SIGNALS:
            loop.add_signal_handler(number, stop)
        with suppress(asyncio.CancelledError):
            await serving


async def _serve(folder: Path, *, any_ports: bool) -> None:
    binaries = _installed()
    ports = {name: free_port() for name in USUAL_PORTS} if any_ports else USUAL_PORTS
    stack = Stack(ports=ports, folder=folder)
    plan = stack.programs(binaries)
    taken = [f"{program.name}: port {program.port} of this machine is taken" for program in plan if program.is_taken()]
    if taken:
        raise CannotRun(
            "\n".join([*taken, "Stop what listens there, or let it choose: make demo-stack ARGS=--any-ports"])
        )
    async with AsyncExitStack() as started:
        processes = [await started.enter_async_context(running(program)) for program in plan]
        sys.stdout.write("\n".join([*stack.lines(binaries), "Stop with Ctrl-C.", ""]))
        sys.stdout.flush()
        await asyncio.gather(*(process.until_ended() for process in processes))


def _installed() -> dict[str, str]:
    """Find the programs that are not ours; raises CannotRun where one is missing that is needed."""
    binaries = {name: found(*names) for name, names in _BINARIES.items()}
    missing = [
        f"{_BINARIES[name][0]} is missing: scripts/fetch-tools gets it from Debian's packages; elsewhere, install it"
        for name, path in binaries.items()
        if path is None and name not in _OPTIONAL
    ]
    if missing:
        raise CannotRun("\n".join(missing))
    return {name: path for name, path in binaries.items() if path is not None}


if __name__ == "__main__":
    sys.exit(main())
