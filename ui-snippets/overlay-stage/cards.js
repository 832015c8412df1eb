/** An own pause lives in one element for the whole call (its live region must be there before it speaks); others are one per pause. */
const keyOf = ({ card, pause }) => (card.endsWith("-sheet") ? card : `${card} ${pause ?? ""}`);

const kebab = (name) => name.replaceAll("_", "-");

function write(element, name, value) {
  if (value === null || value === undefined || value === false) return element.removeAttribute(name);
  const text = value === true ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Brings the cards onto the stage: one element a card, kept as long as its card is there, so that focus and typed text stay.
 * Cards of unknown tags are left out: a newer service may know more than an older page.
 */
export function mount(stage, cards, extra) {
  const kept = new Map([...stage.shadowRoot.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each]));
  const last = new Map();
  for (const { card, ...fields } of cards) {
    const Class = customElements.get(card);
    if (!Class) continue;
    const key = keyOf({ card, ...fields });
    const element = kept.get(key) ?? document.createElement(card);
    kept.delete(key);
    element.dataset.key = key;
    for (const name of Class.observedAttributes) if (!(name in extra) && !HELD.has(name)) write(element, name, fields[name.replaceAll("-", "_")]);
    for (const [name, value] of Object.entries(extra)) write(element, name, value);
    place(stage.$(Class.place), element, last);
    element.refresh();
  }
  for (const gone of kept.values()) gone.remove();
}

/** Set by the stage while an ask is under way; a new screen does not clear them. */
const HELD = new Set(["pending", "unsent", "refused"]);

function place(container, element, last) {
  const before = last.get(container);
  last.set(container, element);
  if (element.parentNode !== container) container.insertBefore(element, before ? before.nextSibling : container.firstChild);
}
