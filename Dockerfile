# Two stages: what npm needs stays behind. Node comes with the base image, so the packages that bring it are left out.
FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:26-slim
# The package manager has no business in a running gateway.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
  && mkdir /data && chown node:node /data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY migrations ./migrations
COPY models ./models
COPY src ./src
ENV NODE_ENV=production GATEHOUSE_DATA_DIR=/data GATEHOUSE_LOG_FORMAT=json
USER node
VOLUME /data
EXPOSE 4000 4001
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.GATEHOUSE_PORT || 4000) + '/readyz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--min-semi-space-size=32", "--max-semi-space-size=32", "--v8-pool-size=2", "src/cli/gatehouse.ts"]
CMD ["serve"]
