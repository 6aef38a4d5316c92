# The interpreter's version is the one the tests run with or newer; everything else is pinned by hash.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
WORKDIR /src
RUN python -m venv /opt/exporter
COPY requirements.txt requirements-build.txt ./
RUN /opt/exporter/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /wheel \
    && /opt/exporter/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps /wheel/*.whl \
    && /opt/exporter/bin/python -m compileall -q /opt/exporter/lib

FROM ${PYTHON}
ARG VERSION=dev
LABEL org.opencontainers.image.title="northflank-backup-exporter" \
      org.opencontainers.image.description="Prometheus exporter for the backups of Northflank addons" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/exporter /opt/exporter
ENV PATH=/opt/exporter/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can tell that it is not root. Nothing is written: the root may be read-only.
USER 65532:65532
WORKDIR /etc/northflank-backup-exporter
EXPOSE 10087
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:10087/-/healthy', timeout=2)"]
ENTRYPOINT ["northflank-backup-exporter"]
