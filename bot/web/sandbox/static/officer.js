/* The other side of the counter: what was filed here, and the officer's next steps. */

import { h } from "../../widget/words.js";
import { get, labels, language, post } from "./page.js";

export class Officer {
  constructor(pane) {
    this.list = h("ul.requests");
    this.empty = h("p.empty", {}, labels.officer_empty);
    this.problem = h("p.problem", { role: "alert", hidden: true });
    pane.append(h("p.lead", {}, labels.officer_lead), this.problem, this.empty, this.list);
  }

  /** At most one question at a time; what happens meanwhile is asked for afterwards. */
  async refresh() {
    if (this.asking) return void (this.again = true);
    this.asking = true;
    try {
      this.show(await get(`officer?language=${language}`));
    } catch {
      /* the next event asks again */
    }
    this.asking = false;
    if (this.again) ((this.again = false), this.refresh());
  }

  show(requests) {
    const shown = JSON.stringify(requests);
    if (shown === this.shown) return; // whoever writes a note keeps it
    this.shown = shown;
    this.empty.hidden = requests.length > 0;
    this.list.replaceChildren(...requests.map((request) => this.row(request)));
  }

  row({ code, title, status, next }) {
    const id = `step-${code}`;
    const step = h("select", { id }, ...next.map((one) => h("option", { value: one.status }, one.label)));
    const note = h("input", { type: "text", placeholder: labels.officer_note, "aria-label": `${labels.officer_note} ${code}`, maxLength: 500 });
    const set = async (event) => {
      event.preventDefault();
      this.problem.hidden = true;
      try {
        await post("officer", { code, status: step.value, note: note.value });
      } catch {
        this.problem.textContent = labels.failed;
        this.problem.hidden = false;
      }
      this.refresh();
    };
    const form = h("form", { onsubmit: set }, h("label.unseen", { htmlFor: id }, `${labels.officer_set} ${code}`), step, note, h("button.main", { type: "submit" }, labels.officer_set));
    return h("li", {}, h("p", {}, h("bdi", { dir: "ltr" }, h("b", {}, `${code.slice(0, 5)} ${code.slice(5)}`)), ` ${title}`), h("p.status", {}, status), next.length ? form : null);
  }
}
