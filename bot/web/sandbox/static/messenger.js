/* The messenger: a chat with the desk's bot, its buttons, and what only a messenger has. */

import { h } from "../../widget/words.js";
import { composer, log, picker } from "./chat.js";
import { marked } from "./markup.js";
import { clock, labels, language, post, settings, upload } from "./page.js";
import { draw } from "./shapes.js";

export class Messenger {
  constructor(pane) {
    this.log = log(labels.tg_log);
    this.byId = new Map();
    this.commands = [];
    this.starter = h("div.empty", {}, h("p", {}, labels.tg_empty),
      h("button.main", { type: "button", onclick: () => this.start("") }, labels.tg_start));
    this.keys = h("div.keys", { role: "group", "aria-label": labels.keypad, hidden: true });
    this.list = h("div.commands", { hidden: true });
    this.opener = h("button.icon", { type: "button", "aria-label": labels.tg_menu, title: labels.tg_menu, "aria-expanded": "false", onclick: () => this.open() }, draw("menu"));
    this.problem = h("p.problem", { role: "alert", hidden: true });
    const attach = picker(labels.tg_attach, (file) => file && this.attach(file));
    this.composer = composer({
      placeholder: labels.tg_placeholder,
      label: labels.tg_send,
      send: (text) => this.send({ text }),
      extra: [this.opener, ...attach],
    });
    this.toast = h("p.toast", { role: "status", hidden: true });
    pane.querySelector(".head").append(h("p.sub", {}, h("bdi", { dir: "ltr" }, `@${settings.bot}`)));
    this.log.append(this.starter);
    const foot = h("div.foot", {}, this.problem, this.list, this.composer.form, this.keys);
    pane.append(this.log, this.toast, foot);
    pane.addEventListener("keydown", (event) => event.key === "Escape" && !this.list.hidden && (this.open(false), this.opener.focus()));
  }

  start(payload) {
    return this.send({ text: payload ? `/start ${payload}` : "/start" });
  }

  async send(what) {
    this.problem.hidden = true;
    try {
      await post("telegram/messages", what);
    } catch (error) {
      if (what.text) this.composer.write(what.text);
      this.failed(error);
    }
  }

  async attach(file) {
    this.problem.hidden = true;
    if (file.size > settings.largest) return this.failed({ status: 413 });
    return upload("telegram/files", file, file.name).catch((error) => this.failed(error));
  }

  failed(error) {
    this.problem.textContent = error.status === 413 ? labels.tg_too_large : labels.failed;
    this.problem.hidden = false;
  }

  // --- what comes ----------------------------------------------------------------------------------------

  arrived(event) {
    this.starter.hidden = true;
    const { mine, id, at, markup } = event;
    const speaker = h("span.unseen", {}, `${mine ? labels.you : labels.desk}: `);
    const words = h("p.words", { dir: "auto" }, ...this.words(event));
    const entry = h(`div.entry.${mine ? "mine" : "theirs"}`, {}, h("div.bubble", {}, speaker, words, h("p.about", {}, clock(at))));
    entry.words = words;
    this.byId.set(id, entry);
    if (!mine) this.buttons(entry, id, markup);
    this.keyboard(markup ?? {}, mine);
    this.log.enter(entry);
  }

  words({ text, html, contact, location, file, caption }) {
    if (contact) return [`☎ ${labels.tg_contact}: `, h("bdi", { dir: "ltr" }, `+${contact.phone_number}`)];
    if (location) return [`⌖ ${labels.tg_location}: `, h("bdi", { dir: "ltr" }, `${location.latitude}, ${location.longitude}`)];
    if (text === undefined) return [`📎 ${file || labels.tg_file}`, caption ? `\n${caption}` : ""];
    return marked(text, html);
  }

  edited({ id, text, html, markup, gone }) {
    const entry = this.byId.get(id);
    if (!entry) return;
    if (gone) return void entry.remove();
    if (text) entry.words.replaceChildren(...marked(text, html));
    this.buttons(entry, id, markup);
  }

  buttons(entry, id, markup) {
    entry.rows?.remove();
    const rows = markup?.inline_keyboard ?? [];
    entry.rows = h("div.inline", {}, ...rows.map((row) =>
      h("div.row", {}, ...row.map((button) => this.button(button, id)))));
    if (rows.length) entry.append(entry.rows);
  }

  button({ text, callback_data: data, url }, id) {
    if (url) return h("a.chip", { href: url, target: "_blank", rel: "noopener noreferrer" }, text);
    return h("button.chip", { type: "button", onclick: () => this.send({ message: id, data }) }, h("bdi", {}, text));
  }

  /** The keyboard that stands in place of the telephone's own. */
  keyboard(markup, mine) {
    if (mine && this.oneTime) this.keys.hidden = true;
    if (markup.remove_keyboard) this.keys.hidden = true;
    if (!markup.keyboard) return;
    this.oneTime = markup.one_time_keyboard;
    const key = (one) => {
      const what = one.request_contact ? { contact: true } : one.request_location ? { location: true } : { text: one.text };
      return h("button.chip", { type: "button", onclick: () => this.send(what) }, one.text);
    };
    this.keys.replaceChildren(...markup.keyboard.flat().map(key));
    this.keys.hidden = false;
  }

  notice({ text }) {
    this.toast.textContent = text;
    this.toast.hidden = false;
    setTimeout(() => (this.toast.hidden = true), 4000);
  }

  // --- the command menu ----------------------------------------------------------------------------------

  menu(commands) {
    this.commands = commands?.[language] ?? commands?.[""] ?? [];
  }

  open(wanted = this.list.hidden) {
    const pick = (command) => (this.open(false), this.send({ text: `/${command}` }), this.composer.box.focus());
    this.list.replaceChildren(...this.commands.map(({ command, description }) =>
      h("button.command", { type: "button", onclick: () => pick(command) }, h("span", {}, description), h("bdi", { dir: "ltr" }, `/${command}`))));
    this.list.hidden = !wanted || !this.commands.length;
    this.opener.setAttribute("aria-expanded", String(!this.list.hidden));
    if (!this.list.hidden) this.list.firstChild.focus();
  }
}
