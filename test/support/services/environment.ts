import type { Kind } from "./service.ts";

/** The variable that points each kind of service at a server somebody else runs. */
export const VARIABLES: Readonly<Record<Kind, string>> = {
  postgres: "GATEHOUSE_TEST_POSTGRES_URL",
  redis: "GATEHOUSE_TEST_REDIS_URL",
  redisQuery: "GATEHOUSE_TEST_REDIS_QUERY_URL",
  prometheus: "GATEHOUSE_TEST_PROMETHEUS_URL",
};

export const addressOf = (kind: Kind): string | undefined => process.env[VARIABLES[kind]] || undefined;
