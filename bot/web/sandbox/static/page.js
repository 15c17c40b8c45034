/* What every pane needs: the settings of the page, its words, its key, and the way to the server. */

export const settings = JSON.parse(document.getElementById("settings").textContent);
export const labels = settings.labels;
export const language = settings.language;

const KEY = "pishkhan.sandbox";
let key = remembered() ?? settings.key;

function remembered() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null; // no storage: a reload is a new visitor
  }
}

function keep(value) {
  key = value;
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    /* see above */
  }
}
keep(key);

/** The next load of the page is a stranger, in the web chat too. */
export function forget() {
  try {
    sessionStorage.removeItem(KEY);
    localStorage.setItem("pishkhan", JSON.stringify({ ...JSON.parse(localStorage.getItem("pishkhan") || "{}"), token: null }));
    localStorage.removeItem("pishkhan.queue");
  } catch {
    /* nothing was kept */
  }
}

const url = (path) => new URL(`sandbox/${path}`, new URL(".", location.href));
const headers = (more = {}) => ({ [settings.header]: key, ...more });

/** A refusal of the server: `status`, and its reason as `message`. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail || labels.failed);
    this.status = status;
  }
}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body.detail);
  return body;
}

export const post = async (path, body = {}) =>
  answer(
    await fetch(url(path), {
      method: "POST",
      headers: headers({ "Content-Type": "application/json" }),
      body: JSON.stringify(body),
    }),
  );

/** A file as it is, or in a form when it has a name. */
export async function upload(path, file, name) {
  if (!name) return answer(await fetch(url(path), { method: "POST", headers: headers(), body: file }));
  const form = new FormData();
  form.append("file", file, name);
  return answer(await fetch(url(path), { method: "POST", headers: headers(), body: form }));
}

export const get = async (path) => answer(await fetch(url(path), { headers: headers() }));

export const sleep = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    if (signal?.aborted) resolve();
  });

/** Server-sent events for as long as the page lives; `line("online" | "lost" | "full")` tells how it stands. */
export async function follow(hear, line) {
  let after = 0;
  for (;;) {
    try {
      const response = await fetch(url(`events?after=${after}&language=${language}`), { headers: headers() });
      if (response.status === 403 && key !== settings.key) {
        keep(settings.key);
        continue;
      }
      if (response.status === 429) line("full");
      else if (!response.ok) throw new Refused(response.status);
      else {
        line("online");
        for await (const event of frames(response.body)) {
          after = Math.max(after, event.n ?? 0);
          hear(event);
        }
        line("lost");
      }
    } catch {
      line("lost");
    }
    await sleep(2000);
  }
}

async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (held + value).split("\n\n");
    held = parts.pop();
    for (const part of parts) if (part.startsWith("data: ")) yield JSON.parse(part.slice(6));
  }
}

/** +989120001234 as people read it. */
export const spaced = (number) => number.replace(/^(\+98)(?:(21)(\d{4})|(9\d{2})(\d{3}))(\d{4})$/, (_, country, ...parts) => [country, ...parts.slice(0, 5).filter(Boolean)].join(" "));

export const digits = (n) => new Intl.NumberFormat(language, { useGrouping: false }).format(n);

export const clock = (at) =>
  new Intl.DateTimeFormat(language === "fa" ? "fa-IR" : language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(at);

/** Fill the gaps of a label: say("part", {n: 2}). */
export const say = (label, gaps = {}) => labels[label].replace(/\[(\w+)\]/g, (_, name) => gaps[name] ?? "");
