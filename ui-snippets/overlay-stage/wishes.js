import { since } from "../_shared/clock.js";
import { write } from "./cards.js";

const UNSENT = 3000;
const NUDGE_LIVES = 2000;
const FREED = { "pause.withdraw": "withdrawn", "pause.resume": "resumed" };

/** Turns the wishes of elements into asks, and tells the elements and the page's own pause how they stand. */
export class Wishes {
  /** @type {import("../_shared/asks.js").Outbox | null} without one (demo pages), every wish is granted at once */
  outbox = null;

  /**
   * @param {import("./own-pause.js").OwnPause} own
   * @param {{paint(): void, enter(): void, leave(): void}} stage  enter and leave move the focus into the own sheet and back
   */
  constructor(own, stage) {
    this.own = own;
    this.stage = stage;
  }

  /** Takes a `…-request` event. */
  async take(event) {
    const { kind, ...detail } = event.detail;
    if (kind === "pause.press") return this.press();
    const made = since();
    const { pause } = detail;
    if (kind === "pause.withdraw") {
      this.own.takingBack(pause);
      this.outbox?.drop(pause); // not known to have arrived: then it need not
    }
    const answer = await this.#send({ id: crypto.randomUUID(), kind, ...detail }, event.composedPath()[0], { age: made, after: pause });
    const nothing = kind === "pause.withdraw" && answer.refused === "no_such_pause";
    if (FREED[kind] && (answer.ok || nothing)) {
      this.own.closed(pause, FREED[kind], made);
      if (kind === "pause.resume") this.stage.leave();
    }
    this.stage.paint();
  }

  /** The person's press: their own screen changes before anything is sent. */
  press() {
    const id = crypto.randomUUID();
    const outcome = this.own.press(id);
    if (outcome === "again") this.outbox?.hurry();
    if (outcome === "nudge") this.#nudge(id);
    if (outcome !== "start" && outcome !== "alone") return;
    this.stage.paint();
    this.stage.enter();
    if (outcome === "start") this.#deliver(id);
  }

  /** Undoes once more what a screen still shows as open, with the time of the first undo. */
  takeBack({ pause, made }) {
    this.outbox?.put({ id: crypto.randomUUID(), kind: "pause.withdraw", pause }, { age: made });
  }

  async #deliver(id) {
    const answer = await (this.outbox?.put({ id, kind: "pause.press" }) ?? { ok: true });
    if (answer.ok) this.own.accepted(id);
    else this.own.refused(id, answer.refused);
    this.stage.paint();
  }

  /** A nudge that cannot be sent soon is pointless, and one that came after the end of its pause would be a new pause. */
  #nudge(id) {
    this.outbox?.put({ id, kind: "pause.press" });
    setTimeout(() => this.outbox?.drop(id), NUDGE_LIVES);
  }

  /** Sends an ask and lets its element say how it stands. */
  async #send(ask, element, options) {
    const mark = (marks) => Object.entries(marks).forEach(([name, value]) => write(element, name, value));
    mark({ pending: ask.kind, unsent: null, refused: null });
    const late = setTimeout(() => mark({ unsent: true }), UNSENT);
    const answer = await (this.outbox?.put(ask, options) ?? { ok: true });
    clearTimeout(late);
    if (element.getAttribute("pending") === ask.kind) mark({ pending: null, unsent: null, refused: answer.refused });
    return answer;
  }
}
