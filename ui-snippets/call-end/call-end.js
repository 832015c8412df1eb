import { element } from "../_shared/grow.js";
import { Snippet, define } from "../_shared/snippet.js";

/**
 * The quiet page after the call: one true sentence, the way back where there is one, and where help is. The survey is only
 * a link here; it never opens by itself over this page.
 * @attr {"left_in_pause"|"left"|"over"|"sent"|"skipped"} says
 * @attr {boolean} back  the person may join again
 * @attr {boolean} survey  a quiet survey waits beside this page
 * @fires back-request  the person wants back into the call; joining is the host's business
 * @fires survey-open  the person wants to see the quiet survey
 */
export class CallEnd extends Snippet {
  static observedAttributes = ["says", "back", "survey"];
  static styles = ["paper"];
  static place = "page";

  built() {
    this.on("back", "click", () => this.tell("back-request"));
    this.on("survey", "click", () => this.tell("survey-open"));
  }

  render() {
    const words = this.say(this.getAttribute("says") ?? "over");
    if (words !== this.$("says").textContent) this.#set(words);
    for (const id of ["back", "survey"]) this.$(id).hidden = !this.hasAttribute(id);
  }

  /** Lines break between sentences where there is room for that. */
  #set(words) {
    const sentences = words.split(/(?<=\.) /).map((each) => element("span", {}, each));
    this.$("says").replaceChildren(...sentences.flatMap((each, at) => (at ? [" ", each] : [each])));
    this.announce(words);
  }
}

define("call-end", CallEnd);
