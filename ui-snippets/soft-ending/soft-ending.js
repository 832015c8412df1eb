import { Snippet, define } from "../_shared/snippet.js";

/**
 * Soft words for both sides after the client chose to stop for today, and how they find each other again. It ends no call.
 * @attr {"client"|"therapist"} side  whose screen this is
 * @fires fm-dismiss  the person puts it away
 */
export class SoftEnding extends Snippet {
  static observedAttributes = ["side"];

  built() {
    this.on("close", "click", () => this.#putAway());
  }

  /** Put away: the stage gives its place to the video. */
  get closed() {
    return this.hidden;
  }

  #putAway() {
    this.hidden = true;
    this.tell("fm-dismiss");
  }

  render() {
    const side = this.getAttribute("side") === "therapist" ? "therapist" : "client";
    if (this.$("title").textContent !== this.say(`title_${side}`)) this.announce(this.say(`title_${side}`));
    for (const id of ["title", "now", "next"]) this.text(id, this.say(`${id}_${side}`));
  }
}

define("soft-ending", SoftEnding);
