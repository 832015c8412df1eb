import { Outbox } from "../_shared/asks.js";
import { Line } from "../_shared/live.js";
import { loadPages } from "../_shared/pages.js";
import { Snippet, define } from "../_shared/snippet.js";
import { mount } from "./cards.js";
import { isChord } from "./chord.js";
import { publishLayout } from "./layout.js";
import { OwnPause } from "./own-pause.js";
import { Wishes } from "./wishes.js";

const REQUESTS = ["pause", "checkin", "consent", "survey", "mirror"];
const SEE_CHORD = "Alt+Shift+S";
const PREFETCH = 5000;

/**
 * Lays the cards of a screen over the call, turns wishes into asks, and knows the truth about its person's own pause before the service does.
 * Only this element holds a connection. Without `start` it is a picture: it shows what `show` is given.
 * @fires fm-up  when a screen is on the page   @fires fm-layout {bottom, left, right, top} covered pixels
 */
export class OverlayStage extends Snippet {
  /** Names by person's id, if the host page hands them over. @type {Record<string, string>} */
  names = {};
  /** What the host page set: no sound, vibration, no key chords. */
  options = { quiet: false, vibrate: false, chords: true };
  #own = new OwnPause();
  #wishes = new Wishes(this.#own, { paint: () => this.paint(), enter: () => this.#enter(), leave: () => this.#leave() });
  /** @type {Line | null} */
  #line = null;
  #screen = { revision: 0, now: "", cards: [] };
  #offset = 0;
  #timer = 0;
  #back = null; // where the focus was before the person's press
  #layout = () => {};

  built() {
    for (const name of REQUESTS) this.shadowRoot.addEventListener(`${name}-request`, (event) => this.#wishes.take(event));
    this.shadowRoot.addEventListener("fm-dismiss", () => this.#dismiss());
    this.#layout = publishLayout(this);
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("keydown", this.#keys);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#keys);
  }

  /** Goes live. @param {import("../_shared/pass.js").Pass} pass */
  start(pass) {
    this.#line = new Line(pass, {
      screen: (frame) => this.show(frame),
      answer: (frame) => outbox.answered(frame),
      up: () => outbox.resend(),
      silence: () => this.paint(),
      failed: () => this.#byPost(pass.role),
      hidden: () => outbox.part(),
      inSight: () => this.checkVisibility?.({ visibilityProperty: true, opacityProperty: true }) ?? true,
    });
    const outbox = new Outbox(this.#line, pass);
    this.#line.cap = () => (outbox.urgent ? 5000 : 30000);
    this.#wishes.outbox = outbox;
    setTimeout(loadPages, PREFETCH); // while the service is there: the call may end when it is not
  }

  stop() {
    this.#line?.close();
    clearTimeout(this.#timer);
  }

  /** Shows a whole screen; by the time it returns, the page has it. */
  show(frame) {
    this.#screen = frame;
    this.#offset = Date.parse(frame.now) - Date.now();
    const back = this.#own.heard(frame.cards, this.#offset);
    if (back) this.#wishes.takeBack(back);
    this.paint();
    this.tell("fm-up");
    this.#line?.painted(frame.revision);
  }

  /** Brings the page up to what is known now. */
  paint() {
    clearTimeout(this.#timer);
    if (this.#own.stale) this.#wishes.outbox?.drop(this.#own.stale);
    const silent = this.#line?.silent ?? false;
    const { quiet, vibrate } = this.options;
    const whole = mount(this, this.#own.over(this.#screen.cards, silent), ({ card, person, state, ...own }) => ({
      clock_offset: this.#offset, lang: this.lang, name: this.names[person], vibrate,
      quiet: card === "pause-notice" ? quiet : own.quiet, // a quiet survey is the card's own matter
      state: silent && card === "pause-ready" ? "down" : state, // the own line is down: nothing is known of the client's
    }));
    if (!whole) this.#fetch();
    this.#layout();
    const { next } = this.#own;
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.paint(), next + 5);
  }

  /** What the screen asks for is not here yet; tries until it is. */
  async #fetch() {
    if (!await loadPages()) await new Promise((later) => setTimeout(later, 1000));
    if (this.isConnected) this.paint();
  }

  /** No socket can be had: a client's button works by POST alone. */
  #byPost(role) {
    if (role !== "client" || this.#screen.now) return;
    this.show({ revision: 0, now: new Date().toISOString(), cards: [{ card: "pause-button", state: "ready", chord: "Alt+Shift+P" }] });
  }

  #enter() {
    this.#back ??= this.shadowRoot.activeElement ?? document.activeElement;
    this.$("sheet").firstElementChild?.focus();
  }

  /** The focus returns to where it was before the press, if it is still in the sheet. */
  #leave() {
    const inside = this.shadowRoot.activeElement?.parentNode === this.$("sheet");
    const known = this.#back?.isConnected && this.#back !== document.body;
    if (inside) (known ? this.#back : this.$("button").firstElementChild)?.focus();
    this.#back = null;
  }

  #dismiss() {
    this.#own.dismiss();
    this.#leave();
    this.paint();
  }

  #keys = (event) => {
    if (!this.options.chords) return;
    const own = this.#screen.cards.find(({ chord }) => chord);
    const notice = this.shadowRoot.querySelector("pause-notice");
    if (isChord(event, own?.chord)) this.#wishes.press();
    else if (notice && isChord(event, SEE_CHORD)) notice.see();
    else return;
    event.preventDefault();
  };
}

define("overlay-stage", OverlayStage);
