import { backoff, since } from "./clock.js";

const TOO_OLD = 60000; // a press that slept longer is not sent
const GRACE = 1000; // how long a living socket may take before the second road is tried too

/**
 * What people asked for and the service has not confirmed. In memory only. Idempotent by id, on two roads, sent until an answer echoes
 * the id: a page of HTML with status 200, a redirect or an empty body is no answer.
 */
export class Outbox {
  /** @type {Map<string, any>} */
  #waiting = new Map();

  /** @param {import("./live.js").Line} line  @param {import("./pass.js").Pass} pass */
  constructor(line, pass) {
    this.line = line;
    this.pass = pass;
  }

  /** Whether a word about a pause waits; the line then tries more often. */
  get urgent() {
    return [...this.#waiting.values()].some(({ ask }) => ask.kind.startsWith("pause."));
  }

  has(id) {
    return this.#waiting.has(id);
  }

  /**
   * Sends an ask until it is answered. With `after`, it waits for the answer to that ask and falls with it.
   * @returns {Promise<{ok: true} | {refused: string}>}  `refused: "dropped"` when it was given up here
   */
  put(ask, { age = since(), after = "" } = {}) {
    return new Promise((settle) => {
      const entry = { ask, age, after, settle, tries: 0, timer: 0, stop: new AbortController() };
      this.#waiting.set(ask.id, entry);
      if (!this.has(after)) this.#start(entry);
    });
  }

  /** Gives an ask up, with all that wait for it. */
  drop(id) {
    this.answered({ id, refused: "dropped" });
  }

  /** Takes an answer from either road; the first one counts. */
  answered({ id, ok, refused }) {
    const entry = this.#waiting.get(id);
    if (!entry || !(ok === true || refused)) return;
    this.#waiting.delete(id);
    clearTimeout(entry.timer);
    entry.stop.abort();
    entry.settle(ok ? { ok } : { refused });
    for (const next of [...this.#waiting.values()].filter(({ after }) => after === id)) {
      next.after = "";
      if (ok) this.#start(next);
      else this.answered({ id: next.ask.id, refused });
    }
  }

  /** Sends all that waits over the socket again: it has just opened. */
  resend() {
    for (const entry of this.#ready()) this.line.send(this.#frame(entry));
  }

  /** Tries both roads for all that waits, now. */
  hurry() {
    this.line.hurry();
    for (const entry of this.#ready()) this.#start(entry);
  }

  /** The page may never come back: what waits goes once more, in a way that outlives it. */
  part() {
    for (const entry of this.#waiting.values()) if (!this.has(entry.after)) this.#carry(entry, true).then((answer) => this.#hear(entry, answer), () => {});
  }

  /** What may be sent now: nothing that waits for another, and no press that is too old. */
  #ready() {
    const all = [...this.#waiting.values()];
    for (const { ask, age } of all) if (ask.kind === "pause.press" && age() > TOO_OLD) this.drop(ask.id);
    return all.filter(({ ask, after }) => this.has(ask.id) && !this.has(after));
  }

  #frame({ ask, age }) {
    return { type: "ask", age_ms: Math.round(age()), ...ask };
  }

  #start(entry) {
    clearTimeout(entry.timer);
    const trusted = this.line.send(this.#frame(entry)) && this.line.alive;
    if (trusted) entry.timer = setTimeout(() => this.#post(entry), GRACE);
    else {
      this.line.hurry();
      this.#post(entry);
    }
  }

  async #post(entry) {
    if (!this.#ready().includes(entry)) return;
    const answer = await this.#carry(entry).catch(() => null);
    if (!this.has(entry.ask.id) || this.#hear(entry, answer)) return;
    entry.tries += 1;
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.#post(entry), 100 + backoff(entry.tries, this.urgent ? 5000 : 30000));
  }

  #hear({ ask: { id } }, answer) {
    const ours = answer?.type === "answer" && answer.id === id;
    if (ours) this.answered(answer);
    return ours;
  }

  /** With `keepalive` a request cannot be called back, and holds one of a few connections until somebody answers. */
  async #carry(entry, keepalive = false) {
    const answer = await fetch(`${this.pass.service}/v1/asks`, {
      method: "POST",
      body: JSON.stringify({ v: 1, ...this.#frame(entry), token: this.pass.token }), // a string goes as text/plain: no preflight
      keepalive, redirect: "error", credentials: "omit",
      signal: AbortSignal.any ? AbortSignal.any([entry.stop.signal, AbortSignal.timeout(5000)]) : entry.stop.signal,
    });
    if (answer.status === 401) await this.pass.renew();
    const final = [400, 413, 415].includes(answer.status) && answer.headers.get("content-type")?.includes("problem+json");
    return final ? { type: "answer", id: entry.ask.id, refused: "malformed" } : answer.json();
  }
}
