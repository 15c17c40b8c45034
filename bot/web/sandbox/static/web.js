/* The web chat's own page in a frame. */

import { h } from "../../widget/words.js";
import { labels, language } from "./page.js";

const BASE = new URL(".", location.href);

export class WebPane {
  constructor(pane) {
    const remembered = this.state().language;
    this.frame = h("iframe", { title: labels.web_frame, src: new URL(`?language=${remembered ?? language}`, BASE).href });
    this.handlers = [];
    this.frame.addEventListener("load", () => this.handlers.forEach((handler) => this.frame.contentDocument?.addEventListener("click", handler)));
    pane.append(this.frame);
  }

  state() {
    try {
      return JSON.parse(localStorage.getItem("pishkhan")) ?? {};
    } catch {
      return {};
    }
  }

  /** Whether an address is the web chat's page. */
  owns(to) {
    return to.origin === BASE.origin && to.pathname === BASE.pathname;
  }

  open(to) {
    this.frame.src = to.href;
  }

  /** Clicks within the frame too: it is of this origin. */
  onClick(handler) {
    this.handlers.push(handler);
    this.frame.contentDocument?.addEventListener("click", handler);
  }

  paint(theme) {
    const shell = this.frame.contentDocument?.querySelector(".pishkhan")?.shadowRoot?.querySelector(".shell");
    if (shell) shell.dataset.theme = theme;
    if (this.frame.contentDocument) this.frame.contentDocument.documentElement.dataset.theme = theme;
  }

  /** Tells the id of the frame's session, now and whenever it changes. */
  onSession(tell) {
    let last = "";
    const look = () => {
      const { token } = this.state();
      const session = token ? token.slice(0, token.lastIndexOf(".")) : "";
      if (session && session !== last) tell((last = session));
    };
    setInterval(look, 1000); // the frame's own changes raise no storage event here
    look();
  }
}
