/* The telephone: screen, keypad, loudspeaker, and what a person does in place of the officer. */

import { h, paragraphs } from "../../widget/words.js";
import { digits, labels, post, settings, sleep, spaced, upload } from "./page.js";
import { draw } from "./shapes.js";
import { Sound, microphone, sample } from "./sound.js";
import { Call } from "./twiml.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LATIN = "۰۱۲۳۴۵۶۷۸۹";

export class Phone {
  constructor(pane) {
    this.sound = new Sound();
    this.call = null;
    this.state = h("p.line", { role: "status" }, labels.idle);
    this.clock = h("span.clock", { "aria-hidden": "true" });
    this.spoken = h("div.spoken", { role: "log", "aria-label": labels.captions, tabIndex: 0 }, h("p.quiet", {}, labels.captions));
    this.entry = h("p.entered", { dir: "ltr" });
    this.deeds = h("div.deeds", { hidden: true });
    const keypad = h("div.keypad", { role: "group", "aria-label": labels.keypad, dir: "ltr" }, ...KEYS.map((key) => this.key(key)));
    this.dialer = h("button.dialer", { type: "button", onclick: () => this.dialOrHang() });
    this.muter = h("button.icon", { type: "button", "aria-pressed": "false", "aria-label": labels.mute, title: labels.mute, onclick: () => this.mute() }, draw("sound"));
    this.skipper = h("button.icon", { type: "button", "aria-label": labels.skip, title: labels.skip, onclick: () => this.sound.skip() }, draw("skip"));
    this.hidden = h("input", { type: "checkbox" });
    pane.querySelector(".head").append(h("p.sub", {}, h("bdi", { dir: "ltr" }, spaced(settings.desk))));
    pane.append(
      h("div.screen", {}, h("div.bar", {}, this.state, this.clock), this.spoken, this.entry, this.deeds),
      keypad,
      h("div.actions", {}, this.muter, this.dialer, this.skipper),
      h("label.hidden-number", {}, this.hidden, ` ${labels.hidden_number}`),
    );
    pane.addEventListener("keydown", (event) => this.typedKey(event));
    this.idle();
  }

  // --- keys ----------------------------------------------------------------------------------------------

  key(key) {
    const shown = /\d/.test(key) ? digits(Number(key)) : key;
    return h("button", { type: "button", "data-key": key, "aria-label": `${labels.key} ${shown}`, onclick: () => this.press(key) }, shown);
  }

  typedKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.call) return;
    const key = LATIN.includes(event.key) ? String(LATIN.indexOf(event.key)) : event.key;
    if (!KEYS.includes(key)) return;
    event.preventDefault();
    this.press(key);
  }

  press(key) {
    this.sound.key(key);
    this.call?.press(key);
  }

  mute() {
    this.sound.mute(!this.sound.muted);
    this.muter.setAttribute("aria-pressed", String(this.sound.muted));
    this.muter.replaceChildren(draw(this.sound.muted ? "silent" : "sound"));
  }

  // --- a call --------------------------------------------------------------------------------------------

  dialOrHang() {
    if (this.call) return this.call.hangUp();
    return this.begin();
  }

  async begin() {
    let id = null;
    const call = new Call(this, async (deed) => {
      const turn = id ? await post(`calls/${id}`, deed) : await post("calls", { hidden: this.hidden.checked });
      if (!id) this.say(labels.talking);
      id = turn.id;
      return turn;
    });
    this.call = call;
    this.spoken.replaceChildren();
    this.say(labels.ringing);
    this.face("hang", labels.hang_up);
    this.hidden.disabled = true;
    this.sound.ring();
    this.began = Date.now();
    this.ticking = setInterval(() => this.tick(), 500);
    let failed = false;
    try {
      await call.run();
    } catch {
      failed = true;
    }
    call.hangUp();
    this.idle(failed ? labels.failed_call : labels.ended);
    if (id) await post(`calls/${id}`, { hangup: true }).catch(() => {});
  }

  idle(words = labels.idle) {
    clearInterval(this.ticking);
    this.call = null;
    this.sound.skip();
    this.hidden.disabled = false;
    this.clock.textContent = "";
    this.entry.textContent = "";
    this.offer();
    this.listening(false);
    this.say(words);
    this.face("phone", labels.call);
  }

  face(shape, words) {
    this.dialer.replaceChildren(draw(shape), h("span", {}, words));
    this.dialer.classList.toggle("busy", shape === "hang");
  }

  tick() {
    const seconds = Math.floor((Date.now() - this.began) / 1000);
    this.clock.textContent = `${digits(Math.floor(seconds / 60))}:${digits(seconds % 60).padStart(2, digits(0))}`;
  }

  say(words) {
    this.state.textContent = words;
  }

  offer(...buttons) {
    this.deeds.replaceChildren(...buttons);
    this.deeds.hidden = !buttons.length;
  }

  // --- what TwiML asks of a telephone ----------------------------------------------------------------------

  captions(said) {
    if (!said?.length) return;
    this.spoken.replaceChildren(...said.map(({ text, choices, path }) =>
      h("div.caption", { "data-path": path }, ...paragraphs(text, {}),
        choices.length ? h("ol", {}, ...choices.map((c, n) => h("li", {}, h("b", {}, digits(n + 1)), ` ${c}`))) : null)));
    this.spoken.scrollTop = 0;
    this.entry.textContent = "";
  }

  play(url, signal) {
    const now = [...this.spoken.children].find((caption) => caption.dataset.path && url.endsWith(caption.dataset.path));
    for (const caption of this.spoken.children) caption.classList.toggle("now", caption === now);
    if (now) this.spoken.scrollTop = now.offsetTop - this.spoken.offsetTop - 8;
    return this.sound.play(url, signal);
  }

  speak(text, signal) {
    this.spoken.append(h("p", { dir: "auto" }, text));
    return sleep(Math.min(8000, 60 * text.length), signal);
  }

  typed(keys) {
    this.entry.textContent = keys;
  }

  listening(is) {
    this.entry.dataset.listening = String(is);
    if (is) this.entry.textContent = "";
  }

  /** Records until a key, the button, the limit, or the end of the call; a tone where there is no microphone. */
  async record({ finish, longest, beep, left, onKey }) {
    if (beep) this.sound.beep();
    const taken = await microphone();
    let key = "";
    const stop = new AbortController();
    onKey((pressed) => finish.includes(pressed) && ((key = pressed), stop.abort()));
    this.say(taken ? labels.recording : labels.no_microphone);
    const done = h("button.main", { type: "button", onclick: () => stop.abort() }, draw("stop"), h("span", {}, labels.finish_recording));
    this.offer(done);
    await sleep(1000 * longest, AbortSignal.any([stop.signal, left]));
    this.offer();
    this.say(labels.talking);
    const { wav, seconds } = taken ? await taken.stop() : sample();
    if (left.aborted && !taken) return null;
    const { recording } = await upload("recordings", wav);
    return { recording, seconds: Math.max(1, Math.round(seconds)), key };
  }

  /** Whether the officer, played by whoever sits here, answers. */
  async dial(number, patience, left) {
    const stop = new AbortController();
    let answered = false;
    this.say(labels.dialing);
    this.offer(
      h("p.quiet", {}, h("bdi", { dir: "ltr" }, number)),
      h("button.main", { type: "button", onclick: () => ((answered = true), stop.abort()) }, labels.officer_answers),
      h("button.plain", { type: "button", onclick: () => stop.abort() }, labels.officer_busy),
    );
    this.sound.ring();
    await sleep(1000 * patience, AbortSignal.any([stop.signal, left]));
    this.offer();
    this.say(labels.talking);
    return answered;
  }
}
