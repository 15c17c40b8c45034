/* What the gateway saw, newest first. */

import { h } from "../../widget/words.js";
import { clock, digits, labels, say } from "./page.js";

const MOST = 100;

export class Timeline {
  constructor(pane) {
    this.list = h("ol.seen", { tabIndex: 0, "aria-label": labels.timeline });
    this.empty = h("p.empty", {}, labels.timeline_empty);
    pane.querySelector(".head").append(h("button.plain", { type: "button", onclick: () => this.clear() }, labels.timeline_clear));
    pane.append(this.empty, this.list);
    this.clear();
  }

  clear() {
    this.list.replaceChildren();
    this.empty.hidden = false;
    this.list.hidden = true;
  }

  add({ at, channel, event, heard, said, language, repeated, ms }) {
    this.empty.hidden = true;
    this.list.hidden = false;
    const words = said.map(({ text, choices }) => {
      const offered = choices.length ? ` [${choices.join(" | ")}]` : "";
      return h("p", { dir: "auto", lang: language, title: text + offered }, text.replace(/\s*\n\s*/g, " · ") + offered);
    });
    this.list.prepend(
      h("li", { "data-channel": channel },
        h("p.when", {}, h("time", {}, clock(at)), h("span.took", {}, ms === null ? "" : say("ms", { ms: digits(ms) }))),
        h("p.channel", {}, labels[`tab_${channel}`] ?? channel),
        h("div.in", {}, h("span.kind", {}, labels[`event_${event}`] ?? event), " ", h("bdi", {}, heard), repeated ? h("span.again", {}, labels.repeated) : null),
        h("div.out", { "aria-label": labels.answered }, ...words)),
    );
    while (this.list.children.length > MOST) this.list.lastChild.remove();
  }
}
