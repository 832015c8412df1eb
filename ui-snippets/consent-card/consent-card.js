import { Snippet, define } from "../_shared/snippet.js";
import { WISHING, showWish, wish } from "../_shared/wish.js";

/**
 * Asks once, in plain words, before a first answer is kept. No box is ticked for anybody; both answers look the same.
 * @attr {string} version  of the card's text
 * @attr {string} pending, unsent, refused  set by the stage: how the wish is doing
 * @fires consent-request  {kind: "consent.answer", choice: "save"|"not_now", therapist: boolean, practice: boolean}
 */
export class ConsentCard extends Snippet {
  static observedAttributes = [...WISHING];

  built() {
    for (const choice of ["save", "not_now"]) this.on(choice, "click", () => this.#answer(choice));
  }

  render() {
    showWish(this, ["save", "not_now"]);
  }

  #answer(choice) {
    const saved = choice === "save"; // "Not now" is a no to both, whatever was ticked before
    const [therapist, practice] = ["therapist", "practice"].map((id) => saved && this.$(id).checked);
    wish(this, "consent.answer", { choice, therapist, practice });
  }
}

define("consent-card", ConsentCard);
