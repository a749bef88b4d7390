# One image for every container of docker-compose.yml.

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY packages.txt ./
COPY conf conf
RUN conf/install-packages build
COPY . .
RUN make -j"$(nproc)" all && make install DESTDIR=/out

FROM debian:bookworm-slim
COPY packages.txt /usr/share/hauspost/
COPY conf /usr/share/hauspost/conf
RUN cd /usr/share/hauspost && conf/install-packages run && conf/make-users && \
    apt-get clean && rm -rf /var/lib/apt/lists
COPY --from=build /out /
ENTRYPOINT ["/usr/share/hauspost/conf/container"]
