# One image for every container of docker-compose.yml. Packages come first:
# what is built on them changes more often.

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY packages.txt ./
COPY conf/install-packages conf/
RUN conf/install-packages build
COPY . .
RUN make -j"$(nproc)" all && make install DESTDIR=/out

FROM debian:bookworm-slim
WORKDIR /usr/share/hauspost
COPY packages.txt ./
COPY conf/install-packages conf/
RUN conf/install-packages run web && apt-get clean && \
    rm -rf /var/lib/apt/lists/*
COPY conf conf
RUN conf/make-users
COPY --from=build /out /
ENTRYPOINT ["/usr/share/hauspost/conf/container"]
