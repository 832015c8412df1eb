import { element } from "../_shared/grow.js";
import { Snippet, define } from "../_shared/snippet.js";

/**
 * The therapist's own notes on the pauses of a call, after it: when each was asked and seen, and how it ended. No score, no blame.
 * @attr {string} pauses  JSON [{asked_at, seen_at, level, choice, outcome, unattended}], times as RFC 3339
 * @attr {boolean} hint  there were so many that a quiet hint is shown
 */
export class PauseNotes extends Snippet {
  static observedAttributes = ["pauses", "hint"];
  static styles = ["paper"];
  static place = "page";

  render() {
    this.$("pauses").replaceChildren(...(this.data("pauses") ?? []).map((pause) => this.#note(pause)));
    this.$("hint").hidden = !this.hasAttribute("hint");
  }

  #note({ asked_at: asked, seen_at: seen, level, choice, outcome, unattended }) {
    const lines = [
      unattended && "unattended",
      level && `level_${level}`,
      outcome === "resumed" && choice ? `choice_${choice}` : outcome,
    ];
    const words = lines.filter(Boolean).map((key) => element("p", {}, this.say(key)));
    const heading = [this.say("asked", { at: this.#time(asked) }), seen ? this.say("seen", { wait: this.#wait(asked, seen) }) : this.say("never")];
    if (unattended) words.push(element("q", {}, this.say("repair")));
    return element("li", {}, element("b", {}, heading.join(", ")), ...words);
  }

  /** The time of day as this person's own device writes it. */
  #time(stamp) {
    return new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(new Date(stamp));
  }

  #wait(from, to) {
    const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
    const [n, unit] = seconds < 100 ? [seconds, "second"] : [Math.round(seconds / 60), "minute"];
    return new Intl.NumberFormat(this.lang || "en", { style: "unit", unit, unitDisplay: "long" }).format(n);
  }
}

define("pause-notes", PauseNotes);
