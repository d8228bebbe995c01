import { writeSync } from "node:fs";
import { afterAll, describe, test } from "vitest";
import { type Kind, type Service, whyMissing } from "./service.ts";

type Needs = { readonly [K in Kind]?: () => Promise<Service | undefined> };

type Started<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends () => Promise<infer S> ? NonNullable<S> : never;
};

/**
 * A suite on real servers: `await describeWith({ postgres, redis }, "the ledger", ({ postgres, redis }) => { … })`.
 * They are up when the suite is collected and stopped after it. Where one cannot be had, the suite is named as not run.
 */
export async function describeWith<N extends Needs>(needs: N, name: string, suite: (services: Started<N>) => void) {
  const kinds = Object.keys(needs) as Kind[];
  const services = await Promise.all(kinds.map((kind) => needs[kind]?.()));
  const stop = () => Promise.all(services.map((service) => service?.stop()));

  const missing = kinds.find((_, index) => !services[index]);
  if (missing) {
    await stop();
    return notRun(name, `needs ${missing}: ${whyMissing(missing)}`);
  }
  describe(name, () => {
    afterAll(stop);
    const started: unknown = Object.fromEntries(kinds.map((kind, index) => [kind, services[index]]));
    suite(started as Started<N>);
  });
}

function notRun(name: string, reason: string) {
  writeSync(2, `not run: ${name} (${reason})\n`);
  describe.skip(name, () => test(reason, () => undefined));
}
