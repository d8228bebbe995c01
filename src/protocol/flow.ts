/** The way to touch a stream: leaving early reaches the source, even when nothing was read yet. */

export type FlowEnd = "complete" | "left" | "failed";

export interface Watcher<T> {
  each?(item: T): void;
  /** Called exactly once, however the stream ends; `error` is what broke it. */
  end(how: FlowEnd, error: unknown): void;
}

/** Passes everything through and tells exactly once how it ended. */
export function watch<T>(items: AsyncIterable<T>, watcher: Watcher<T>): AsyncIterableIterator<T> {
  const source = items[Symbol.asyncIterator]();
  let ended = false;
  const end = (how: FlowEnd, error: unknown) => {
    if (ended) return;
    ended = true;
    watcher.end(how, error);
  };
  const onResult = (result: IteratorResult<T>): IteratorResult<T> => {
    if (result.done) end("complete", undefined);
    else watcher.each?.(result.value);
    return result;
  };
  const onError = (error: unknown): never => {
    end("failed", error);
    throw error;
  };
  return {
    next: () => source.next().then(onResult, onError),
    return: async () => {
      end("left", undefined);
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
