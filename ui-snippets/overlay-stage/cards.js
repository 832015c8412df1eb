import { isHere } from "../_shared/pages.js";

/** An own pause lives in one element for the whole call (its live region must be there before it speaks); others are one per pause. */
const keyOf = ({ card, pause }) => (card.endsWith("-sheet") ? card : `${card} ${pause ?? ""}`);

/** Set by the stage while an ask is under way; a new screen does not clear them. */
const HELD = ["pending", "unsent", "refused"];

/** Sets or removes an attribute as `examples.json` and the cards have it. */
export function write(element, name, value) {
  if (value === null || value === undefined || value === false) return element.removeAttribute(name);
  const text = value === true ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Brings the cards onto the stage: one element a card, kept as long as its card is there, so that focus and typed text stay.
 * Cards of unknown tags are left out: a newer service may know more than an older page.
 * @param {(card) => Record<string, unknown>} extra  what the stage adds to each card
 * @returns {boolean}  false when a page's data is not here yet: then the screen is to be painted again
 */
export function mount(stage, cards, extra) {
  const kept = new Map([...stage.shadowRoot.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each]));
  const last = new Map();
  const known = cards.filter(({ card }) => customElements.get(card)?.place);
  const shown = known.filter(({ card }) => isHere(card));
  for (const card of shown) {
    const Class = customElements.get(card.card);
    const key = keyOf(card);
    const element = kept.get(key) ?? document.createElement(card.card);
    kept.delete(key);
    element.dataset.key = key;
    fill(element, Class.observedAttributes, { ...card, ...extra(card) });
    place(stage.$(Class.place), element, last);
    element.refresh();
  }
  for (const gone of kept.values()) gone.remove();
  arrange(stage);
  return shown.length === known.length;
}

function fill(element, names, fields) {
  for (const name of names) if (!HELD.includes(name)) write(element, name, fields[name.replaceAll("-", "_")] ?? fields[name]);
}

function place(container, element, last) {
  const before = last.get(container);
  last.set(container, element);
  if (element.parentNode !== container) container.insertBefore(element, before ? before.nextSibling : container.firstChild);
}

/** One sheet is in front; a closed one takes no room. */
function arrange(stage) {
  let front = false;
  for (const sheet of stage.$("sheet").children) {
    const closed = sheet.closed === true;
    sheet.toggleAttribute("data-closed", closed);
    sheet.toggleAttribute("data-behind", front && !closed);
    front ||= !closed;
  }
  stage.$("places").toggleAttribute("data-sheet", front);
  const notices = [...stage.$("notice").children];
  stage.$("places").toggleAttribute("data-notice", notices.length > 0);
  stage.$("places").toggleAttribute("data-full", notices.some((notice) => notice.hasAttribute("data-full")));
}
