/* Where the citizen writes, attaches and points. */

import { h, icon, size, uuid } from "./words.js";

const TALLEST = 168; // px of the text box
const KEYBOARD = { number: "numeric", digits: "numeric", phone: "tel", email: "email" };

export class Composer {
  /** `onText(text)`, `onFile({id, upload, name})`, `onLocation([lat, lon])`; `token()` of the session. */
  constructor({ view, base, settings, token, onText, onFile, onLocation }) {
    Object.assign(this, { view, base, settings, token, onText, onFile, onLocation });
    this.box = h("textarea", { rows: 1, enterKeyHint: "send", autocomplete: "off" });
    this.button = h("button.icon.send", { type: "submit" }, icon("send"));
    this.pick = h("input", { type: "file", multiple: true, hidden: true, tabIndex: -1, onchange: () => this.files(this.pick) });
    this.shot = h("input", { type: "file", accept: "image/*", capture: "environment", hidden: true, tabIndex: -1, onchange: () => this.files(this.shot) });
    const attach = h("button.icon", { type: "button", onclick: () => this.pick.click() }, icon("attach"));
    this.hint = h("p.hint", { id: "hint", hidden: true });
    this.tools = h("div.tools", { hidden: true });
    this.problem = h("p.problem", { role: "alert", hidden: true });
    this.form = h("form.composer", {}, this.problem, this.hint, this.tools,
      h("div.box", {}, attach, this.box, this.button), this.pick, this.shot);
    view.say(attach, "aria-label", "attach");
    view.say(this.button, "aria-label", "send");
    view.say(this.box, "aria-label", "placeholder");
    view.say(this.box, "placeholder", "placeholder");

    this.form.onsubmit = (event) => (event.preventDefault(), this.submit());
    this.box.oninput = () => this.fit();
    this.box.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    };
    this.box.onpaste = (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      this.take(event.clipboardData.files);
    };
    this.dropping(view.panel, view.drop);
  }

  focus() {
    this.box.focus();
  }

  fit() {
    this.box.dir = this.box.value ? "auto" : this.view.direction; // the placeholder stands as the panel does
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(TALLEST, this.box.scrollHeight)}px`;
    this.form.classList.toggle("ready", this.box.value.trim() !== "");
    this.complain("");
  }

  complain(text) {
    this.problem.textContent = text;
    this.problem.hidden = !text;
  }

  submit() {
    const text = this.box.value.trim();
    if (!text) return this.focus();
    if ([...text].length > this.settings.maxText) return this.complain(this.view.labels.too_long);
    this.box.value = "";
    this.fit();
    this.focus();
    return this.onText(text);
  }

  /** The server did not take it: back into the box, before what was written since. */
  restore(text, why) {
    this.box.value = [text, this.box.value].filter(Boolean).join("\n");
    this.fit();
    this.complain(why);
  }

  /** Help with the kind of answer that is waited for. */
  expect({ kind }, choices) {
    this.box.inputMode = KEYBOARD[kind] ?? "text";
    this.box.rows = kind === "long_text" ? 3 : 1;
    this.view.say(this.box, "placeholder", kind === "choice" && choices ? "placeholder_choice" : "placeholder");
    const hinted = ["date", "file", "location"].includes(kind);
    this.hint.hidden = !hinted;
    if (hinted) this.view.say(this.hint, "", `hint_${kind}`);
    if (hinted) this.box.setAttribute("aria-describedby", "hint");
    else this.box.removeAttribute("aria-describedby");
    const tools = [];
    if (kind === "location" && navigator.geolocation) tools.push(this.tool("pin", "send_location", () => this.locate()));
    if (kind === "file") tools.push(this.tool("attach", "attach", () => this.pick.click()));
    if (kind === "file" && matchMedia("(pointer: coarse)").matches) tools.push(this.tool("camera", "camera", () => this.shot.click()));
    this.tools.replaceChildren(...tools);
    this.tools.hidden = !tools.length;
    this.fit();
  }

  tool(shape, label, onclick) {
    const words = h("span");
    this.view.say(words, "", label);
    return h("button.tool", { type: "button", onclick }, icon(shape), words);
  }

  locate() {
    const { labels } = this.view;
    this.view.tell(labels.locating);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => this.onLocation([coords.latitude, coords.longitude].map((n) => Number(n.toFixed(6)))),
      () => (this.complain(labels.location_failed), this.focus()),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  }

  // --- files -----------------------------------------------------------------------------------

  dropping(panel, veil) {
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    panel.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      veil.hidden = false;
    });
    panel.addEventListener("dragleave", (event) => panel.contains(event.relatedTarget) || (veil.hidden = true));
    panel.addEventListener("drop", (event) => {
      veil.hidden = true;
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.take(event.dataTransfer.files);
    });
  }

  files(input) {
    this.take(input.files);
    input.value = ""; // the same file may be chosen again
    this.focus();
  }

  take(files) {
    for (const file of files) this.upload(file);
  }

  /** One file on its way: its bubble shows how far it is, and lets it be stopped, tried again, or left. */
  upload(file) {
    const { labels, language } = this.view;
    const id = uuid();
    const bar = h("progress", { max: 1, value: 0, "aria-label": `${labels.uploading} ${file.name}` });
    const word = h("span.word", {}, labels.uploading);
    const buttons = h("span.deeds");
    const about = h("p.about", {}, word, h("bdi", {}, size(file.size, language)), buttons);
    const entry = this.view.mine({ id, event: "file", parts: [h("p", { dir: "auto" }, file.name), bar, about] });
    const deed = (label, onclick) => h("button.deed", { type: "button", onclick }, this.view.labels[label]);
    const leave = () => (request.abort(), this.view.remove(id));
    let request = new XMLHttpRequest();

    const failed = (text, again) => {
      bar.hidden = true;
      word.textContent = text;
      entry.classList.remove("waiting");
      about.setAttribute("role", "alert");
      buttons.replaceChildren(...(again ? [deed("retry", begin)] : []), deed("remove", leave));
      this.view.toEnd();
    };
    const begin = () => {
      if (file.size > this.settings.maxFile) return failed(labels.file_too_large);
      entry.classList.add("waiting");
      request = new XMLHttpRequest();
      request.open("POST", new URL("channels/web/files", this.base));
      request.setRequestHeader("X-Session", this.token() ?? "");
      request.setRequestHeader("Accept-Language", this.view.language);
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => (bar.value = loaded / total);
      request.onerror = () => failed(this.view.labels.upload_failed, true);
      request.onload = () => {
        const answer = request.response;
        const { status } = request;
        if (status !== 200) return failed(answer?.detail ?? this.view.labels.upload_failed, status === 429 || status >= 500);
        bar.remove();
        about.replaceChildren(size(answer.size, this.view.language));
        return this.onFile({ id, upload: answer.upload, name: answer.name });
      };
      bar.hidden = false;
      word.textContent = labels.uploading;
      buttons.replaceChildren(deed("cancel", leave));
      const form = new FormData();
      form.append("file", file, file.name);
      return request.send(form);
    };
    begin();
  }
}
