/** News between replicas. A hint to look, not a record: it may be lost, so whoever listens also looks by itself now and then. */
export interface Announcements {
  /** Resolves when handed over or lost; never rejects. */
  publish(topic: string, payload: string): Promise<void>;
  /** Hears what any replica publishes from now on, this one included; the function it returns ends it. */
  subscribe(topic: string, listener: (payload: string) => void): () => void;
  close(): Promise<void>;
}
