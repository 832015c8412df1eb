import { Snippet, define } from "../_shared/snippet.js";

/**
 * Tells the therapist whether a press could reach them: silence must be visible. The stage sets "down" by itself when its own line is silent.
 * @attr {"ready"|"down"|"absent"} state
 */
export class PauseReady extends Snippet {
  static observedAttributes = ["state"];
  static place = "dot";
  #said = "ready";

  render() {
    const state = this.getAttribute("state");
    this.$("dot").dataset.state = state;
    this.text("words", this.say(state));
    if (state !== this.#said && "down" === state) this.announce(this.say(state));
    this.#said = state;
  }
}

define("pause-ready", PauseReady);
