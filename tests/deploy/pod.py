"""The real exporter with the files and arguments that a Pod of the chart gives it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.deploy.chart import Object, containers, objects, of_kind
from tests.process import ANY_ADDRESS, Command, running


def laid_out(made: list[Object], root: Path) -> list[str]:
    """Put the Pod's files below a folder; gives its arguments with their paths there."""
    held = {
        (each["kind"], each["metadata"]["name"]): each.get("data") or each["stringData"]
        for each in made
        if each["kind"] in {"ConfigMap", "Secret"}
    }
    deployment = of_kind("Deployment", made)
    (container,) = containers(deployment)
    folders = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    for volume in deployment["spec"]["template"]["spec"]["volumes"]:
        folder = root / folders[volume["name"]].lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        source = ("ConfigMap", volume["configMap"]["name"]) if "configMap" in volume else None
        source = source or ("Secret", volume["secret"]["secretName"])
        for name, text in held.get(source, {}).items():
            (folder / name).write_text(_below(text, root))
    return [_below(argument, root) for argument in container["args"]]


def _below(text: str, root: Path) -> str:
    return text.replace("/run/secrets/", f"{root}/run/secrets/").replace("=/etc/", f"={root}/etc/")


@asynccontextmanager
async def started(values: Object, root: Path) -> AsyncIterator[Command]:
    """Start what the Pod starts, at any free port."""
    arguments = laid_out(objects(values), root)
    async with running(*arguments, ANY_ADDRESS, cwd=root) as command:
        yield command
