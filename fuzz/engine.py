"""One target under atheris, which is libFuzzer for Python: `python -m fuzz.engine TARGET` and libFuzzer's arguments."""

import importlib
import sys


def main() -> None:
    """Fuzz until libFuzzer has enough; it ends the process, with a code other than 0 where it has found something."""
    atheris = importlib.import_module("atheris")
    # What a branch of the exporter does is what the fuzzer watches, so this must be imported under its eyes.
    with atheris.instrument_imports(include=["exporter"]):
        targets = importlib.import_module("fuzz.targets")
    name, *arguments = sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], targets.TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
