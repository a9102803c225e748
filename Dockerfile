# One image for every service: `command` says which (see docker-compose.yml).
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY shared/package.json shared/
COPY gateway/package.json gateway/
COPY presence-worker/package.json presence-worker/
COPY sweeper/package.json sweeper/
COPY web/package.json web/
COPY docs/api/package.json docs/api/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run generate \
  && (cd web && NEXT_TELEMETRY_DISABLED=1 npx next build) \
  && npm prune --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 WEB_DIR=/app/web/out
WORKDIR /app
COPY --from=build /app/package.json /app/package-lock.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/shared shared
COPY --from=build /app/gateway gateway
COPY --from=build /app/presence-worker presence-worker
COPY --from=build /app/sweeper sweeper
COPY --from=build /app/web/package.json web/
COPY --from=build /app/web/out web/out
COPY --from=build /app/bin bin
USER node
CMD ["node", "gateway/src/main.ts"]
