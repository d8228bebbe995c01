type Listener = (payload: string) => void;

/** Who wants to hear what, in this process. One that throws does not keep the others from hearing. */
export class Listeners {
  readonly #byTopic = new Map<string, Set<Listener>>();
  readonly #onTrouble: (error: unknown) => void;

  constructor(onTrouble: (error: unknown) => void) {
    this.#onTrouble = onTrouble;
  }

  add(topic: string, listener: Listener): () => void {
    const heard: Listener = (payload) => listener(payload); // its own identity: the same function may listen twice
    const listeners = this.#byTopic.get(topic) ?? new Set();
    this.#byTopic.set(topic, listeners.add(heard));
    return () => void listeners.delete(heard);
  }

  tell(topic: string, payload: string): void {
    for (const listener of this.#byTopic.get(topic) ?? []) {
      try {
        listener(payload);
      } catch (error) {
        this.#onTrouble(error);
      }
    }
  }

  clear(): void {
    this.#byTopic.clear();
  }
}
