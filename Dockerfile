# For runs on GPUs. PyPI's torch for Linux brings its own CUDA libraries, so a plain Python image is enough on a host with NVIDIA's driver
# and container toolkit: `docker run --gpus all`. Not built by the tests (they have no Docker).
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

# A C compiler for torch.compile's kernels; Chromium for pictures of figures.
RUN apt-get update \
  && apt-get install -y --no-install-recommends build-essential chromium fonts-dejavu-core \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/uniscale
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY uniscale_assets ./uniscale_assets
COPY workspace.yaml ./
RUN pip install --no-cache-dir --constraint constraints.txt --editable .

ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    PYTHONUNBUFFERED=1 \
    UNISCALE_HOME=/home/uniscale
VOLUME /home/uniscale
EXPOSE 3000

# An agent or a run launcher brings its own command; by hand: `docker run ... uniscale run STUDY`.
CMD ["uniscale", "--help"]
