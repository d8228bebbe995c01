/** The command line's way to the control plane of a running gateway. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../config/environment.ts";

export class AdminClient {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Throws an Error that says what to set when there is no token to be found. */
  static async open(environment: Environment): Promise<AdminClient> {
    const url = environment.GATEHOUSE_CONTROL_URL ?? `http://127.0.0.1:${environment.GATEHOUSE_CONTROL_PORT ?? 4001}`;
    const file = join(environment.GATEHOUSE_DATA_DIR, "admin-token");
    const token = environment.GATEHOUSE_ADMIN_TOKEN ?? (await readFile(file, "utf8").catch(() => undefined))?.trim();
    if (token) return new AdminClient(url, token);
    throw new Error(`No admin token: set GATEHOUSE_ADMIN_TOKEN, or run this where the gateway keeps ${file}.`);
  }

  async call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body);
    const json = (await response.json()) as T & { error?: { message: string } };
    if (!response.ok) throw new Error(json.error?.message ?? `the gateway answered with status ${response.status}`);
    return json;
  }

  async #fetch(method: string, path: string, body: unknown): Promise<Response> {
    try {
      return await fetch(new URL(path, this.#url), {
        method,
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      });
    } catch (cause) {
      const hint = "Is the gateway running? GATEHOUSE_CONTROL_URL says where its control plane is.";
      throw new Error(`Nothing answers at ${this.#url}. ${hint}`, { cause });
    }
  }
}
