/** What a snippet with a wish observes: the stage says by these how the wish is doing. */
export const WISHING = ["pending", "unsent", "refused"];

/** Sends a wish unless the last one is still under way. */
export function wish(snippet, kind, detail) {
  if (!snippet.hasAttribute("pending")) snippet.ask(kind, detail);
}

/**
 * Shows how the wish is doing, from the attributes alone: the buttons are held while it is under way, a refusal is said in
 * plain words, and what was written stays where it is. Nothing says "sent": only the next card is proof of that.
 * @param {import("./snippet.js").Snippet} snippet  has an element "note" and the words busy, unsent, refused, refused_<reason>
 * @param {string[]} buttons  ids
 */
export function showWish(snippet, buttons) {
  const reason = snippet.getAttribute("refused");
  const pending = snippet.hasAttribute("pending");
  for (const id of buttons) snippet.$(id).setAttribute("aria-disabled", pending);
  const refusal = reason !== null && (snippet.say(`refused_${reason}`) || snippet.say("refused"));
  note(snippet, refusal || (pending ? snippet.say(snippet.hasAttribute("unsent") ? "unsent" : "busy") : ""));
}

/** Puts a sentence beside the buttons and has it read out. */
export function note(snippet, words) {
  if (words && words !== snippet.$("note").textContent) snippet.announce(words);
  snippet.text("note", words);
}
