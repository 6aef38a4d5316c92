"""Writes the dashboards to grafana/dashboards/ (`make dashboards`)."""

import sys

from dashboards.boards import FOLDER, files

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}: written\n")
