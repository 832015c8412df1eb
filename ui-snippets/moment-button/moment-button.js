import { Snippet, define } from "../_shared/snippet.js";

/**
 * The therapist's own pause: one press, no question.
 * @attr {"ready"|"open"|"alone"} state
 * @fires pause-request  {kind: "pause.press"}
 */
export class MomentButton extends Snippet {
  static observedAttributes = ["state"];
  static place = "button";
  static styles = ["glass", "round"];

  built() {
    this.on("press", "click", () => this.ask("pause.press"));
  }

  render() {
    this.$("press").toggleAttribute("data-open", this.getAttribute("state") === "open");
  }

  focus() {
    this.$("press").focus();
  }
}

define("moment-button", MomentButton);
