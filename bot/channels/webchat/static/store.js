/* What outlives a reload: the session, and every message that the server has not acknowledged yet.
 * Each change reads and writes at once, so that two tabs do not undo each other's. Without storage (a private window)
 * it lives as long as the page. */

const KEY = "pishkhan";
const QUEUE = "pishkhan.queue";
const memory = new Map();

function read(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return memory.get(key) ?? otherwise;
  }
}

function write(key, value) {
  memory.set(key, value);
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    /* full or forbidden: `memory` has it */
  }
}

export const store = {
  /** {token, language, theme} */
  get state() {
    return read(KEY, {});
  },
  set(changes) {
    write(KEY, { ...read(KEY, {}), ...changes });
  },
  /** [{frame, label, at}], oldest first */
  get queue() {
    return read(QUEUE, []);
  },
  push(item) {
    write(QUEUE, [...read(QUEUE, []), item]);
  },
  drop(id) {
    write(QUEUE, read(QUEUE, []).filter((item) => item.frame.id !== id));
  },
  clear() {
    write(QUEUE, []);
    this.set({ token: null });
  },
  /** Another tab began a new conversation. */
  onNewSession(heard) {
    addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      const token = JSON.parse(event.newValue || "{}").token ?? null;
      heard(token);
    });
  },
};
