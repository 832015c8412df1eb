import { end, runs, showEnding, showSentence, showUndo } from "../_shared/sentence.js";
import { Snippet, define } from "../_shared/snippet.js";

/**
 * What the therapist sees after asking for a moment: how far it has come, and the way on.
 * @attr {"pressed"|"accepted"|"delivered"|"seen"|"withdrawn"|"ended"} state  absent: no moment; only the live region is mounted
 * @attr {string} says  key of the sentence   @attr {string} pause   @attr {boolean} undo
 * @fires pause-request  {kind: "pause.withdraw" | "pause.resume", pause, …}   @fires fm-dismiss
 */
export class MomentSheet extends Snippet {
  static observedAttributes = ["state", "says", "pause", "undo", "pending", "unsent", "refused"];
  static styles = ["glass", "state"];

  built() {
    this.on("undo", "click", () => end(this, "pause.withdraw"));
    this.on("close", "click", () => this.tell("fm-dismiss"));
    this.on("go", "click", () => end(this, "pause.resume", { choice: "go_on" }));
  }

  get closed() {
    return !this.getAttribute("state");
  }

  focus() {
    this.$("panel").focus();
  }

  render() {
    showSentence(this);
    showUndo(this);
    this.$("ready").hidden = this.$("sees").hidden = !runs(this);
    showEnding(this, [this.$("undo"), this.$("go")]);
  }
}

define("moment-sheet", MomentSheet);
