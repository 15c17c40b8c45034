/* The panel: what was said, the answers offered, the state of the line. It knows nothing of frames on their way. */

import { clock, day, h, icon, joined, paragraphs } from "./words.js";

const NEAR = 80; // px from the end that still count as reading the latest
const AIR = 12; // px above the line that is kept in sight
const VERDICT = /^\/(un)?helped\//; // «بله» and «خیر» under an answer: commands, the same in every language

export class View {
  /** `act(name)` is called for a button of the head; `choose({value, label})` for an offered answer. */
  constructor({ mark, settings, act, choose }) {
    this.settings = settings;
    this.choose = choose;
    this.spoken = []; // [element, attribute | "", label]: said again when the language changes
    this.last = null; // {side, minute} of the newest entry

    const button = (name, shape, words = name) => {
      const text = h("span");
      this.say(text, "", words);
      return h("button.item", { type: "button", onclick: () => (this.menu(false), act(name)) }, icon(shape), text);
    };
    this.name = h("h2.name");
    this.state = h("p.state");
    this.theme = button("theme", "theme", "dark");
    this.more = h("button.icon", { type: "button", "aria-expanded": "false", onclick: () => this.menu() }, icon("more"));
    this.closer = h("button.icon", { type: "button", onclick: () => act("close") }, icon("close"));
    this.tongues = h("div");
    this.items = h("div.menu", { hidden: true },
      button("menu", "menu"), button("human", "person"), button("help", "help"), this.tongues,
      this.theme, button("new", "fresh"));
    this.say(this.more, "aria-label", "more");
    this.say(this.closer, "aria-label", "close");

    this.banner = h("p.banner", { role: "status" });
    this.log = h("div.log", { role: "log", "aria-live": "off", "aria-relevant": "additions" });
    this.dots = h("div.entry.theirs.typing", { hidden: true, "aria-hidden": "true" }, h("div.bubble", {}, h("i"), h("i"), h("i")));
    this.chips = h("div.choices", { role: "group", hidden: true, onkeydown: (e) => this.walk(e) });
    const down = h("button.latest", { type: "button", onclick: () => ((this.anchor = null), this.toEnd()) }, icon("down"));
    this.below = h("div.below", { hidden: true }, down);
    const hand = () => (this.byHand = true);
    const bar = (event) => event.target === this.scroll && hand();
    this.scroll = h("div.scroll", { tabIndex: 0, onscroll: () => this.scrolled(), onwheel: hand, ontouchmove: hand, onkeydown: hand, onpointerdown: bar },
      h("div.column", {}, this.log, this.dots, this.chips), this.below);
    this.drop = h("div.drop", { hidden: true, "aria-hidden": "true" });
    this.say(this.log, "aria-label", "log");
    this.say(this.scroll, "aria-label", "log");
    this.say(this.chips, "aria-label", "choices");
    this.say(down, "aria-label", "latest");
    this.say(this.drop, "", "drop");

    this.stage = h("div.stage", {}, this.banner, this.scroll, this.drop);
    this.panel = h("section.panel", {},
      h("header.head", {}, h("img.mark", { src: mark, alt: "" }), h("div.who", {}, this.name, this.state), this.more, this.closer, this.items),
      this.stage);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (!this.items.hidden) this.menu(false), this.more.focus();
      else if (!this.closer.hidden) act("close");
    });
    this.panel.addEventListener("pointerdown", (event) => {
      if (!this.items.hidden && !event.composedPath().some((e) => e === this.items || e === this.more)) this.menu(false);
    });
  }

  // --- words and looks -------------------------------------------------------------------------

  /** Keep an element (or one of its attributes) labelled in the language of the moment. */
  say(element, attribute, label) {
    const old = this.spoken.find(([e, a]) => e === element && a === attribute);
    if (old) old[2] = label;
    else this.spoken.push([element, attribute, label]);
    if (this.labels) this.put(element, attribute, label);
  }

  put(element, attribute, label) {
    if (attribute) element.setAttribute(attribute, this.labels[label]);
    else element.textContent = this.labels[label];
  }

  speak(language) {
    const { name, labels } = this.settings.languages[language];
    this.language = language;
    this.direction = this.settings.languages[language].direction;
    this.labels = labels;
    this.name.textContent = name;
    const others = Object.keys(this.settings.languages).filter((l) => l !== language);
    this.tongues.replaceChildren(...others.map((l) => this.tongue(l)));
    this.panel.setAttribute("aria-label", name);
    this.spoken.forEach(([element, attribute, label]) => this.put(element, attribute, label));
  }

  /** The other languages, each by its own name. */
  tongue(language) {
    const { title } = this.settings.languages[language];
    const name = h("span", { lang: language }, title);
    const choose = () => (this.menu(false), this.choose({ value: `/language/${language}`, label: title }));
    return h("button.item", { type: "button", onclick: choose }, icon("globe"), name);
  }

  menu(open = this.items.hidden) {
    this.items.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    if (open) this.items.querySelector("button").focus();
  }

  dark(is) {
    this.say(this.theme.lastChild, "", is ? "light" : "dark");
  }

  /** The line's state in the head; its loss, and its return, in a banner that moves nothing. */
  line(state) {
    const lost = state === "offline";
    this.say(this.state, "", lost ? "connecting" : state);
    this.panel.dataset.line = state;
    if (lost) {
      this.lost = true;
      clearTimeout(this.timer);
      this.banner.className = "banner shown";
      this.banner.textContent = this.labels.offline;
    } else if (state === "online" && this.lost) {
      this.lost = false;
      this.tell(this.labels.online_again, "good");
    }
  }

  /** A word in passing. */
  tell(text, kind = "") {
    clearTimeout(this.timer);
    this.banner.className = `banner shown ${kind}`;
    this.banner.textContent = text;
    this.timer = setTimeout(() => {
      this.banner.className = "banner";
      this.banner.textContent = "";
    }, 5000);
  }

  // --- what was said ---------------------------------------------------------------------------

  reply({ seq, text, at, to, doors = [] }) {
    const body = paragraphs(text, { direction: this.direction, codeOf: (code) => this.code(code) });
    const pictures = doors.map(({ qr }) => h("img", { src: qr, alt: "", width: 132, height: 132 }));
    if (pictures.length) body.push(h("figure.qr", {}, ...pictures, h("figcaption", {}, this.labels.qr)));
    const entry = this.entry("theirs", seq, at, body);
    if (to === undefined && this.atEnd()) this.anchor = entry; // news of the desk answer nothing
    this.enter(entry);
  }

  /** A line of the citizen's; without `seq` it waits to be sent. The same id again is the same line. */
  mine({ id, seq, text, event, at, parts }) {
    const there = this.find(id);
    if (there) {
      if (seq !== undefined) this.sent(id, seq);
      return there;
    }
    const body = parts ?? paragraphs(text);
    if (event === "file" || event === "location") body[0].prepend(icon(event === "file" ? "file" : "pin"));
    const entry = this.entry("mine", seq, at, body);
    entry.dataset.id = id;
    if (seq === undefined) entry.classList.add("waiting");
    this.anchor = entry;
    this.enter(entry);
    return entry;
  }

  find(id) {
    return this.log.querySelector(`.entry[data-id="${CSS.escape(id)}"]`);
  }

  sent(id, seq) {
    const entry = this.find(id);
    if (!entry) return;
    entry.dataset.seq ??= seq;
    entry.classList.remove("waiting");
  }

  remove(id) {
    this.find(id)?.remove();
  }

  entry(side, seq, at, body) {
    const said = at ? new Date(at) : new Date();
    const time = h("time", { dateTime: said.toISOString() }, clock(said, this.language));
    const waiting = h("span.clock", { role: "img", "aria-label": this.labels.waiting }, icon("clock"));
    const speaker = h("span.unseen", {}, `${side === "mine" ? this.labels.you : this.name.textContent}: `);
    const foot = h("p.foot", {}, time, side === "mine" ? waiting : null);
    const entry = h(`div.entry.${side}`, {}, h("div.bubble", {}, speaker, ...body), foot);
    if (seq !== undefined) entry.dataset.seq = seq;
    entry.said = said;
    return entry;
  }

  /** In the order of the conversation; lines that wait to be sent come last. */
  enter(entry) {
    const seq = entry.dataset.seq === undefined ? Infinity : Number(entry.dataset.seq);
    let before = this.log.lastElementChild;
    const later = (e) => e.classList.contains("entry") && (e.dataset.seq === undefined ? seq !== Infinity : Number(e.dataset.seq) > seq);
    while (before && later(before)) before = before.previousElementSibling;
    const previous = before?.said;
    const today = day(entry.said, this.language, this.labels);
    if (!previous || day(previous, this.language, this.labels) !== today) {
      const mark = h("p.day", {}, today);
      mark.said = entry.said;
      before ? before.after(mark) : this.log.prepend(mark);
      before = mark;
    } else if (before.classList.contains("entry") && before.classList.contains("mine") === entry.classList.contains("mine") && entry.said - previous < 120_000) {
      before.classList.add("going-on"); // one time for lines said in one breath
    }
    before.after(entry);
    if (this.atEnd() || entry.classList.contains("mine")) this.toEnd();
    else this.scrolled();
  }

  code(code) {
    const say = (words) => button.setAttribute("aria-label", `${this.labels[words]} ${code}`);
    const button = h("button.code", { type: "button" }, h("bdi", { dir: "ltr" }, code), icon("copy"));
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText(code.replace(" ", ""));
        say("copied");
        this.tell(this.labels.copied, "good");
      } catch {
        getSelection().selectAllChildren(button.firstChild); // no clipboard without https: ready to be copied by hand
      }
    };
    say("copy");
    return button;
  }

  /** Have what is said read aloud: at once, or when the past has been put back in its place. */
  listen(now) {
    const begin = () => {
      this.live = true;
      this.log.setAttribute("aria-live", "polite");
    };
    setTimeout(begin, now ? 0 : 800);
  }

  clear() {
    this.log.replaceChildren();
    this.anchor = null;
    this.offer([]);
  }

  typing(on) {
    if (this.dots.hidden === !on) return;
    this.dots.hidden = !on;
    if (on && this.atEnd()) this.toEnd();
  }

  // --- answers offered -------------------------------------------------------------------------

  offer(choices) {
    const verdict = choices.filter((c) => VERDICT.test(c.value));
    const options = choices.filter((c) => !c.nav && !verdict.includes(c));
    const scale = options.length === 5 && options.every((c, n) => c.value.endsWith(`~${n + 1}`));
    const long = options.length > 6 || options.some((c) => c.label.length > 26);
    const row = (list, kind) => list.length && h(`div.row${kind}`, {}, ...list.map((c) => this.chip(c)));
    const kind = scale ? ".scale" : long ? ".stacked" : "";
    const rows = [row(verdict, ""), row(options, kind), row(choices.filter((c) => c.nav), ".nav")];
    this.chips.replaceChildren(...rows.filter(Boolean));
    this.chips.hidden = !choices.length;
    if (this.atEnd()) this.toEnd();
  }

  chip(choice) {
    const onclick = (event) => this.choose(choice, event.detail === 0);
    return h(`button.chip${choice.main ? ".main" : ""}`, { type: "button", onclick }, h("bdi", {}, joined(choice.label)));
  }

  walk(event) {
    const chips = [...this.chips.querySelectorAll("button")];
    const at = chips.indexOf(event.target);
    const next = this.direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const step = { ArrowDown: 1, ArrowUp: -1, ArrowLeft: -1, ArrowRight: -1, [next]: 1 }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? chips.length - 1 : step && (at + step + chips.length) % chips.length;
    if (to === undefined) return;
    event.preventDefault();
    chips[to].focus();
  }

  // --- where one reads -------------------------------------------------------------------------

  /** Whoever has not gone elsewhere by hand reads the latest, also where the page itself keeps a beginning in sight. */
  atEnd() {
    return !this.away;
  }

  /** To the latest with its answers. What does not fit is shown from its beginning, under the words that it answers. */
  toEnd() {
    this.byHand = this.away = false;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const end = this.scroll.scrollHeight - this.scroll.clientHeight;
      const before = (entry) => (entry?.isConnected ? Math.min(end, entry.offsetTop - AIR) : end);
      const answer = this.anchor?.classList.contains("mine") ? this.anchor.nextElementSibling : this.anchor;
      const top = before(answer) < end ? before(this.anchor) : end;
      this.scroll.scrollTo({ top, behavior: this.live ? "auto" : "instant" }); // the past is there at once
      this.scrolled();
    });
  }

  scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroll;
    const far = scrollHeight - scrollTop - clientHeight >= NEAR;
    this.below.hidden = !far;
    if (this.byHand) this.away = far;
  }
}
