import { icon } from "./grow.js";

/** The tide mark beside each sentence; it only repeats the words. */
const TIDES = {
  on_its_way: "low", hidden: "low", trying: "low", delivered: "mid", not_tapped: "mid", not_answered: "mid", seen: "full",
  not_sent: "gap", therapist_gone: "gap", unreachable: "gap", too_old: "gap",
};

/** Whether a sheet's pause runs: its owner can still take it back or go on. */
export const runs = (sheet) => ["pressed", "accepted", "delivered", "seen"].includes(sheet.getAttribute("state"));

/**
 * Shows the one true sentence of an own pause. Its element is this page's only assertive region; the sheet stays mounted between pauses with
 * nothing but that region in it, so that the region is there before it has something to say. No other region ever repeats it.
 */
export function showSentence(sheet) {
  const closed = !sheet.getAttribute("state");
  const says = sheet.getAttribute("says");
  const panel = sheet.$("panel");
  panel.toggleAttribute("data-closed", closed);
  if (closed) panel.removeAttribute("aria-label");
  else panel.setAttribute("aria-label", sheet.say("panel"));
  sheet.text("says", closed ? "" : sheet.say(`says_${says}`));
  sheet.$("mark").replaceChildren(icon(`tide-${TIDES[says] ?? "still"}`));
}

/** Shows the undo, and the way to put a closed sheet away; the focus does not get lost when the undo goes. */
export function showUndo(sheet) {
  const undo = runs(sheet) && sheet.hasAttribute("undo");
  const held = sheet.shadowRoot.activeElement === sheet.$("undo");
  sheet.$("undo").hidden = !undo;
  sheet.$("close").hidden = runs(sheet);
  if (held && !undo) sheet.$("panel").focus();
  return undo;
}

/** Holds the buttons while the end of the pause is on its way, and says when that is not sent, or was refused. */
export function showEnding(sheet, buttons) {
  const waits = ["pause.withdraw", "pause.resume"].includes(sheet.getAttribute("pending"));
  for (const button of buttons) button.setAttribute("aria-disabled", waits);
  const refused = sheet.getAttribute("refused");
  const refusal = refused && (sheet.say(`refused_${refused}`) || sheet.say("refused"));
  const words = refusal || (sheet.hasAttribute("unsent") ? sheet.say("unsent") : "");
  if (words && words !== sheet.$("note").textContent) sheet.announce(words);
  sheet.text("note", words);
}

/** Asks for the end of the pause, unless that is under way. */
export function end(sheet, kind, detail = {}) {
  if (sheet.$("undo").getAttribute("aria-disabled") !== "true") sheet.ask(kind, { pause: sheet.getAttribute("pause"), ...detail });
}
