/* A telephone call: executes TwiML as Twilio does (twilio.com/docs/voice/twiml), as far as the desk speaks it.
 *
 * `phone` does what a telephone can: play(url, signal), speak(text, signal), typed(digits), listening(bool), record(wish),
 * dial(number, seconds), captions(list). `ask(deed)` tells the desk and brings {path, twiml, captions}. */

import { sleep } from "./page.js";

const TIMEOUT = 5; // seconds that Gather and Record wait unless told otherwise
const LONGEST = 3600; // seconds
const DIAL_PATIENCE = 30; // seconds
const OVER = Symbol("over");

export class Call {
  constructor(phone, ask) {
    this.phone = phone;
    this.ask = ask;
    this.left = new AbortController();
    this.onKey = () => {};
  }

  get over() {
    return this.left.signal.aborted;
  }

  press(key) {
    this.onKey(key);
  }

  hangUp() {
    this.left.abort();
  }

  /** Until somebody hangs up. Raises what `ask` raises. */
  async run() {
    let turn = await this.ask({});
    while (turn && !this.over) turn = await this.document(turn);
    this.left.abort();
  }

  /** One document: the next turn, or null when the call is over. */
  async document({ twiml, path, captions }) {
    const response = new DOMParser().parseFromString(twiml, "text/xml").documentElement;
    this.path = path;
    this.phone.captions(captions);
    for (const verb of response.tagName === "Response" ? response.children : []) {
      const next = await this.verb(verb);
      if (this.over || next === OVER) return null;
      if (next) return next;
    }
    return null;
  }

  /** The next turn, OVER, or nothing: on to the next verb. */
  verb(verb) {
    switch (verb.tagName) {
      case "Gather":
        return this.gather(verb);
      case "Record":
        return this.record(verb);
      case "Dial":
        return this.dial(verb);
      case "Redirect":
        return this.ask({ path: this.leads(verb.textContent.trim()) });
      case "Hangup":
      case "Reject":
        return OVER;
      default:
        return this.speak(verb, this.left.signal);
    }
  }

  async speak(verb, signal) {
    const times = Number(verb.getAttribute("loop") ?? 1) || LONGEST;
    for (let n = 0; n < times && !signal.aborted; n += 1) {
      if (verb.tagName === "Play" && verb.textContent.trim()) await this.phone.play(this.leads(verb.textContent.trim()), signal);
      else if (verb.tagName === "Say") await this.phone.speak(verb.textContent, signal);
      else if (verb.tagName === "Pause") return sleep(1000 * Number(verb.getAttribute("length") ?? 1), signal);
      else return undefined;
    }
    return undefined;
  }

  /** A key stops the sound. Without any key the document goes on, unless `actionOnEmptyResult`. */
  async gather(verb) {
    const keys = this.keys(verb);
    this.phone.listening(true);
    for (const child of verb.children) {
      if (keys.began.signal.aborted || this.over) break;
      await this.speak(child, AbortSignal.any([keys.began.signal, this.left.signal]));
    }
    const digits = await keys.typed();
    this.phone.listening(false);
    this.onKey = () => {};
    if (this.over || (!digits && verb.getAttribute("actionOnEmptyResult") !== "true")) return undefined;
    return this.ask({ path: this.action(verb), digits, finish: keys.finish() });
  }

  keys(verb) {
    const limit = Number(verb.getAttribute("numDigits")) || Infinity;
    const finish = verb.getAttribute("finishOnKey") ?? "#";
    const patience = 1000 * (Number(verb.getAttribute("timeout")) || TIMEOUT);
    const began = new AbortController();
    let [digits, done, ended, restart] = ["", false, undefined, () => {}];
    this.onKey = (key) => {
      if (done) return;
      if (finish && finish.includes(key)) [done, ended] = [true, key];
      else {
        digits += key;
        done = digits.length >= limit;
        this.phone.typed(digits);
      }
      began.abort();
      restart();
    };
    const typed = async () => {
      while (!done && !this.over) {
        const pause = new AbortController();
        let pressed = false;
        restart = () => ((pressed = true), pause.abort());
        await sleep(patience, AbortSignal.any([pause.signal, this.left.signal]));
        if (!pressed) break;
      }
      return digits;
    };
    return { began, typed, finish: () => ended };
  }

  async record(verb) {
    const taken = await this.phone.record({
      finish: verb.getAttribute("finishOnKey") ?? "1234567890*#",
      longest: Number(verb.getAttribute("maxLength")) || LONGEST,
      beep: verb.getAttribute("playBeep") !== "false",
      left: this.left.signal,
      onKey: (heard) => (this.onKey = heard),
    });
    this.onKey = () => {};
    if (!taken) return undefined; // nothing was said: on to the next verb
    const { recording, seconds, key } = taken;
    return this.ask({ path: this.action(verb), recording, seconds, digits: this.over ? "hangup" : key });
  }

  async dial(verb) {
    const number = verb.textContent.trim();
    const answered = await this.phone.dial(number, Number(verb.getAttribute("timeout")) || DIAL_PATIENCE, this.left.signal);
    if (this.over || !verb.hasAttribute("action")) return undefined;
    return this.ask({ path: this.action(verb), dialed: answered ? "completed" : "no-answer" });
  }

  action(verb) {
    return this.leads(verb.getAttribute("action") ?? this.path);
  }

  /** A path of this server: the desk may know itself by another name than this page does. */
  leads(url) {
    const to = new URL(url, new URL(this.path, location.origin));
    return to.pathname + to.search;
  }
}
