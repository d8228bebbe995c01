/** Announcements within one process. */
import type { Announcements } from "../../core/announcements.ts";
import { Listeners } from "./listeners.ts";

export function memoryAnnouncements(onTrouble: (error: unknown) => void = () => {}): Announcements {
  const listeners = new Listeners(onTrouble);
  return {
    async publish(topic, payload) {
      listeners.tell(topic, payload);
    },
    subscribe: (topic, listener) => listeners.add(topic, listener),
    close: async () => listeners.clear(),
  };
}
