/* What the handset and the messenger share: a log that is read aloud, and a box to write in. */

import { h } from "../../widget/words.js";
import { draw } from "./shapes.js";

/** The log keeps its end in sight for whoever reads there. */
export function log(label) {
  const inner = h("div.log", { role: "log", "aria-label": label, tabIndex: 0 });
  inner.enter = (entry) => {
    const near = inner.scrollHeight - inner.scrollTop - inner.clientHeight < 120;
    inner.append(entry);
    if (near || entry.classList.contains("mine")) inner.scrollTop = inner.scrollHeight;
    return entry;
  };
  return inner;
}

/** A form with one growing box. `send(text)` gets what was written; `extra` stand before the box. */
export function composer({ placeholder, label, send, extra = [], oninput = () => {} }) {
  const box = h("textarea", { rows: 1, placeholder, "aria-label": placeholder, autocomplete: "off", enterKeyHint: "send" });
  const button = h("button.icon.send", { type: "submit", "aria-label": label }, draw("send"));
  const form = h("form.box", {}, ...extra, box, button);
  const fit = () => {
    box.dir = box.value ? "auto" : "";
    box.style.height = "auto";
    box.style.height = `${Math.min(120, box.scrollHeight)}px`;
    form.classList.toggle("ready", box.value.trim() !== "");
    oninput(box.value);
  };
  box.oninput = fit;
  box.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = box.value.trim();
    box.focus();
    if (!text) return;
    box.value = "";
    fit();
    send(text);
  };
  const write = (text) => ((box.value = text), fit(), box.focus());
  return { form, box, write };
}

/** A button that lets a file be picked. */
export function picker(label, take) {
  const input = h("input", { type: "file", hidden: true, tabIndex: -1, onchange: () => (take(input.files[0]), (input.value = "")) });
  const button = h("button.icon", { type: "button", "aria-label": label, title: label, onclick: () => input.click() }, draw("attach"));
  return [button, input];
}
