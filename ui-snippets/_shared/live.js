import { backoff, since } from "./clock.js";

const DEAD = 10000; // the service pings every 4 s
const STUCK = 5000;
const STABLE = 10000;

const visible = () => document.visibilityState === "visible";

/**
 * The only socket of a page. It says what it knows: a link that has been silent for 10 s counts as dead, whatever the browser claims.
 * @typedef {{screen(frame): void, answer(frame): void, up(): void, silence(silent: boolean): void, failed(): void, hidden(): void, inSight(): boolean}} Listener
 */
export class Line {
  silent = false;
  /** The longest wait between two tries, in milliseconds; shorter while somebody's press waits. */
  cap = () => 30000;
  #socket = null;
  #up = false;
  #tries = 0;
  #timers = { retry: 0, stuck: 0, dead: 0, stable: 0 };
  #heard = () => Infinity;
  #owed = null; // the revision that is on the screen and not yet reported
  #shown = null;
  #closed = false;

  /** @param {import("./pass.js").Pass} pass  @param {Listener} on */
  constructor(pass, on) {
    this.pass = pass;
    this.on = on;
    const now = () => this.#turned();
    this.undo = [[window, "online"], [window, "pageshow"], [document, "visibilitychange"]].map(([target, type]) => {
      target.addEventListener(type, now);
      return () => target.removeEventListener(type, now);
    });
    this.#watch();
    this.#connect();
  }

  /** Whether something was heard within two seconds: only then may a press trust the socket alone for a moment. */
  get alive() {
    return this.#up && this.#heard() < 2000;
  }

  /** Sends a frame; false when there is no link to send it on. */
  send(frame) {
    if (!this.#up || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ v: 1, ...frame }));
    return true;
  }

  /** Says that a screen is on this page; held back while nobody can see the page. */
  painted(revision) {
    this.#shown = this.#owed = revision;
    this.#report();
  }

  /** Tries again at once if there is no link. */
  hurry() {
    if (this.#socket && this.#socket.readyState > WebSocket.OPEN) this.#drop();
    if (!this.#socket) this.#connect();
  }

  close() {
    this.#closed = true;
    for (const undo of this.undo) undo();
    this.#drop();
    clearTimeout(this.#timers.dead);
  }

  #connect() {
    if (this.#closed) return;
    clearTimeout(this.#timers.retry);
    const socket = new WebSocket(`${this.pass.service.replace(/^http/, "ws")}/v1/live`);
    this.#socket = socket;
    this.#timers.stuck = setTimeout(() => this.#lost(), STUCK);
    socket.onopen = () => socket.send(JSON.stringify({ v: 1, type: "hello", token: this.pass.token, visible: visible() }));
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#lost(code);
  }

  /** Lets go of the socket without waiting for its close event: a cut line may never send one. */
  #drop() {
    for (const name of ["retry", "stuck", "stable"]) clearTimeout(this.#timers[name]);
    const socket = this.#socket;
    this.#socket = null;
    this.#up = false;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  async #lost(code) {
    const answered = this.#up;
    this.#drop();
    if (!answered && code !== 4401) this.on.failed();
    if (code === 4401) await this.pass.renew();
    if (this.#closed || this.#socket) return;
    // The first try after a working link is made at once, all others wait.
    const wait = answered && !this.#tries ? 0 : backoff(this.#tries, this.cap());
    this.#tries += 1;
    clearTimeout(this.#timers.retry);
    this.#timers.retry = setTimeout(() => this.#connect(), wait);
  }

  #receive(data) {
    this.#watch();
    const frame = JSON.parse(data);
    if (!this.#up) {
      this.#up = true;
      clearTimeout(this.#timers.stuck);
      this.#timers.stable = setTimeout(() => { this.#tries = 0; }, STABLE);
      this.on.up();
    }
    if (frame.type === "ping") {
      this.send({ type: "pong", visible: visible() });
      this.#report();
    } else if (frame.type === "token") this.pass.token = frame.token;
    else if (frame.type === "screen") this.on.screen(frame);
    else if (frame.type === "answer") this.on.answer(frame);
  }

  /** Starts the count of silence anew. */
  #watch() {
    this.#heard = since();
    clearTimeout(this.#timers.dead);
    this.#timers.dead = setTimeout(() => {
      this.#say(true);
      if (this.#up) this.#lost();
    }, DEAD);
    this.#say(false);
  }

  #say(silent) {
    if (this.silent === silent) return;
    this.silent = silent;
    this.on.silence(silent);
  }

  #report() {
    if (this.#owed !== null && visible() && this.on.inSight() && this.send({ type: "painted", revision: this.#owed })) this.#owed = null;
  }

  #turned() {
    if (this.#up && this.#heard() > DEAD) this.#lost();
    this.send({ type: "pong", visible: visible() });
    if (visible()) {
      this.#owed = this.#shown;
      this.#report();
      this.#tries = 0;
      this.hurry();
    } else this.on.hidden();
  }
}
