/* The conversation: what goes out waits in a queue, one at a time, until the server acknowledges it; what comes in is
 * shown once, by its number. */

import { Composer } from "./composer.js";
import { Link } from "./link.js";
import { store } from "./store.js";
import { View } from "./view.js";
import { h, uuid } from "./words.js";

const UNANSWERED = 25_000; // ms until a message without acknowledgement makes the line suspect

export function mount(parts) {
  return new Chat(parts);
}

/** Elsewhere the page around the widget keeps its language and its colours. */
const OWN_PAGE = document.documentElement.dataset.page === "pishkhan";

class Chat {
  constructor({ shell, base, settings, language, floating, onClose, onUnread }) {
    Object.assign(this, { shell, settings, floating, onClose, onUnread });
    this.token = store.state.token ?? null;
    this.read = store.state.read ?? 0; // the last line that was in sight
    this.queue = store.queue;
    this.seen = new Set();
    this.last = 0;
    this.sending = null;
    this.view = new View({
      mark: `${base}widget/mark.svg`,
      settings,
      act: (name) => this.act(name),
      choose: (choice, byKey) => this.choose(choice, byKey),
    });
    this.composer = new Composer({
      view: this.view,
      base,
      settings,
      token: () => this.token,
      onText: (text) => this.put({ type: "message", text }, text),
      onFile: ({ id, upload, name }) => this.put({ type: "file", id, upload }, name),
      onLocation: (location) => this.put({ type: "message", text: "", location }, this.view.labels.my_location, "location"),
    });
    this.view.panel.append(this.composer.form);
    this.view.closer.hidden = !floating;
    this.view.panel.hidden = floating;
    this.speak(language);
    this.paint();
    this.view.line("connecting");
    this.queue.forEach((item) => this.showWaiting(item));
    shell.prepend(this.view.panel);
    this.link = new Link(base, {
      hello: () => ({ type: "hello", session: this.token, after: this.last, language: this.language, history: true }),
      onFrame: (frame) => this.hear(frame),
      onState: (state) => this.line(state),
    });
    store.onNewSession(() => this.follow());
    this.join();
    this.link.connect();
  }

  /** A link of another conversation was opened: its ticket is handed in once, and leaves the address bar. */
  join() {
    const here = new URL(location.href);
    const ticket = OWN_PAGE && here.searchParams.get("join");
    if (!ticket || !/^[\w-]{16,64}$/.test(ticket)) return;
    here.searchParams.delete("join");
    history.replaceState(null, "", here);
    this.put({ type: "choice", value: `/join/${ticket}` }, this.view.labels.join);
  }

  // --- the panel -------------------------------------------------------------------------------

  show() {
    this.view.panel.hidden = false;
    this.shell.classList.add("open");
    this.seenUntilNow();
    this.view.toEnd();
    if (this.floating) this.composer.focus();
  }

  hide() {
    this.view.panel.hidden = true;
    this.shell.classList.remove("open");
  }

  speak(language) {
    if (language === this.language || !this.settings.languages[language]) return;
    this.language = language;
    this.shell.lang = language;
    this.shell.dir = this.settings.languages[language].direction;
    this.view.speak(language);
    this.composer.fit();
    store.set({ language });
    if (!OWN_PAGE) return;
    document.documentElement.lang = language;
    document.documentElement.dir = this.shell.dir;
    for (const about of document.querySelectorAll(".about")) {
      about.hidden = about.lang !== language;
      if (!about.hidden) document.title = about.dataset.title;
    }
  }

  dark() {
    return (this.shell.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  }

  paint() {
    this.view.dark(this.dark());
    if (OWN_PAGE && this.shell.dataset.theme) document.documentElement.dataset.theme = this.shell.dataset.theme;
  }

  act(name) {
    if (name === "close") return this.onClose();
    if (name === "new") return this.beginAnew();
    if (name === "theme") {
      this.shell.dataset.theme = this.dark() ? "light" : "dark";
      store.set({ theme: this.shell.dataset.theme });
      return this.paint();
    }
    this.choose({ value: `/${name}`, label: this.view.labels[name] });
    return this.composer.focus();
  }

  choose({ value, label }, byKey) {
    this.put({ type: "choice", value }, label);
    if (byKey) this.composer.focus(); // the chip is gone; a finger does not want the keyboard, though
  }

  beginAnew() {
    const { labels } = this.view;
    const answer = (value, kind = "") => h(`button.tool${kind}`, { type: "submit", value }, labels[value]);
    const dialog = h("dialog.sheet", { "aria-labelledby": "new" },
      h("form", { method: "dialog" }, h("p", { id: "new" }, labels.new_confirm), h("div.tools", {}, answer("new_yes", ".main"), answer("new_no"))));
    dialog.onclose = () => {
      dialog.remove();
      if (dialog.returnValue === "new_yes") {
        store.clear();
        this.restart(null);
      }
      this.composer.focus();
    };
    this.shell.append(dialog);
    dialog.showModal();
  }

  // --- out -------------------------------------------------------------------------------------

  put(frame, label, event = frame.type) {
    const item = { frame: { id: uuid(), ...frame }, label, event, at: new Date().toISOString() };
    this.queue.push(item);
    store.push(item);
    this.showWaiting(item);
    this.view.offer([]);
    this.composer.expect({ kind: "text" });
    this.flush();
  }

  showWaiting({ frame, label, event, at }) {
    this.view.mine({ id: frame.id, text: label, event, at });
  }

  /** One at a time, so that they arrive in order whatever becomes of the line. */
  flush() {
    const [item] = this.queue;
    if (!item || this.sending || !this.link.online) return;
    this.sending = item.frame.id;
    this.timer = setTimeout(() => this.link.restart(), UNANSWERED);
    this.view.typing(true);
    this.link.send(item.frame);
  }

  /** The message is done with: taken, or refused for good. */
  settle(id) {
    const at = this.queue.findIndex((item) => item.frame.id === id);
    const [item] = at < 0 ? [] : this.queue.splice(at, 1);
    store.drop(id);
    if (this.sending === id) this.rest();
    this.flush();
    return item;
  }

  rest() {
    clearTimeout(this.timer);
    this.sending = null;
    this.view.typing(false);
  }

  // --- in --------------------------------------------------------------------------------------

  line(state) {
    this.view.line(state);
    if (state === "online") this.flush();
    else this.rest();
  }

  hear(frame) {
    if (frame.type === "welcome") this.welcome(frame);
    else if (frame.type === "reply") this.reply(frame);
    else if (frame.type === "said") this.said(frame);
    else if (frame.type === "ack") this.acknowledged(frame);
    else if (frame.type === "error") this.refused(frame);
  }

  welcome({ session, seq }) {
    this.rest();
    this.view.listen(this.token === null);
    if (session !== this.token) {
      this.token = session;
      store.set({ token: session });
    }
    if (seq < this.last) this.forget(); // the server knows less than we do: it tells all of it now
  }

  reply(frame) {
    if (frame.to) this.view.sent(frame.to, frame.seq - 0.5); // its place: just before its answer
    if (!this.number(frame.seq)) return;
    this.speak(frame.language);
    this.view.typing(false);
    this.view.reply(frame);
    const open = frame.choices.length || frame.expect.kind !== "nothing";
    if (open && !this.queue.some((item) => item.frame.id !== frame.to)) {
      this.view.offer(frame.choices);
      this.composer.expect(frame.expect, frame.choices.length > 0);
    }
  }

  said(frame) {
    this.view.mine(frame);
    this.settle(frame.id);
    if (!this.number(frame.seq)) return;
    this.view.offer([]);
    this.composer.expect({ kind: "text" });
  }

  acknowledged({ id, seq }) {
    this.number(seq);
    this.view.sent(id, seq);
    this.settle(id);
  }

  refused({ code, text, id = this.sending, retry_in: wait = 3 }) {
    if (code === "bad_session") {
      store.set({ token: null });
      this.token = null;
      this.forget();
      this.view.tell(text);
    } else if (code === "slow_down" || code === "unavailable") {
      this.view.tell(text);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => (this.rest(), this.flush()), wait * 1000);
    } else if (id) {
      const item = this.settle(id);
      this.view.remove(id);
      if (item?.event === "message") this.composer.restore(item.label, text);
      else this.composer.complain(text);
    }
  }

  /** Whether this line is new here. */
  number(seq) {
    if (this.seen.has(seq)) return false;
    this.seen.add(seq);
    this.last = Math.max(this.last, seq);
    if (!this.view.panel.hidden) this.seenUntilNow();
    else if (this.last > this.read) this.onUnread(true);
    return true;
  }

  seenUntilNow() {
    if (this.last === this.read) return;
    this.read = this.last;
    store.set({ read: this.read });
  }

  // --- another conversation ----------------------------------------------------------------------

  forget() {
    this.seen.clear();
    this.last = this.read = 0;
    store.set({ read: 0 });
    this.view.clear();
    this.queue.forEach((item) => this.showWaiting(item));
  }

  restart(token) {
    this.token = token;
    this.queue = store.queue;
    this.rest();
    this.forget();
    this.link.restart();
  }

  /** Another tab began one: so do we. */
  follow() {
    const { token } = store.state;
    if (token && token !== this.token) this.restart(token);
  }
}
