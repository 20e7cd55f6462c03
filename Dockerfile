FROM python:3.12-slim AS build
COPY pyproject.toml README.md CHANGELOG.md LICENSE openapi.yaml /src/
COPY gateway /src/gateway
RUN pip wheel --no-cache-dir --wheel-dir /wheels "/src[speed,postgres]"

FROM python:3.12-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels "stalwart-legacy-gateway[speed,postgres]" && rm -r /wheels
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/stalwart-gateway gateway
USER 10001
WORKDIR /var/lib/stalwart-gateway
VOLUME /var/lib/stalwart-gateway
ENV GATEWAY_LISTEN=0.0.0.0:8008 PYTHONUNBUFFERED=1
EXPOSE 8008
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8008/healthz/live', timeout=4)"]
ENTRYPOINT ["stalwart-gateway"]
CMD ["serve"]
