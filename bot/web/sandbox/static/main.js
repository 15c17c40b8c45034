/* The page: its panes, what they are told, and on a narrow screen its tabs. */

import { h } from "../../widget/words.js";
import { Messenger } from "./messenger.js";
import { Officer } from "./officer.js";
import { follow, forget, labels, post, settings, spaced } from "./page.js";
import { Phone } from "./phone.js";
import { draw } from "./shapes.js";
import { Handset } from "./sms.js";
import { Timeline } from "./timeline.js";
import { WebPane } from "./web.js";

const PANES = { voice: "phone", sms: "sms", telegram: "telegram", web: "web", timeline: "timeline", officer: "officer" };
const NARROW = matchMedia("(max-width: 759.98px)");
const pane = (name) => document.getElementById(name);
const real = (name) => settings.real.includes(name);

const web = new WebPane(pane("web"));
const messenger = real("telegram") ? null : new Messenger(pane("telegram"));
const handset = real("sms") ? null : new Handset(pane("sms"));
if (!real("voice")) new Phone(pane("voice"));
const timeline = new Timeline(pane("timeline"));
const officer = settings.officer ? new Officer(pane("officer")) : null;

for (const name of settings.real) pane(name).append(h("p.note", {}, labels.real));
for (const [name, shape] of Object.entries(PANES)) pane(name).querySelector(".head").prepend(h("span.badge", {}, draw(shape)));

// --- links in what is said: some lead to a pane ------------------------------------------------------

/** Whether a pane has taken the link. */
function led(href) {
  const to = new URL(href, location.href);
  if (to.hostname === "t.me" && to.pathname === `/${settings.bot}` && messenger) {
    show("telegram");
    messenger.start(to.searchParams.get("start") ?? "");
    return true;
  }
  if (to.protocol === "sms:" && handset) {
    show("sms");
    handset.write(to.searchParams.get("body") ?? "");
    return true;
  }
  if (web.owns(to)) {
    show("web");
    web.open(to);
    return true;
  }
  return false;
}

const onClick = (event) => {
  const link = event.composedPath().find((e) => e.tagName === "A" && e.href);
  if (link && !link.closest(".controls") && led(link.href)) event.preventDefault();
};
document.addEventListener("click", onClick);
web.onClick(onClick);

// --- the head --------------------------------------------------------------------------------------------

const number = h("bdi", { dir: "ltr" });
const banner = document.getElementById("banner");

function tell(text) {
  banner.textContent = text;
  banner.hidden = !text;
}

async function changeNumber() {
  const box = h("input", { type: "tel", dir: "ltr", value: number.textContent, autocomplete: "off", "aria-describedby": "number-hint", id: "number-box" });
  const hint = h("p.hint", { id: "number-hint" }, labels.number_ok);
  const dialog = h("dialog.sheet", { "aria-labelledby": "number-title" },
    h("form", { method: "dialog" },
      h("label", { id: "number-title", htmlFor: "number-box" }, labels.change_number), box, hint,
      h("div.row", {}, h("button.main", { value: "save" }, labels.save), h("button", { value: "", formNoValidate: true }, labels.cancel))));
  dialog.onclose = async () => {
    dialog.remove();
    if (dialog.returnValue !== "save") return;
    try {
      const given = box.value.replace(/[۰-۹]/g, (d) => "۰۱۲۳۴۵۶۷۸۹".indexOf(d)).replace(/[^\d+]/g, "").replace(/^0/, "+98");
      show_number((await post("number", { number: given })).number);
    } catch (error) {
      tell(error.status === 409 ? labels.number_taken : labels.number_refused);
    }
  };
  document.body.append(dialog);
  dialog.showModal();
  box.select();
}

function show_number(value) {
  number.textContent = spaced(value);
}

const root = document.documentElement;
const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function remember(changes) {
  try {
    localStorage.setItem("pishkhan", JSON.stringify({ ...JSON.parse(localStorage.getItem("pishkhan") || "{}"), ...changes }));
  } catch {
    /* it lasts as long as the page */
  }
}

function turn() {
  root.dataset.theme = isDark() ? "light" : "dark";
  remember({ theme: root.dataset.theme });
  web.paint(root.dataset.theme);
}

try {
  const { theme } = JSON.parse(localStorage.getItem("pishkhan") || "{}");
  if (theme) root.dataset.theme = theme;
} catch {
  /* as the system has it */
}

document.getElementById("controls").append(
  h("p.number", {}, h("span.yours", {}, labels.your_number), number,
    h("button.icon", { type: "button", onclick: changeNumber, "aria-label": labels.change_number, title: labels.change_number }, draw("edit"))),
  h("button.plain", { type: "button", "aria-label": labels.new_visitor, title: labels.new_visitor, onclick: () => (forget(), location.reload()) }, draw("fresh"), h("span", {}, labels.new_visitor)),
  settings.other
    ? h("a.plain", { href: `?language=${settings.other}`, lang: settings.other, "aria-label": labels.other_language, onclick: () => remember({ language: settings.other }) }, draw("globe"), h("span", {}, labels.other_language))
    : null,
  h("button.icon", { type: "button", onclick: turn, "aria-label": labels.theme, title: labels.theme }, draw("theme")),
);

// --- tabs ------------------------------------------------------------------------------------------------

const tabs = document.getElementById("tabs");
const names = Object.keys(PANES).filter((name) => name !== "officer" || settings.officer);
const buttons = names.map((name) =>
  h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": name, onclick: () => show(name) },
    draw(PANES[name]), h("span", {}, labels[`tab_${name}`])));
tabs.append(...buttons);
tabs.onkeydown = (event) => {
  const rtl = root.dir === "rtl";
  const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  event.preventDefault();
  const to = Math.min(names.length - 1, Math.max(0, names.indexOf(chosen) + step));
  show(names[to]);
  buttons[to].focus();
};
let chosen = names[0];

/** Only one pane at a time has room on a narrow screen. */
function show(name) {
  chosen = name;
  layOut();
  buttons[names.indexOf(name)].classList.remove("unread");
}

function layOut() {
  const narrow = NARROW.matches;
  tabs.hidden = !narrow;
  names.forEach((name, n) => {
    const open = name === chosen;
    buttons[n].setAttribute("aria-selected", String(open));
    buttons[n].tabIndex = open ? 0 : -1;
    pane(name).classList.toggle("away", narrow && !open);
    if (narrow) pane(name).setAttribute("role", "tabpanel");
    else pane(name).removeAttribute("role");
  });
  pane("officer").hidden = !settings.officer;
}
NARROW.addEventListener("change", layOut);
layOut();

function unread(name) {
  if (NARROW.matches && name !== chosen) buttons[names.indexOf(name)]?.classList.add("unread");
}

// --- what the server tells ---------------------------------------------------------------------------

const HEARD = {
  hello({ number: value, commands }) {
    show_number(value);
    messenger?.menu(commands);
    officer?.refresh();
  },
  sms: (event) => (handset?.arrived(event), event.mine || unread("sms")),
  sms_status: (event) => handset?.status(event),
  telegram: (event) => (messenger?.arrived(event), event.mine || unread("telegram")),
  telegram_edited: (event) => messenger?.edited(event),
  telegram_notice: (event) => messenger?.notice(event),
  commands: ({ commands }) => messenger?.menu(commands),
  seen: (event) => (timeline.add(event), officer?.refresh()),
};

let lost = false;
follow(
  (event) => HEARD[event.type]?.(event),
  (state) => {
    if (state === "online") tell(lost ? labels.back_online : "");
    else tell(labels[state]);
    if (lost && state === "online") setTimeout(() => tell(""), 3000);
    lost = state !== "online";
    document.body.dataset.line = state;
  },
);

web.onSession((session) => post("web", { session }).then(() => officer?.refresh(), () => {}));
