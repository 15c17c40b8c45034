/* The line to the server: a WebSocket, or, where none opens, requests. It reconnects by itself, waiting longer each
 * time, and says hello first. What is sent while it is down is lost: the queue is not its business. */

const OPENING = 8_000; // ms to wait for the welcome
const LONGEST = 15_000; // ms between two tries
const POLL = 3_000;
const POLL_HIDDEN = 20_000;
const POLLS = 40; // then one WebSocket is tried again
const PONG = 5_000;

export class Link {
  /** `hello()` makes the first frame; `onFrame(frame)`; `onState("connecting" | "online" | "offline")` */
  constructor(base, { hello, onFrame, onState }) {
    this.base = base;
    this.hello = hello;
    this.onFrame = onFrame;
    this.onState = onState;
    this.state = "connecting";
    this.unopened = 0; // WebSockets that never opened, one after the other
    this.tries = 0;
    this.round = 0; // of connecting; whatever belongs to an older one is not heard
    addEventListener("online", () => this.restart());
    addEventListener("offline", () => this.lost(this.round));
    document.addEventListener("visibilitychange", () => document.hidden || this.probe());
  }

  get online() {
    return this.state === "online";
  }

  restart() {
    this.drop();
    this.connect();
  }

  /** Is the line really there? A phone that slept does not know. */
  probe() {
    if (!this.socket) return this.online ? undefined : this.restart();
    if (!this.online) return undefined;
    const round = this.round;
    this.pong = setTimeout(() => round === this.round && this.restart(), PONG);
    this.socket.send('{"type":"ping"}');
  }

  send(frame) {
    if (!this.online) return;
    if (this.socket) this.socket.send(JSON.stringify(frame));
    else this.post(frame, this.round);
  }

  connect() {
    const round = ++this.round;
    if (this.unopened >= 2 || !("WebSocket" in window)) return this.greet(round);
    const address = new URL("channels/web/socket", this.base);
    address.protocol = address.protocol.replace("http", "ws");
    let opened = false;
    let socket;
    try {
      socket = new WebSocket(address);
    } catch {
      this.unopened = 2;
      return this.restart();
    }
    this.socket = socket;
    this.timer = setTimeout(() => ended(), OPENING);
    const ended = () => {
      if (round !== this.round) return undefined;
      if (opened || ++this.unopened < 2) return this.lost(round);
      return this.restart(); // by requests, at once
    };
    socket.onopen = () => {
      opened = true;
      this.unopened = 0;
      socket.send(JSON.stringify(this.hello()));
    };
    socket.onmessage = ({ data }) => round === this.round && this.heard(JSON.parse(data));
    socket.onclose = ended;
    return undefined;
  }

  heard(frame) {
    clearTimeout(this.pong);
    if (frame.type === "welcome") {
      clearTimeout(this.timer);
      this.tries = 0;
      this.onFrame(frame);
      this.become("online");
    } else if (frame.type === "error" && frame.code === "bad_session") {
      this.onFrame(frame); // the controller forgets the token, so this hello begins anew
      this.restart();
    } else if (frame.type !== "pong") {
      this.onFrame(frame);
    }
  }

  become(state) {
    this.state = state;
    this.onState(state);
  }

  drop() {
    this.round++;
    clearTimeout(this.timer);
    clearTimeout(this.pong);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.state = "connecting";
  }

  lost(round) {
    if (round !== this.round) return;
    this.drop();
    this.become("offline");
    const wait = Math.min(LONGEST, 500 * 2 ** this.tries++) * (0.7 + Math.random() * 0.6);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  // --- without WebSocket ---------------------------------------------------------------------

  async greet(round) {
    if (!(await this.post(this.hello(), round))) this.unopened = 0; // the server is away: next time as usual
    else if (round === this.round && this.online) this.poll(round);
    else this.lost(round);
  }

  async post(frame, round) {
    const body = JSON.stringify({ ...frame, session: this.hello().session });
    const headers = { "Content-Type": "application/json", "Accept-Language": this.hello().language };
    return this.fetch(`channels/web/messages`, { method: "POST", body, headers }, round, frame.id);
  }

  poll(round, left = POLLS) {
    if (left === 0) {
      this.unopened = 1; // perhaps a WebSocket opens by now
      return this.restart();
    }
    this.timer = setTimeout(async () => {
      const { session, after, language } = this.hello();
      const headers = { "X-Session": session, "Accept-Language": language };
      const address = `channels/web/messages?after=${after}&history=1`;
      if (round === this.round && (await this.fetch(address, { headers }, round))) this.poll(round, left - 1);
    }, document.hidden ? POLL_HIDDEN : POLL);
    return undefined;
  }

  /** Whether the server answered; its frames are heard, its refusals too. */
  async fetch(address, request, round, id) {
    try {
      const response = await fetch(new URL(address, this.base), { ...request, cache: "no-store" });
      const answer = await response.json();
      if (round !== this.round) return false;
      const refusal = { type: "error", code: answer.code, text: answer.detail, id, retry_in: answer.retry_in };
      for (const frame of response.ok ? answer.frames : [refusal]) this.heard(frame);
      return true;
    } catch {
      this.lost(round);
      return false;
    }
  }
}
