/** The load of the bench: a process that is told over its channel what to ask of whom, one order at a time. */
import { type Door, withRun } from "./load-run.ts";
import { type FirstTokenOrder, firstToken, type StreamsOrder, stream } from "./load-streams.ts";
import { type ArrivalsOrder, arrive, type SaturationOrder, saturate } from "./load-whole.ts";

export type Order =
  | ({ readonly kind: "saturate" } & SaturationOrder)
  | ({ readonly kind: "arrive" } & ArrivalsOrder)
  | ({ readonly kind: "stream" } & StreamsOrder)
  | ({ readonly kind: "firstToken" } & FirstTokenOrder);

const carryOut = ({ door, order }: { door: Door; order: Order }) =>
  withRun<unknown>(door, (run) => {
    if (order.kind === "saturate") return saturate(order, run);
    if (order.kind === "arrive") return arrive(order, run);
    if (order.kind === "stream") return stream(order, run);
    return firstToken(order, run);
  });

process.on("message", (message: { door: Door; order: Order }) => {
  carryOut(message).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ problem: error.message }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
