/**
 * One wish at a time: from the tap until the stage says `refused`, or the card changes, the buttons are held. What was
 * written stays where it is. Nothing here says that something was sent; only a new card is proof of that.
 */
export class Wish {
  #snippet;
  #buttons;
  #out = false;

  /** @param {import("./snippet.js").Snippet} snippet  has the words "busy" and "refused" and a live region with id "note" */
  constructor(snippet, ...buttons) {
    this.#snippet = snippet;
    this.#buttons = buttons;
  }

  /** Sends unless the last one is still out. */
  send(kind, detail) {
    if (this.#out) return;
    this.#snippet.removeAttribute("refused");
    this.#hold(true, this.#snippet.say("busy"));
    this.#snippet.ask(kind, detail);
  }

  /** Lets go once a refusal is there, and says what happened; call it from `render`. */
  settle() {
    const reason = this.#snippet.getAttribute("refused");
    if (reason === null) return;
    this.#hold(false, this.#snippet.say(`refused_${reason}`) || this.#snippet.say("refused"));
  }

  /** Lets go without a word: the card has moved on. */
  done() {
    if (this.#out) this.#hold(false, "");
  }

  #hold(out, words) {
    this.#out = out;
    for (const id of this.#buttons) this.#snippet.$(id).setAttribute("aria-disabled", out);
    this.#snippet.text("note", words);
  }
}
