import { since } from "../_shared/clock.js";

const SHEETS = { "pause-button": "pause-sheet", "moment-button": "moment-sheet" };
const UNDO = 8000, LATE = 3000, LATER = 10000, STALE = 60000;
const DOUBLE_TAP = 2000, NUDGE_EVERY = 5000;
const ENDED = { too_old: "too_old", dropped: "too_old", alone: "alone_not_yet", over: "alone_over" };

/**
 * What this page itself knows about its person's pause, laid over what the service's last screen says. It never claims more than is known:
 * nothing is accepted before an answer or a screen names the press. No DOM, no network; the stage acts on what it returns.
 */
export class OwnPause {
  /** @type {{id: string, age: () => number, accepted: boolean, shown: boolean, undone: boolean} | null} a press this page made */
  #mine = null;
  /** Words for a pause that does not run: alone, or not sent. */
  #ended = null;
  /** Pauses that this page took back or resumed, and whose answer is there. @type {Map<string, {how: string, age: () => number, made: () => number}>} */
  #closed = new Map();
  #away = null; // a closed sheet the person has put away
  #nudged = () => Infinity;
  #offset = 0;
  #theirs = null;
  #button = null;

  /** Takes in a screen of the service. Returns pauses it still shows as open though this person took them back: the undo has to go again. */
  heard(cards, offset) {
    this.#offset = offset;
    this.#button = cards.find(({ card }) => card in SHEETS);
    this.#theirs = cards.find(({ card }) => card === SHEETS[this.#button?.card]) ?? null;
    const known = this.#theirs?.pause === this.#mine?.id;
    const over = known ? this.#theirs?.state === "withdrawn" : this.#mine?.shown; // maybe from another window
    if (this.#mine && known) Object.assign(this.#mine, { accepted: true, shown: true });
    if (over || !this.#button) this.#mine = null;
    this.#merge();
    // It did arrive, or somebody is here now: what was said about it is no longer true.
    if (this.open) this.#forget();
    else if (this.#button?.state !== "alone" && this.#ended?.startsWith("alone")) this.#ended = null;
    const back = this.#closed.get(this.#theirs?.pause);
    return back?.how === "withdrawn" && this.#theirs.state !== "withdrawn" ? { pause: this.#theirs.pause, made: back.made } : null;
  }

  /** A press of the button or the chord. Returns "start", "nudge", "again" (send what waits once more), "alone" or "ignore". */
  press(id) {
    const open = this.open;
    if (!open && this.#button?.state === "alone") {
      this.#ended = this.#button.why === "over" ? "alone_over" : "alone_not_yet";
      return "alone";
    }
    if (!open) {
      this.#mine = { id, age: since(), accepted: false, shown: false, undone: false };
      this.#forget();
      this.#away = null;
      this.#nudged = () => Infinity;
      return "start";
    }
    if (this.#age() < DOUBLE_TAP || this.#nudged() < NUDGE_EVERY) return "ignore";
    this.#nudged = since();
    return this.#mine && !this.#mine.accepted ? "again" : "nudge";
  }

  /** The id of the pause that is open for this person, as far as this page knows. */
  get open() {
    if (this.#mine) return this.#mine.id;
    const theirs = this.#theirs;
    return theirs && theirs.state !== "withdrawn" && !this.#closed.has(theirs.pause) ? theirs.pause : null;
  }

  accepted(id) {
    if (this.#mine?.id === id) this.#mine.accepted = true;
    this.#merge();
  }

  /** Another window of this person had asked first: the service counted this press as a nudge, and that pause is the one that runs. */
  #merge() {
    const other = this.#theirs && this.#theirs.pause !== this.#mine?.id && this.#theirs.state !== "withdrawn" && !this.#closed.has(this.#theirs.pause);
    if (this.#mine?.accepted && other) this.#mine = null;
  }

  /** The person takes it back; the words stay until the service has answered, since it may be on the other screen. */
  takingBack(id) {
    if (this.#mine?.id === id) this.#mine.undone = true;
  }

  refused(id, reason) {
    if (this.#mine?.id !== id || this.#mine.undone) return;
    this.#mine = null;
    this.#ended = ENDED[reason] ?? "not_sent";
  }

  /** The person ended it and the service knows, or never knew of it. */
  closed(pause, how, made) {
    this.#closed.set(pause, { how, age: since(), made });
    if (this.#mine?.id === pause) this.#mine = null;
  }

  /** The person puts away a sheet that says how it ended. */
  dismiss() {
    if (this.open) return;
    this.#forget();
    this.#away = this.#theirs?.pause ?? null;
  }

  /** How earlier pauses ended is not said any more. */
  #forget() {
    this.#ended = null;
    for (const end of this.#closed.values()) end.age = () => Infinity;
  }

  /** A press that nobody took for a minute; it is not sent any more. */
  get stale() {
    return this.#mine && !this.#mine.accepted && this.#mine.age() >= STALE ? this.#mine.id : null;
  }

  /** Milliseconds until the words change by time alone. */
  get next() {
    const age = this.#age();
    return Math.min(...[LATE, UNDO, LATER, STALE].map((at) => at - age).filter((wait) => wait > 0), ...this.#closings());
  }

  /** The screen as this page knows it: the person's own button and sheet first. */
  over(cards, silent) {
    const button = this.#button;
    if (!button) return cards;
    const sheet = { card: SHEETS[button.card], ...this.#sheet(silent) };
    const state = this.open ? "open" : button.state === "open" ? "ready" : button.state;
    const others = cards.filter(({ card }) => card !== button.card && card !== sheet.card);
    return [{ ...button, state }, sheet, ...others];
  }

  #sheet(silent) {
    const [mine, theirs] = [this.#mine, this.#theirs];
    if (mine && theirs?.pause !== mine.id) return this.#local(mine);
    if (this.#ended && !this.open) return { state: "ended", says: this.#ended };
    const taken = [...this.#closed].find(([, { how, age }]) => how === "withdrawn" && age() < UNDO);
    if (taken && !this.open) return { pause: taken[0], state: "withdrawn", says: "taken_back" };
    if (!theirs || theirs.pause === this.#away || this.#closed.has(theirs.pause)) return { state: null };
    // A silent line: the service took it and may have got further, so only what was known then is said.
    const says = silent && theirs.state === "accepted" && this.#age() >= LATER ? "trying" : theirs.says;
    return { ...theirs, says, undo: theirs.undo && this.#age() < UNDO };
  }

  #local({ id, accepted, undone, age }) {
    const waited = age();
    const late = accepted ? "on_its_way" : "not_sent";
    const says = waited >= LATER && !undone ? "trying" : waited >= LATE ? late : "on_its_way";
    return { pause: id, state: accepted ? "accepted" : "pressed", says, undo: waited < UNDO, level: null };
  }

  #age() {
    if (this.#mine) return this.#mine.age();
    return this.#theirs?.pressed_at ? Date.now() + this.#offset - Date.parse(this.#theirs.pressed_at) : Infinity;
  }

  #closings() {
    return [...this.#closed.values()].map(({ age }) => UNDO - age()).filter((wait) => wait > 0);
  }
}
