import { jitter, pageSession } from "./api.js";

/** Codes after which coming back makes no sense. */
const FINAL = new Set([4401, 4403, 4429]);
const BEAT_MS = 4000;
/** Without a word for this long the line is dead, whatever the socket claims. */
const SILENT_MS = 10000;
const LONGEST_PAUSE_MS = 4000;

/** The socket to the sandbox: comes back by itself until it is closed for good. Fires "frame" (detail: the frame), "lost" and "refused". */
export class Signalling extends EventTarget {
  /** This page in the call; stays the same over reconnects. */
  peer = crypto.randomUUID();
  /** @type {WebSocket | null} */
  #socket = null;
  #open = false;
  #tries = 0;
  #heard = 0;
  #timer = 0;

  open() {
    this.#open = true;
    this.#connect();
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    for (const [where, sign] of WAKING) where.addEventListener(sign, this.#wake);
  }

  /** @param {object} frame */
  send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  /** Closes for good; `leave` says that the person wanted it. @param {{leave: boolean}} how */
  close({ leave }) {
    if (leave) this.send({ type: "leave" });
    this.#open = false;
    clearInterval(this.#timer);
    for (const [where, sign] of WAKING) where.removeEventListener(sign, this.#wake);
    this.#socket?.close();
  }

  #connect() {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/call`);
    this.#socket = socket;
    this.#heard = Date.now();
    socket.onopen = () => this.send({ type: "hello", session: pageSession(), peer: this.peer });
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code);
  }

  /** @param {{type: string}} frame */
  #hear(frame) {
    this.#heard = Date.now();
    if (frame.type === "welcome") this.#tries = 0;
    if (frame.type !== "beat") this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  /** @param {number} code */
  #lost(code) {
    this.#socket = null;
    if (!this.#open) return;
    if (FINAL.has(code)) {
      this.close({ leave: false });
      this.dispatchEvent(new CustomEvent("refused", { detail: code }));
      return;
    }
    this.dispatchEvent(new Event("lost"));
    const pause = Math.min(200 * 2 ** this.#tries++, LONGEST_PAUSE_MS);
    setTimeout(() => this.#open && !this.#socket && this.#connect(), jitter(pause / 2, pause));
  }

  #beat() {
    if (this.#socket && Date.now() - this.#heard > SILENT_MS) this.#drop();
    else this.send({ type: "beat" });
  }

  /** The page is in front again, or the network is back: ask at once instead of waiting. */
  #wake = () => {
    if (document.visibilityState !== "visible") return;
    if (Date.now() - this.#heard > SILENT_MS) this.#drop();
    else this.send({ type: "beat" });
  };

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#tries = 0;
    this.#lost(1006);
  }
}

/** @type {[EventTarget, string][]} */
const WAKING = [[window, "online"], [window, "pageshow"], [document, "visibilitychange"]];
