# One image for every service: `command` says which (see docker-compose.yml).
FROM node:24-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
COPY shared/package.json shared/
COPY gateway/package.json gateway/
COPY presence-worker/package.json presence-worker/
COPY sweeper/package.json sweeper/
COPY web/package.json web/
COPY web/presence/package.json web/presence/
COPY docs/api/package.json docs/api/

# What the services run on. Of Prisma's query compilers only PostgreSQL's is loaded.
FROM manifests AS production
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund \
    --workspace shared --workspace gateway --workspace presence-worker --workspace sweeper \
  && find node_modules/@prisma/client/runtime -name 'query_compiler_*' \
    ! -name 'query_compiler_fast_bg.postgresql.mjs' ! -name 'query_compiler_fast_bg.postgresql.wasm-base64.mjs' -delete \
  && find node_modules -name '*.map' -delete

# What is made from the sources: the database client, and the page.
FROM manifests AS made
RUN npm ci --no-audit --no-fund --workspace shared --workspace web --workspace web/presence
COPY shared/prisma.config.ts shared/
COPY shared/prisma shared/prisma
RUN cd shared && CHECKPOINT_DISABLE=1 npx prisma generate --no-hints
COPY shared/src shared/src
COPY web web
RUN cd web && NEXT_TELEMETRY_DISABLED=1 npx next build

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 WEB_DIR=/app/web/out NODE_COMPILE_CACHE=/app/.compiled
# Volumes take over who owns these: nats-server's configuration and files, which the same user writes and reads.
RUN install -d -o node -g node /config /data /app/.compiled
WORKDIR /app
COPY --from=production /app/package.json ./
COPY --from=production /app/node_modules node_modules
COPY shared/package.json shared/
COPY shared/src shared/src
COPY shared/prisma/migrations shared/prisma/migrations
COPY --from=made /app/shared/src/db/generated shared/src/db/generated
COPY gateway/package.json gateway/
COPY gateway/src gateway/src
COPY presence-worker/package.json presence-worker/
COPY presence-worker/src presence-worker/src
COPY sweeper/package.json sweeper/
COPY sweeper/src sweeper/src
COPY --from=made /app/web/out web/out
COPY bin/migrate.ts bin/nats-config.ts bin/
USER node
# Types are stripped and code is compiled here, once: a start takes half the CPU. Without variables the services end.
RUN node -e "import('./gateway/src/serve.ts').then(() => process.exit())" \
  && for service in presence-worker sweeper; do node $service/src/main.ts > /dev/null 2>&1 || true; done
CMD ["node", "gateway/src/main.ts"]
