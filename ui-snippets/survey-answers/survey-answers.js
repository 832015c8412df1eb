import { element } from "../_shared/grow.js";
import { Snippet, define } from "../_shared/snippet.js";

/** From this difference on, an answer is marked as worth asking about; a start of a talk, not a finding. */
const APART = 3;

/**
 * What the client shared, beside the therapist's own mirror of it, item by item. Opens only after the mirror is settled.
 * @attr {"waiting"|"shown"|"none"} state  none: kept private or not answered; the words do not say which
 * @attr {string} items  JSON [{key, text, client, mirror}]; numbers 0-10, or words
 */
export class SurveyAnswers extends Snippet {
  static observedAttributes = ["state", "items"];
  static styles = ["paper"];
  static place = "page";

  render() {
    const shown = this.getAttribute("state") === "shown";
    this.text("lede", this.say(shown ? "lede" : this.getAttribute("state") ?? "waiting"));
    this.$("items").replaceChildren(...(shown ? this.data("items") ?? [] : []).map((item) => this.#item(item)));
    for (const id of ["items", "foot"]) this.$(id).hidden = !shown;
  }

  #item({ text, client, mirror }) {
    const scale = typeof client === "number";
    const ask = scale && typeof mirror === "number" && Math.abs(client - mirror) >= APART;
    return element(
      "li", {}, element("h2", {}, text),
      ...(scale ? [line(client, mirror)] : []),
      element("dl", {}, this.#row("client", client), ...(scale || mirror ? [this.#row("mirror", mirror)] : [])),
      ...(ask ? [element("p", { class: "ask" }, this.say("ask"))] : []),
    );
  }

  #row(whose, value) {
    const number = typeof value === "number";
    const words = number ? this.say("of_ten", { n: value }) : value ?? this.say("unanswered");
    const sign = number ? [element("i", { class: whose })] : [];
    return element("div", { class: number ? "" : "said" }, element("dt", {}, ...sign, this.say(whose)), element("dd", {}, words));
  }
}

/** Both marks on one line from 0 to 10; the words below say the same. */
function line(client, mirror) {
  const marks = [["client", client], ["mirror", mirror]].filter(([, n]) => typeof n === "number").map(([whose, n]) => {
    const mark = element("i", { class: whose });
    mark.style.setProperty("grid-column", n + 1);
    return mark;
  });
  const drawn = element("div", { class: "line", "aria-hidden": "true" }, ...marks);
  drawn.style.setProperty("--client", client);
  return drawn;
}

define("survey-answers", SurveyAnswers);
