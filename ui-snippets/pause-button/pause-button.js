import { Snippet, define } from "../_shared/snippet.js";

/**
 * The one calm button, always in the same place. Pressing it asks nothing: no "are you sure", no reason.
 * @attr {"ready"|"open"|"alone"} state  open: a pause of this person is open; a press is then a nudge
 * @attr {string} chord  shown to assistive technology; the stage listens for it
 * @fires pause-request  {kind: "pause.press"}
 */
export class PauseButton extends Snippet {
  static observedAttributes = ["state", "chord"];
  static place = "button";
  static styles = ["glass", "round"];

  built() {
    this.on("press", "click", () => this.ask("pause.press"));
  }

  render() {
    const button = this.$("press");
    button.toggleAttribute("data-open", this.getAttribute("state") === "open");
    const chord = this.getAttribute("chord");
    if (chord) button.setAttribute("aria-keyshortcuts", chord);
    else button.removeAttribute("aria-keyshortcuts");
  }

  focus() {
    this.$("press").focus();
  }
}

define("pause-button", PauseButton);
