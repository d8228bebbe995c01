import { type Command, InvalidArgumentError } from "commander";

/** `gatehouse serve`. The gateway itself is loaded only when it is to be started: the other commands stay quick. */
export function addServeCommand(program: Command): void {
  program
    .command("serve", { isDefault: true })
    .description("start the gateway")
    .option("-c, --config <file>", "configuration (default: gatehouse.yaml where there is one)")
    .option("--host <address>", "where the API listens (default: 0.0.0.0)")
    .option("-p, --port <number>", "port of the API; 0 takes a free one (default: 4000)", toPort)
    .option("--control-port <number>", "port of the control plane (default: 4001)", toPort)
    .option(
      "-w, --workers <number>",
      "processes that serve calls, or 'auto'; needs DATABASE_URL and REDIS_URL",
      toCount,
    )
    .action(async (options: Record<string, string | number | undefined>) => {
      const { start, workerCount } = await import("../main.ts");
      const { workers, ...rest } = options;
      const gateway = await start({
        ...rest,
        ...(workers === undefined ? {} : { workers: workerCount(String(workers)) }),
      });
      process.stdout.write(gateway.banner);
      stopOnSignal(gateway.stop);
    });
}

/** The first signal finishes what is under way; a second one does not wait. */
function stopOnSignal(stop: () => Promise<void>): void {
  let asked = false;
  const onSignal = () => {
    if (asked) process.exit(1);
    asked = true;
    stop().then(
      () => process.exit(0),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a number from 0 to 65535.");
}

function toCount(text: string): string {
  if (text === "auto" || (/^\d{1,3}$/.test(text) && Number(text) >= 1)) return text;
  throw new InvalidArgumentError("Give a number from 1, or 'auto'.");
}
