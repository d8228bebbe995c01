import { chain, type Next } from "./core/stage.ts";
import type { Gateway } from "./gateway.ts";
import { converse } from "./stages/converse.ts";
import { observe } from "./stages/observe.ts";
import { own } from "./stages/own.ts";
import { route } from "./stages/route.ts";

/** THE ROAD. Read down for the way in, up for the way out. Authentication comes before it: it makes the call. */
export const pipeline = (g: Gateway): Next =>
  chain(
    [
      observe(g.records), // in: count it as in flight        out: one record → log, metrics
      converse(g.conversations), // in: what /v1/responses goes on from   out: keep the turn
      own(g), // in: whose file, batch or job it is; who keeps it   out: remember, forget, show only their tenant's
    ],
    route(g.send, g.health), // balance, retry, fall back → provider
  );
