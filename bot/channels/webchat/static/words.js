/* Small things about text, time and elements. Text from outside becomes text nodes, never markup. */

/** An element: h("button.chip", {onclick}, "label"). What is no property of it becomes an attribute. */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (key in element && !key.startsWith("aria")) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((c) => c !== null && c !== undefined));
  return element;
}

const SHAPES = {
  send: "M12 19V6m-6 6 6-6 6 6",
  attach: "m20 11.5-7.8 7.800a5 5 0 0 1-7.1-7.100l8.2-8.200a3.3 3.3 0 0 1 4.7 4.700l-8.2 8.200a1.7 1.7 0 0 1-2.4-2.400l7.4-7.4",
  more: "M5.5 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2ZM12 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2ZM18.5 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2Z",
  close: "m6 6 12 12M18 6 6 18",
  down: "m6 10 6 6 6-6",
  pin: "M12 21s7-6.3 7-11.500a7 7 0 0 0-14 0C5 14.7 12 21 12 21Zm0-9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  camera: "M4 8h3l1.6-2.500h6.800L17 8h3v11H4Zm8 8.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z",
  file: "M13.5 3.500H6.500v17h11v-13Zm0 0v4h4",
  copy: "M9 9h10v11H9zM5 15V4h10",
  clock: "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17Zm0-13V12l3 2",
  menu: "M5 7h14M5 12h14M5 17h14",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8.500c.8-3.7 3.8-5.5 7.5-5.500s6.7 1.8 7.5 5.5",
  help: "M9.3 9.300a2.8 2.8 0 1 1 4.2 2.400c-.9.5-1.5 1.1-1.5 2.300m0 3h.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-9-9h18M12 3c2.5 2.5 3.7 5.5 3.7 9s-1.2 6.5-3.7 9c-2.5-2.5-3.7-5.5-3.7-9S9.5 5.5 12 3Z",
  theme: "M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500Z",
  fresh: "M4.5 12a7.5 7.5 0 0 1 13-5.100L20 9.500m0-5v5h-5m4.5 2.500a7.5 7.5 0 0 1-13 5.100L4 14.500m0 5v-5h5",
};

/** A line drawing that takes the colour of the text. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const LTR = /[A-Za-z\u00c0-\u024f]/;
const ISOLATED = /[\u2066-\u2068][^\u2069]*\u2069/g;

/** The direction of one line: of the speaker's language where it has a letter of it; none, the bubble's own, where no
 * letter decides (a lone code); else as the browser finds. */
function directionOf(line, direction) {
  const open = line.replace(ISOLATED, "");
  if (!RTL.test(open) && !LTR.test(open)) return undefined;
  if (direction && (direction === "rtl" ? RTL : LTR).test(open)) return direction;
  return "auto";
}

const MARKED = /(https?:\/\/[^\s\u2066-\u2069<>"«»]+)|\u2066(\d{5} \d{5})\u2069/g;
const TAIL = /[.,;:!?)\]،؛؟]+$/;
const HANGING = /^ ?[.,;:!?)\]،؛؟»”—–]+/; // what must not begin a line of its own behind a code

/** A label whose tracking code stays on one line. */
export const joined = (label) => label.replace(/(\d{5}) (\d{5})/g, "$1\u00a0$2");

/** Lines as paragraphs. `codeOf` makes the element of a tracking code; `direction` is the speaker's, if known. */
export function paragraphs(text, { codeOf, direction } = {}) {
  return text.split("\n").map((line) => {
    if (!line.trim()) return h("p.gap");
    const paragraph = h("p", { dir: directionOf(line, direction) });
    let at = 0;
    for (const match of line.matchAll(MARKED)) {
      const [whole, address, code] = match;
      const shown = address ? address.replace(TAIL, "") : whole;
      const made = address
        ? h("a", { href: shown, target: "_blank", rel: "noopener noreferrer", dir: "ltr" }, shown)
        : codeOf?.(code);
      if (!made) continue;
      const end = match.index + shown.length;
      const [hanging] = (code && HANGING.exec(line.slice(end))) || [""];
      paragraph.append(line.slice(at, match.index), hanging ? h("span.together", {}, made, hanging) : made);
      at = end + hanging.length;
    }
    paragraph.append(line.slice(at));
    return paragraph;
  });
}

const locale = (language) => (language === "fa" ? "fa-IR-u-ca-persian" : language);

export const clock = (at, language) =>
  new Intl.DateTimeFormat(locale(language), { hour: "numeric", minute: "2-digit" }).format(at);

/** Today, yesterday, or the date: Jalali in Persian. */
export function day(at, language, labels) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  const past = Math.round((midnight(new Date()) - midnight(at)) / 86_400_000);
  if (past === 0) return labels.today;
  if (past === 1) return labels.yesterday;
  return new Intl.DateTimeFormat(locale(language), { weekday: "long", day: "numeric", month: "long" }).format(at);
}

export function size(bytes, language) {
  const [value, unit] = bytes < 1e6 ? [bytes / 1024, "kilobyte"] : [bytes / 1048576, "megabyte"];
  const unitDisplay = language === "fa" ? "long" : "short";
  const digits = { style: "unit", unit, unitDisplay, maximumFractionDigits: value < 10 ? 1 : 0 };
  return new Intl.NumberFormat(language, digits).format(Math.max(value, 0.1));
}

/** A random UUID; crypto.randomUUID is only there on https. */
export function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const hex = Array.from(b, (n) => n.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
