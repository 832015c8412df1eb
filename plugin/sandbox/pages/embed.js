import { $, ask, jitter, Refused } from "./api.js";

const WORDS = "The pause button is not here right now. You can say it out loud, wave, or leave.";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
/** A participant token lives 15 minutes; until Fermata has taken it once, it is kept fresh. */
const FRESH_MS = 10 * 60 * 1000;

/** Trusted Types: the one script this page ever makes is the one the sandbox's own server names. */
const policy = globalThis.trustedTypes?.createPolicy("sandbox-embed", { createScriptURL: (url) => new URL(url).href });

/**
 * Fermata, embedded as any integrator would: one module script with its hash, one element with a token.
 *
 * How the button comes when the service was away: the words above stand in the page at once. The page asks the sandbox
 * for the script's address and hash; the sandbox reads both from the plugin, freshly, and answers 503 while it is away.
 * The page asks again with growing pauses. When the script cannot be loaded or its hash does not fit, its tag is taken
 * out and all is asked for again, at an address with another query, because browsers remember a module that failed.
 * The element is there from the moment its tag name is known; it upgrades in place when the script runs.
 */
export class Embed {
  /** @type {HTMLElement | null} */
  #element = null;
  #words = document.createElement("p");
  #occurrence = "";
  #fresh = 0;
  /** @type {symbol | null} the present wish to be shown */
  #wish = null;
  #tries = 0;

  constructor() {
    this.#words.className = "plain";
    this.#words.textContent = WORDS;
  }

  /** Shows Fermata for the session this person is in, or was in last; safe to call again. */
  async show() {
    const wish = (this.#wish = Symbol("show"));
    if (!this.#words.isConnected) this.#put(this.#words);
    for (let pause = FIRST_PAUSE_MS; wish === this.#wish; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (await this.#load(wish)) return;
      await new Promise((go) => setTimeout(go, jitter(pause / 2, pause)));
    }
  }

  /** Takes everything of Fermata out of the page; a script that ran cannot be unloaded, but has nothing left to show. */
  hide() {
    this.#wish = null;
    clearInterval(this.#fresh);
    this.#element?.remove();
    this.#words.remove();
    this.#element = null;
    this.#occurrence = "";
  }

  /** @param {symbol} wish @returns {Promise<boolean>} whether there is nothing left to do */
  async #load(wish) {
    try {
      const [embed, participant] = [await ask("GET", "/api/embed"), await ask("POST", "/api/participant-token")];
      if (wish !== this.#wish) return true;
      this.#mount(embed.tag, participant);
      return Boolean(customElements.get(embed.tag)) || (await this.#script(embed));
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (problem.status === 404 && wish === this.#wish) this.hide();
      return problem.status === 404;
    }
  }

  /** @param {string} tag @param {{token: string, occurrence: string}} participant */
  #mount(tag, { token, occurrence }) {
    if (this.#element && this.#occurrence === occurrence) return;
    const element = document.createElement(tag);
    element.className = "overlay";
    element.setAttribute("session-token", token);
    element.append(this.#words);
    this.#element?.remove();
    this.#element = element;
    this.#occurrence = occurrence;
    this.#put(element);
    this.#keepFresh(element);
  }

  /** @param {HTMLElement} element */
  #keepFresh(element) {
    clearInterval(this.#fresh);
    const timer = (this.#fresh = setInterval(async () => {
      const given = await ask("POST", "/api/participant-token").catch(() => null);
      if (given?.occurrence === this.#occurrence) element.setAttribute("session-token", given.token);
    }, FRESH_MS));
    element.addEventListener("fm-ready", () => {
      clearInterval(timer);
      element.dataset.ready = "";
    });
  }

  /** @param {HTMLElement} node */
  #put(node) {
    $("stage").insertBefore(node, $("controls"));
  }

  /** @param {{script: string, integrity: string}} embed @returns {Promise<boolean>} */
  #script({ script, integrity }) {
    const url = this.#tries ? `${script}?again=${this.#tries}` : script;
    this.#tries += 1;
    const tag = document.createElement("script");
    tag.type = "module";
    tag.crossOrigin = "anonymous";
    tag.integrity = integrity;
    tag.src = /** @type {any} */ (policy ? policy.createScriptURL(url) : url);
    return new Promise((done) => {
      tag.onload = () => done(true);
      tag.onerror = () => {
        tag.remove();
        done(false);
      };
      document.head.append(tag);
    });
  }
}
