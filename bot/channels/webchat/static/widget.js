/* One script tag puts the chat on any page:
 *
 *   <script src="https://desk.example/widget.js" defer></script>
 *
 * data-language="fa" or "en": until the visitor has chosen · data-open: opened at once ·
 * data-into="#id": fills this element instead of floating over the page.
 * A page with a Content-Security-Policy must let this origin in: script-src, style-src, connect-src.
 */
(() => {
  "use strict";
  const settings = /*settings*/ {};
  const script = document.currentScript;
  if (!script || window.pishkhan) return;
  const base = new URL(".", script.src).href;
  const into = script.dataset.into;

  const remembered = () => {
    try {
      return JSON.parse(localStorage.getItem("pishkhan")) || {};
    } catch {
      return {};
    }
  };

  const start = () => {
    const past = remembered();
    const known = (language) => (settings.languages[language] ? language : null);
    const language = known(past.language) || known(script.dataset.language) || Object.keys(settings.languages)[0];
    const { labels, direction } = settings.languages[language];

    const host = document.createElement("div");
    host.className = "pishkhan";
    const root = host.attachShadow({ mode: "open" });
    const shell = document.createElement("div");
    shell.className = into ? "shell filling" : "shell floating";
    shell.hidden = true; // until the style is there: nothing jumps
    shell.lang = language;
    shell.dir = direction;
    if (past.theme) shell.dataset.theme = past.theme;
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = `${base}widget/style.css`;
    style.onload = () => (shell.hidden = false);
    root.append(style, shell);

    let chat = null;
    const load = () =>
      (chat ??= import(`${base}widget/chat.js`).then(({ mount }) =>
        mount({ shell, base, settings, language, floating: !into, onClose: close, onUnread: unread }),
      ));
    const open = () => load().then((it) => (launcher?.setAttribute("aria-expanded", "true"), unread(false), it.show()));
    const close = () => load().then((it) => (launcher.setAttribute("aria-expanded", "false"), it.hide(), launcher.focus()));

    let launcher = null;
    const unread = (there) => {
      if (!launcher) return;
      launcher.classList.toggle("unread", there);
      const words = settings.languages[shell.lang].labels;
      launcher.setAttribute("aria-label", there ? `${words.open} (${words.unread})` : words.open);
    };
    if (into) {
      // A custom property of the page: without script its own words stay where they are.
      document.documentElement.classList.add("pishkhan-on");
      document.querySelector(into).append(host);
      open();
    } else {
      launcher = document.createElement("button");
      launcher.className = "launcher";
      launcher.type = "button";
      launcher.setAttribute("aria-label", labels.open);
      launcher.setAttribute("aria-expanded", "false");
      const face = document.createElement("img");
      face.src = `${base}widget/mark.svg`;
      face.alt = "";
      launcher.append(face);
      launcher.onclick = () => (launcher.getAttribute("aria-expanded") === "true" ? close() : open());
      shell.append(launcher);
      document.body.append(host);
      if ("open" in script.dataset) open();
      else if (past.token) load(); // a conversation is under way: what the desk has to tell shows as unread
    }
    window.pishkhan = { open, close };
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
