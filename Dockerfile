# One process of the counter, in any of its roles: serve (as it stands), work, migrate. Data lie in /data; the knowledge
# base in /app/knowledge_base can be mounted over.
#   docker build -t pishkhan .
#   docker run -p 127.0.0.1:8080:8080 -v pishkhan-data:/data pishkhan

FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/pishkhan
# By itself, so that an edit of the code does not install the dependencies again. The lock has the extra `distributed`.
COPY requirements.lock .
RUN /opt/pishkhan/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
RUN /opt/pishkhan/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .
# The root file system will be read-only: what is not compiled now is compiled at every start.
RUN /opt/pishkhan/bin/python -m compileall -q /opt/pishkhan/lib

FROM python:3.11-slim
COPY --from=build /opt/pishkhan /opt/pishkhan
COPY knowledge_base /app/knowledge_base
COPY ivr /app/ivr
# A volume that is empty takes the owner and the mode of this folder.
RUN useradd --system --uid 10001 --no-create-home pishkhan && install -d -o pishkhan -g pishkhan -m 700 /data
ENV PATH=/opt/pishkhan/bin:$PATH HOST=0.0.0.0 PORT=8080 DATA_DIR=/data CONTENT_DIR=/app/knowledge_base
WORKDIR /app
USER pishkhan
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import os; from urllib.request import urlopen; urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["pishkhan", "serve"]
