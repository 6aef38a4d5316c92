# The interpreter's version is the one the tests run with or newer; everything else is pinned by hash.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
# The environment that goes into the image has no pip of its own: nothing is to be installed into it later.
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-build.txt \
    && python -m venv --without-pip /opt/exporter \
    && /opt/build/bin/pip --python /opt/exporter/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --report report.json -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /wheel \
    && /opt/build/bin/pip --python /opt/exporter/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps /wheel/*.whl \
    && /opt/exporter/bin/python -m compileall -q /opt/exporter/lib
# What is inside, for scanners and auditors. Where it is not what is pinned, or has another licence, there is no image.
COPY scripts/__init__.py scripts/bill_of_materials.py scripts/licences.py scripts/locked.py scripts/
RUN /opt/build/bin/python -m scripts.bill_of_materials /opt/exporter report.json >/opt/exporter/sbom.cdx.json

FROM ${PYTHON}
ARG VERSION=dev
LABEL org.opencontainers.image.title="northflank-backup-exporter" \
      org.opencontainers.image.description="Prometheus exporter for the backups of Northflank addons" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# Not every engine makes the working directory, and where the root is read-only none can.
RUN mkdir /etc/northflank-backup-exporter
COPY --from=build /opt/exporter /opt/exporter
ENV PATH=/opt/exporter/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can tell that it is not root. Nothing is written: the root may be read-only.
USER 65532:65532
WORKDIR /etc/northflank-backup-exporter
EXPOSE 10087
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["python", "-m", "exporter.healthcheck"]
ENTRYPOINT ["northflank-backup-exporter"]
