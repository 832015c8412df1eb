import { $ } from "./api.js";

/** @typedef {"opening" | "lobby" | "call"} View */
/** @type {View[]} */
const VIEWS = ["opening", "lobby", "call"];

/** @param {View} view */
export function show(view) {
  for (const each of VIEWS) $(each).hidden = each !== view;
}

/** Says one sentence on a page of its own. @param {string} words */
export function say(words) {
  show("opening");
  $("opening-says").textContent = words;
}

/** A wish that did not reach the sandbox: said where the person is, and nothing on the page claims otherwise. */
export function trouble() {
  for (const place of ["devices-say", "note", "after-says"]) $(place).textContent = "That did not work. Please try again.";
}

/** Keeps faces clear of what Fermata shows. @param {Record<string, number>} taken pixels by side */
export function reserve(taken) {
  for (const [side, pixels] of Object.entries(taken)) $("stage").style.setProperty(`--fm-inset-${side}`, `${pixels}px`);
  $("stage").toggleAttribute("data-tight", (taken.bottom ?? 0) > 150);
}

const AFTER = {
  left: { says: "You left.", again: "Join again" },
  over: { says: "This call has ended.", again: "New call" },
};

/**
 * The host's own few words after the call, above the stage that is Fermata's; without Fermata they have the page.
 * @param {{view: "left" | "over", mayEnd: boolean, fermata: boolean}} given
 */
export function showAfter({ view, mayEnd, fermata }) {
  show("call");
  $("call").classList.add("over");
  $("call").classList.toggle("bare", !fermata);
  $("after").hidden = false;
  $("after-says").textContent = AFTER[view].says;
  $("again").textContent = AFTER[view].again;
  $("after-end").hidden = !(mayEnd && view === "left");
}

/** The call itself. */
export function showCall() {
  show("call");
  $("call").classList.remove("over", "bare");
  $("after").hidden = true;
}
