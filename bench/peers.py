"""The programs that are measured, each as a process of its own: the exporter, its API, and node_exporter."""

import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.programs import free_port

PATIENCE_SECONDS = 30.0
_TICKS_PER_SECOND = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process that answers, and how many seconds that took from its start."""

    process_id: int
    url: str
    start_up_seconds: float

    def resident_bytes(self) -> int:
        """Say how much of its memory is resident now."""
        status = Path(f"/proc/{self.process_id}/status").read_text(encoding="ascii")
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        if found is None:
            raise SystemExit("the process has ended")
        return int(found[1]) * 1024

    def cpu_seconds(self) -> float:
        """Say how much processor time it has used so far."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


@contextmanager
def api(*, addons: int, backups: int, latency: float) -> Iterator[str]:
    """Run the simulated API; gives its address."""
    sizes = ["--addons", addons, "--backups", backups, "--latency", latency]
    with _process([sys.executable, "-m", "bench.peer", *map(str, sizes)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it is piped
        yield process.stdout.readline().strip()


@contextmanager
def exporter(config: Path) -> Iterator[Running]:
    """Run the exporter until it is ready."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "exporter", f"--config.file={config}", "--web.listen-address=127.0.0.1:0"]
    with _process(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None  # noqa: S101 - it is piped
        found = None
        for line in process.stderr:
            if found := re.search(r'msg="Listening" address=(\S+)', line):
                break
        if found is None:
            raise SystemExit("the exporter did not start")
        url = f"http://{found[1]}"
        get(f"{url}/-/ready")
        yield Running(process_id=process.pid, url=url, start_up_seconds=time.perf_counter() - started)


def node_exporter() -> str | None:
    """Give the path of Prometheus' node_exporter, by the name it has in Debian or upstream."""
    return shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")


@contextmanager
def textfile_collector(program: str, folder: Path) -> Iterator[Running]:
    """Run node_exporter with nothing but its textfile collector over a folder."""
    address = f"127.0.0.1:{free_port()}"
    options = ["--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}"]
    own = ["--web.disable-exporter-metrics", f"--web.listen-address={address}"]
    started = time.perf_counter()
    with _process([program, *options, *own], stderr=subprocess.DEVNULL) as process:
        url = f"http://{address}"
        while time.perf_counter() - started < PATIENCE_SECONDS:
            with suppress(urllib.error.URLError):
                get(url)
                break
            time.sleep(0.02)
        else:
            raise SystemExit("node_exporter did not start")
        yield Running(process_id=process.pid, url=url, start_up_seconds=time.perf_counter() - started)


def get(url: str, *, gzip: bool = False) -> bytes:
    """Ask for a page, and give it as it came."""
    headers = {"Accept-Encoding": "gzip"} if gzip else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310 - loopback
        body: bytes = answer.read()
        return body


@contextmanager
def _process(
    command: Sequence[str], *, stdout: int | None = None, stderr: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=stdout, stderr=stderr, text=True) as process:  # noqa: S603 - our own, or found on PATH
        try:
            yield process
        finally:
            process.terminate()
