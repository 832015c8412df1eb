import { element } from "../_shared/grow.js";
import { Snippet, define } from "../_shared/snippet.js";
import { hear, hearing, markTab, tone } from "./calls.js";

const SHAPES = { band: "band", louder: "band", full: "full" };
const UNSEEN = ["band", "louder", "full"];

/**
 * Tells the therapist of a client's pause: a band, after 10 s a larger one, after 30 s the whole page around the client's picture; after the
 * tap, words to stay with the person. Nothing here ends the pause.
 * @attr {"band"|"louder"|"full"|"seen"|"left"|"resumed"} stage   @attr {string} asked-at   @attr {string} seen-at   @attr {string} level
 * @attr {string} choice   @attr {number} nudges   @attr {string} name  the client's name, if the host page gave it   @attr {boolean} quiet   @attr {boolean} vibrate
 * @fires pause-request  {kind: "pause.see", pause}
 */
export class PauseNotice extends Snippet {
  static observedAttributes = ["stage", "pause", "asked-at", "seen-at", "level", "choice", "nudges", "name", "quiet", "vibrate", "clock-offset", "pending", "unsent", "refused"];
  static place = "notice";
  #called = "";
  #timer = 0;

  built() {
    this.on("see", "click", () => this.see());
    this.on("tone", "click", () => {
      hear(!hearing());
      this.refresh();
    });
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    markTab("");
  }

  /** Says that it was seen; also by the chord. */
  see() {
    if (UNSEEN.includes(this.getAttribute("stage")) && !this.hasAttribute("pending")) this.ask("pause.see", { pause: this.getAttribute("pause") });
  }

  /** How much of each side of the stage is taken: all around the window, or the band's height. */
  covers(all) {
    const full = this.hasAttribute("data-full");
    const box = this.$(full ? "window" : "panel").getBoundingClientRect();
    if (full) return { top: box.top - all.top, bottom: all.bottom - box.bottom, left: box.left - all.left, right: all.right - box.right };
    if (all.width <= 720) return { bottom: all.bottom - box.top };
    return this.$("panel").dataset.as === "band" ? { top: box.bottom - all.top } : {};
  }

  render() {
    clearTimeout(this.#timer);
    const stage = this.getAttribute("stage");
    const panel = this.$("panel");
    panel.dataset.as = SHAPES[stage] ?? "note";
    panel.toggleAttribute("data-louder", stage === "louder");
    this.toggleAttribute("data-full", stage === "full");
    this.#words(stage);
    this.$("see").hidden = !UNSEEN.includes(stage);
    this.$("see").setAttribute("aria-disabled", this.hasAttribute("pending"));
    this.$("tone").hidden = stage !== "seen" || this.hasAttribute("quiet");
    this.$("tone").setAttribute("aria-pressed", hearing());
    this.text("note", this.hasAttribute("refused") ? this.say("refused") : this.hasAttribute("unsent") ? this.say("unsent") : "");
    this.#call(stage);
    if (UNSEEN.includes(stage) && this.isConnected) this.#timer = setTimeout(() => this.refresh(), 1000);
  }

  #words(stage) {
    const who = this.getAttribute("name") || this.say("your_client");
    const level = this.getAttribute("level");
    const choice = this.getAttribute("choice");
    const { title, when, line } = {
      band: { title: this.say("asked", { who }), when: this.#ago() },
      louder: { title: this.say("asked", { who }), when: this.#ago() },
      full: { title: this.say("asked_ago", { who, ago: this.#ago() }), when: this.say("waits") },
      seen: { title: this.say("paused"), when: this.say("since", { time: this.#time(), n: this.#seconds() }), line: this.say("script") },
      left: { title: this.say("left", { who, time: this.#time() }), line: this.say("left_line") },
      resumed: { title: this.say("ended"), when: this.say("asked_at", { time: this.#time() }), line: this.say(`choice_${choice}`, { who }) },
    }[stage] ?? {};
    const nudges = Number(this.getAttribute("nudges") ?? 0);
    const again = nudges && UNSEEN.includes(stage) ? ` ${this.say("nudges", { n: nudges })}` : "";
    this.text("title", title ?? "");
    this.text("when", (when ?? "") + again);
    this.text("line", line ?? "");
    const facts = stage === "seen" ? [level && this.say(`level_${level}`), this.say("only_they")].filter(Boolean) : [];
    this.$("facts").replaceChildren(...facts.map((fact) => element("li", {}, fact)));
  }

  /** Calls once for each step, and for each press that comes again. */
  #call(stage) {
    const step = `${stage} ${this.getAttribute("nudges")}`;
    if (!this.isConnected || step === this.#called) return;
    this.#called = step;
    const unseen = UNSEEN.includes(stage);
    markTab(unseen ? this.say("tab") : "");
    if (stage !== "seen") this.announce(stage === "resumed" ? this.$("line").textContent : this.$("title").textContent);
    if (unseen && !this.hasAttribute("quiet")) tone(stage !== "band");
    if (unseen && this.hasAttribute("vibrate")) navigator.vibrate?.(120);
  }

  #since(moment) {
    return Math.max(0, Math.round((moment - Date.parse(this.getAttribute("asked-at"))) / 1000));
  }

  #seconds() {
    return this.#since(Date.parse(this.getAttribute("seen-at")));
  }

  #ago() {
    const seconds = this.#since(Date.now() + Number(this.getAttribute("clock-offset") ?? 0));
    const format = new Intl.RelativeTimeFormat(this.lang || "en", { numeric: "always" });
    return seconds < 60 ? format.format(-seconds, "second") : format.format(-Math.floor(seconds / 60), "minute");
  }

  #time() {
    return new Intl.DateTimeFormat(this.lang || "en", { hour: "2-digit", minute: "2-digit", hour12: false }).format(new Date(this.getAttribute("asked-at")));
  }
}

define("pause-notice", PauseNotice);
