/* The handset: texts with what they cost on the air. */

import { h, paragraphs } from "../../widget/words.js";
import { composer, log, picker } from "./chat.js";
import { clock, digits, labels, post, say, settings, spaced, upload } from "./page.js";
import { segments } from "./segments.js";

const MARK = { sent: "✓", delivered: "✓✓", failed: "!" };

export class Handset {
  constructor(pane) {
    this.log = log(labels.sms_log);
    this.bySid = new Map();
    this.counter = h("p.counter", { "aria-live": "off" });
    this.empty = h("div.empty", {}, h("p", {}, labels.sms_empty),
      h("div.tries", { role: "group", "aria-label": labels.tries }, ...[labels.try_light, labels.try_code, labels.try_stop].map((text) =>
        h("button.chip", { type: "button", onclick: () => this.send(text) }, text))));
    const attach = picker(labels.sms_attach, (file) => file && upload("sms", file, file.name).catch((error) => this.failed(error)));
    this.composer = composer({
      placeholder: labels.sms_placeholder,
      label: labels.sms_send,
      send: (text) => this.send(text),
      extra: attach,
      oninput: (text) => this.count(text),
    });
    this.problem = h("p.problem", { role: "alert", hidden: true });
    pane.querySelector(".head").append(h("p.sub", {}, h("bdi", { dir: "ltr" }, spaced(settings.desk))));
    this.log.append(this.empty);
    pane.append(this.log, h("div.foot", {}, this.problem, this.counter, this.composer.form));
    this.count("");
  }

  write(text) {
    this.composer.write(text);
  }

  async send(text) {
    this.problem.hidden = true;
    try {
      await post("sms", { text });
    } catch (error) {
      this.write(text);
      this.failed(error);
    }
  }

  failed(error) {
    this.problem.textContent = error.status === 413 ? labels.tg_too_large : labels.failed;
    this.problem.hidden = false;
  }

  count(text) {
    this.counter.textContent = text ? cost(text) : labels.sms_counter;
  }

  arrived({ mine, text, sid, at, file }) {
    this.empty.hidden = true;
    const speaker = h("span.unseen", {}, `${mine ? labels.you : labels.desk}: `);
    const state = h("span.state");
    const about = h("p.about", {}, h("span", {}, clock(at)), h("span.cost", {}, text ? cost(text) : ""), state);
    const body = text ? paragraphs(text, {}) : [h("p", { dir: "auto" }, `📎 ${file}`)];
    const entry = h(`div.entry.${mine ? "mine" : "theirs"}`, {}, h("div.bubble", {}, speaker, ...body), about);
    entry.state = state;
    this.bySid.set(sid, entry);
    this.log.enter(entry);
  }

  status({ sid, status }) {
    const entry = this.bySid.get(sid);
    if (!entry) return;
    entry.state.textContent = MARK[status] ?? status;
    entry.state.className = `state ${status}`;
    entry.state.title = labels[`sms_${status}`] ?? status;
    entry.state.setAttribute("role", "img");
    entry.state.setAttribute("aria-label", labels[`sms_${status}`] ?? status);
  }
}

/** "UCS-2 · 84 units · 2 parts" in the page's language. */
function cost(text) {
  const { encoding, units, parts } = segments(text);
  return say("part", { encoding: `\u2066${encoding}\u2069`, units: digits(units), parts: digits(parts) });
}
