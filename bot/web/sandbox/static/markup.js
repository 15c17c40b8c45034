/* Telegram's HTML (core.telegram.org/bots/api#html-style) → nodes. What is not in the list stays words. */

import { h } from "../../widget/words.js";

const PLAIN = { B: "b", STRONG: "b", I: "i", EM: "i", U: "u", INS: "u", S: "s", DEL: "s", STRIKE: "s", CODE: "code", PRE: "pre", BLOCKQUOTE: "blockquote" };
const ADDRESS = /(https?:\/\/[^\s\u2066-\u2069<>"«»]+)/;
const TAIL = /[.,;:!?)\]،؛؟]+$/;

/** The nodes of a message's text. */
export function marked(text, html) {
  if (!html) return linked(text);
  const parsed = new DOMParser().parseFromString(text, "text/html");
  return [...parsed.body.childNodes].flatMap(node);
}

function node(from) {
  if (from.nodeType === Node.TEXT_NODE) return linked(from.data);
  if (from.nodeType !== Node.ELEMENT_NODE) return [];
  const inside = [...from.childNodes].flatMap(node);
  if (from.tagName === "A") return [link(from.getAttribute("href") ?? "", from.textContent)];
  if (from.tagName === "CODE") return [h("bdi", { dir: "ltr" }, h("code", {}, from.textContent))];
  const tag = PLAIN[from.tagName];
  return tag ? [h(tag, {}, ...inside)] : inside;
}

function linked(text) {
  return text.split(ADDRESS).flatMap((part, n) => {
    if (n % 2 === 0) return part ? [part] : [];
    const tail = TAIL.exec(part)?.[0] ?? "";
    const shown = part.slice(0, part.length - tail.length);
    return [link(shown, shown), tail];
  });
}

const link = (href, words) =>
  /^https?:/.test(href) ? h("a", { href, target: "_blank", rel: "noopener noreferrer", dir: "ltr" }, words) : words;
