import { element } from "../_shared/grow.js";
import { end, runs, showEnding, showSentence, showUndo } from "../_shared/sentence.js";
import { Snippet, define } from "../_shared/snippet.js";

const GROUNDING = ["look", "feet", "senses", "cool", "quiet"];

/**
 * What the client sees after the press: one true sentence, something to do, what would help, and the way on, which is theirs alone.
 * @attr {"pressed"|"accepted"|"delivered"|"seen"|"withdrawn"|"ended"} state  absent: no pause; only the live region is mounted
 * @attr {string} says  key of the sentence   @attr {string} pause   @attr {boolean} undo   @attr {string} level   @attr {boolean} unattended
 * @fires pause-request  {kind: "pause.withdraw" | "pause.level" | "pause.resume", pause, …}
 * @fires fm-dismiss  the person puts a closed sheet away
 */
export class PauseSheet extends Snippet {
  static observedAttributes = ["state", "says", "pause", "undo", "level", "unattended", "pending", "unsent", "refused"];
  static styles = ["glass", "state"];
  #exercise = "";
  #pause = "";

  built() {
    for (const name of GROUNDING) {
      const pill = element("button", { class: "pill", part: "button", type: "button", "data-name": name });
      pill.addEventListener("click", () => this.#open(name));
      this.$("pills").append(pill);
    }
    this.on("stop", "click", () => this.#open(""));
    this.on("undo", "click", () => end(this, "pause.withdraw"));
    this.on("close", "click", () => this.tell("fm-dismiss"));
    this.on("levels", "change", ({ target }) => this.ask("pause.level", { pause: this.#pause, level: target.value }));
    this.on("choices", "click", ({ target }) => {
      const button = target.closest("button");
      if (button) end(this, "pause.resume", { choice: button.value });
    });
  }

  /** Whether nothing but the live region is shown. */
  get closed() {
    return !this.getAttribute("state");
  }

  focus() {
    this.$("panel").focus();
  }

  render() {
    const running = runs(this);
    const state = this.getAttribute("state");
    if (this.getAttribute("pause") !== this.#pause) this.#begin();
    showSentence(this);
    this.$("only").hidden = showUndo(this) || !running; // in the undo's place, so that nothing moves under a finger
    this.$("ground").hidden = Boolean(this.#exercise) || state === "withdrawn";
    this.$("exercise").hidden = !this.#exercise;
    this.$("levels").hidden = !running || Boolean(this.#exercise);
    this.$("ready").hidden = !running;
    this.$("safety").hidden = running ? !this.hasAttribute("unattended") : state !== "ended";
    for (const pill of this.$("pills").children) pill.textContent = this.say(pill.dataset.name);
    showEnding(this, [this.$("undo"), ...this.$("choices").children]);
  }

  /** Another pause: nothing of the last one is chosen or open. */
  #begin() {
    this.#pause = this.getAttribute("pause");
    this.#exercise = "";
    for (const input of this.$("levels").querySelectorAll("input")) input.checked = input.value === this.getAttribute("level");
  }

  /** Opens an exercise, or closes it. The way out always has the focus first. */
  #open(name) {
    const before = this.#exercise;
    this.#exercise = name;
    this.refresh();
    if (!name) return this.$("pills").querySelector(`[data-name=${before}]`).focus();
    this.$("exercise-name").textContent = this.say(name);
    this.$("steps").replaceChildren(...this.say(`${name}_steps`).split("\n").map((step) => element("li", {}, step)));
    this.$("stop").focus();
  }
}

define("pause-sheet", PauseSheet);
