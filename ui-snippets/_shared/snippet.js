import { grow } from "./grow.js";
import { styles, trees } from "./parts.js"; // made by build.py from the .html, .css, .svg and words/*.json
import { wording } from "./words.js";

try {
  // A registered length is worked out once, at the host element; unregistered, its `em` would compound in children.
  CSS.registerProperty({ name: "--fm-u", syntax: "<length>", inherits: true, initialValue: "1px" });
} catch { /* registered by an earlier copy of this script, or an older browser */ }

const sheets = new Map();
function sheet(name) {
  if (!sheets.has(name)) {
    sheets.set(name, new CSSStyleSheet());
    sheets.get(name).replaceSync(styles[name]);
  }
  return sheets.get(name);
}

/**
 * What all snippets share: markup, style and words by tag; attributes in, `…-request` events out. No network, no clock of truth.
 * A snippet overrides `built` (once, to listen) and `render` (whenever an attribute changed; must be cheap and idempotent).
 */
export class Snippet extends HTMLElement {
  /** Shared styles it wants beside its own: "glass" over video, "paper" after the call. */
  static styles = ["glass"];
  /** Where the stage puts it: "sheet", "button", "notice", "dot" or "page". */
  static place = "sheet";
  #due = false;
  /** @type {[string, (text: string) => void][]} */
  #labels = [];

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  connectedCallback() {
    if (!this.shadowRoot.firstChild) this.#build();
    this.refresh();
  }

  /** Attributes set together are rendered together, at the end of the running task. */
  attributeChangedCallback(name) {
    if (name === "lang") this.#speak();
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.#due && this.refresh());
  }

  /** Renders what is due now; the stage calls it before it says that a screen is painted. */
  refresh() {
    this.#due = false;
    if (this.shadowRoot.firstChild) this.render();
  }

  built() {}
  render() {}

  /** The element with this id in the shadow root. @returns {any} */
  $(id) {
    return this.shadowRoot.getElementById(id);
  }

  /** Listens on the element with this id. */
  on(id, type, listener) {
    this.$(id).addEventListener(type, listener);
  }

  /** A list or object that came as JSON in an attribute; null when absent. */
  data(name) {
    return JSON.parse(this.getAttribute(name) || "null");
  }

  /** The words for a key, with {placeholders} filled; `values.n` chooses the plural. */
  say(key, values = {}) {
    return wording(this.localName, this.lang || "en", key, values);
  }

  /** Sets text only when it differs, so a live region speaks once. */
  text(id, words) {
    if (this.$(id).textContent !== words) this.$(id).textContent = words;
  }

  /** Sends a wish up to the stage: `ask("pause.level", {level})` becomes a `pause-request` event. */
  ask(kind, detail = {}) {
    this.tell(`${kind.split(".")[0]}-request`, { kind, ...detail });
  }

  /** Dispatches an event that leaves the shadow roots. */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail }));
  }

  /** Has the stage read `words` out politely from its region in the page; never for the state of a pause. */
  announce(words) {
    this.tell("fm-say", { words });
  }

  #build() {
    this.shadowRoot.adoptedStyleSheets = ["tokens", "base", ...this.constructor.styles, this.localName].map(sheet);
    const label = (key, set) => this.#labels.push([key.slice(1, -1), set]);
    this.shadowRoot.append(...trees[this.localName].map((tree) => grow(tree, label)));
    this.#speak();
    this.built();
  }

  #speak() {
    for (const [key, set] of this.#labels) set(this.say(key));
  }
}

/** Registers a snippet under its tag; a second copy of the script on a page changes nothing. */
export function define(tag, Class) {
  const watched = [...(Class.observedAttributes ?? []), "lang"];
  Object.defineProperty(Class, "observedAttributes", { value: watched });
  if (!customElements.get(tag)) customElements.define(tag, Class);
}
