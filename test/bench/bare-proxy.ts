/** The yardstick: the least a Node proxy can do. It hands bytes on and parses, checks and records nothing. */
import { createServer, type ServerResponse } from "node:http";
import { Pool } from "undici";

const pool = new Pool(process.argv[2] as string, { headersTimeout: 0, bodyTimeout: 0 });

function forward(path: string, contentType: string, body: Buffer, response: ServerResponse): void {
  const headers = { "content-type": contentType, authorization: "Bearer sk-bench" };
  pool.dispatch(
    { path, method: "POST", headers, body },
    {
      onRequestStart: (controller) => {
        response.on("close", () => response.writableFinished || controller.abort(new Error("the client left")));
        response.on("drain", () => controller.resume());
      },
      onResponseStart: (_, status, { connection, "keep-alive": _k, "transfer-encoding": _t, ...rest }) => {
        response.writeHead(status, rest);
      },
      onResponseData: (controller, bytes) => {
        if (!response.write(bytes)) controller.pause();
      },
      onResponseEnd: () => response.end(),
      onResponseError: () => response.destroy(),
    },
  );
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () =>
    forward(request.url ?? "/", request.headers["content-type"] ?? "", Buffer.concat(parts), response),
  );
});
server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  if (address && typeof address === "object") process.send?.({ port: address.port });
});
process.on("disconnect", () => process.exit(0));
