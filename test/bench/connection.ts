import { connect, type Socket } from "node:net";
import { AnswerReader, type Expected } from "./answer-reader.ts";

/** Every socket reads into this one buffer: a read is handled before the next one happens. */
const SHARED = Buffer.allocUnsafe(64 * 1024);

export interface Watcher {
  /** After each read that left the answer unfinished or ended it, with the body bytes received so far. */
  progress?(received: number): void;
  /** The answer is complete and byte for byte what was expected. */
  done(): void;
}

export interface ConnectionOptions {
  readonly port: number;
  /** Called once for what must end the run: a wrong answer, a connection lost with an answer open. */
  readonly problem: (problem: Error) => void;
}

/** One keep-alive connection that asks one thing at a time, and opens itself again where the server closed it. */
export class Connection {
  busy = false;
  private readonly options: ConnectionOptions;
  private readonly reader = new AnswerReader();
  private socket: Socket | undefined;
  private watcher: Watcher | undefined;

  constructor(options: ConnectionOptions) {
    this.options = options;
  }

  ask(request: Buffer, expected: Expected, watcher: Watcher): void {
    this.busy = true;
    this.watcher = watcher;
    this.reader.expect(expected);
    this.socket ??= this.open();
    this.socket.write(request);
  }

  close(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.destroy();
  }

  private open(): Socket {
    const { port, problem } = this.options;
    const read = (bytes: number) => {
      try {
        this.read(bytes);
      } catch (error) {
        problem(error as Error);
      }
      return true;
    };
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer: SHARED, callback: read } });
    socket.on("error", (error) => problem(error));
    socket.on("close", () => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      if (this.busy) problem(new Error("the connection was closed in the middle of an answer"));
    });
    return socket;
  }

  private read(bytes: number): void {
    const { watcher, reader } = this;
    if (!this.busy || !watcher) throw new Error(`${bytes} bytes came that nobody asked for`);
    const complete = reader.feed(SHARED, bytes);
    watcher.progress?.(reader.received);
    if (!complete) return;
    this.busy = false;
    if (reader.closes) this.close();
    watcher.done();
  }
}
