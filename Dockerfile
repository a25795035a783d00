# syntax=docker/dockerfile:1
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ENV CGO_ENABLED=0
ARG VERSION=dev
ENV LDFLAGS="-s -w -X jogetferry/internal/version.described=$VERSION"
RUN go build -trimpath -buildvcs=false -ldflags="$LDFLAGS" -o /out/ferry-worker ./worker \
 && go build -trimpath -buildvcs=false -ldflags="$LDFLAGS" -o /out/ferry-starter ./starter \
 && go build -trimpath -buildvcs=false -ldflags="$LDFLAGS" -o /out/ferry-simulator ./test/simulator \
 && go build -trimpath -buildvcs=false -ldflags="$LDFLAGS" -o /out/ferry-probe ./compose/probe \
 && mkdir -p /mounts/source /mounts/target

# Brings CA certificates, time zones and the user nonroot (65532), and no shell.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/ /
# New volumes mounted here take over the owner.
COPY --from=build --chown=65532:65532 /mounts/ /srv/
USER 65532:65532
EXPOSE 9090
ENTRYPOINT ["/ferry-worker"]
