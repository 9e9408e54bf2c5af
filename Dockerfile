# The image of the application: dependencies by hash, no build tools, an ordinary user; it writes only to
# /var/lib/queue, /var/backups/queue and /tmp.

FROM python:3.13-slim AS build
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY=:all:
COPY requirements/sign-in.txt requirements/sms.txt requirements/build.txt requirements/
RUN python -m venv /opt/queue \
 && /opt/queue/bin/pip install --require-hashes -r requirements/sign-in.txt -r requirements/sms.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY queue_system queue_system
COPY displays displays
COPY kiosk kiosk
COPY printers printers
RUN /opt/build/bin/hatchling build -t wheel -d dist \
 && /opt/queue/bin/pip install --no-deps --no-index dist/*.whl \
 && /opt/queue/bin/pip uninstall --yes pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="queue-system" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 queue \
 && useradd --uid 10001 --gid queue --no-create-home --home-dir /var/lib/queue --shell /usr/sbin/nologin queue \
 && install --directory --owner queue --group queue --mode 0750 /var/lib/queue \
 && install --directory --owner queue --group queue --mode 0700 /var/backups/queue
COPY --from=build /opt/queue /opt/queue
ENV PATH=/opt/queue/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    QUEUE_HOST=0.0.0.0 \
    QUEUE_PORT=8000 \
    QUEUE_DATA_DIR=/var/lib/queue \
    QUEUE_BACKUP_DIR=/var/backups/queue
WORKDIR /var/lib/queue
USER 10001:10001
VOLUME ["/var/lib/queue", "/var/backups/queue"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['QUEUE_PORT'] + '/healthz', timeout=2)"]
ENTRYPOINT ["queue-system"]
CMD ["serve"]
