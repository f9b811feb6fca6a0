# kubetest2-ts and its names: `npm run package`, then `docker build .`, or `docker buildx build --platform linux/amd64,linux/arm64 .`
FROM debian:trixie-slim AS unpacked
ARG TARGETARCH
COPY dist/release/ /packages/
RUN cd /packages \
 && sha256sum --check --ignore-missing --strict SHA256SUMS \
 && tar -xzf kubetest2-ts-*-linux-${TARGETARCH}.tar.gz -C /usr/local/bin kubetest2-ts

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates libstdc++6 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=unpacked /usr/local/bin/kubetest2-ts /usr/local/bin/
RUN kubetest2-ts link /usr/local/bin
ENTRYPOINT ["kubetest2-ts"]
