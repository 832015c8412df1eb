import { Pass } from "../_shared/pass.js";
import { Snippet, define } from "../_shared/snippet.js";
import "../overlay-stage/overlay-stage.js";

const SERVICE = new URL(import.meta.url).origin;

/**
 * The integrator's tag. Its own text is what people see until the overlay is really there, so it stands without script and without service.
 * @attr {string} session-token  the host's participant token; a newer one may be set at any time
 * @attr {boolean} quiet  no tones   @attr {boolean} vibrate  a short vibration for the therapist   @attr {boolean} no-chords  no key chords
 * @prop {Record<string, string>} names  names by person's id
 * @fires fm-ready  once, when the overlay is there   @fires fm-layout {bottom, left, right, top}   @fires fm-covered  a fullscreen element hides the overlay
 */
export class FermataOverlay extends Snippet {
  static observedAttributes = ["session-token", "quiet", "vibrate", "no-chords"];
  static styles = [];
  #names = {};
  #home = null;
  #said = null;
  #words = null;
  #pass = new Pass(SERVICE, () => this.getAttribute("session-token"));
  #started = false;

  get names() {
    return this.#names;
  }

  set names(names) {
    this.#names = names ?? {};
    this.refresh();
  }

  built() {
    // The page's own words in one element of their own, so that they can be hidden from everybody at once.
    this.#words = document.createElement("span");
    this.$("fallback").toggleAttribute("data-bare", !this.firstElementChild); // words with markup have the page's own style
    this.#words.append(...this.childNodes);
    this.append(this.#words);
    // Screen readers: a region in the page itself, empty and there from the start, is the one that speaks.
    this.#said = document.createElement("p");
    this.#said.slot = "said";
    this.#said.setAttribute("role", "status");
    this.append(this.#said);
    this.shadowRoot.addEventListener("fm-say", ({ detail }) => { this.#said.textContent = detail.words; });
    this.shadowRoot.addEventListener("fm-up", () => this.#up());
    this.shadowRoot.addEventListener("fm-layout", ({ detail }) => this.#makeRoom(detail));
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("fullscreenchange", this.#follow);
    if (!this.#started) this.#start();
  }

  disconnectedCallback() {
    document.removeEventListener("fullscreenchange", this.#follow);
    // A move within the page is no end; the line stays.
    setTimeout(() => !this.isConnected && this.#stop());
  }

  attributeChangedCallback(name) {
    super.attributeChangedCallback(name);
    if (name === "session-token" && this.isConnected && !this.#started) this.#start();
  }

  render() {
    const stage = this.$("stage");
    stage.names = this.#names;
    stage.options = { quiet: this.hasAttribute("quiet"), vibrate: this.hasAttribute("vibrate"), chords: !this.hasAttribute("no-chords") };
    stage.lang = this.lang || this.closest("[lang]")?.lang || "en";
    stage.paint();
  }

  /** Comes by itself: tries until the service gives a token, without a reload. */
  async #start() {
    if (!this.getAttribute("session-token")) return;
    this.#started = true;
    if (await this.#pass.obtain(() => !this.isConnected)) this.$("stage").start(this.#pass);
    else this.#started = false;
  }

  #stop() {
    this.#started = false;
    this.$("stage").stop();
  }

  #up() {
    if (this.$("fallback").hidden) return;
    this.$("fallback").hidden = this.#words.hidden = true;
    this.$("stage").hidden = false;
    this.tell("fm-ready");
  }

  #makeRoom(room) {
    for (const [side, size] of Object.entries(room)) this.parentElement?.style.setProperty(`--fm-inset-${side}`, `${size}px`);
  }

  /** Into the fullscreen element and back: outside of it nothing can be clicked. */
  #follow = () => {
    const full = document.fullscreenElement;
    if (!full) {
      this.#home?.append(this);
      this.#home = null;
    } else if (!full.contains(this)) {
      if (full instanceof HTMLMediaElement || full instanceof HTMLIFrameElement) return this.tell("fm-covered");
      this.#home ??= this.parentElement;
      full.append(this);
    }
  };
}

define("fermata-overlay", FermataOverlay);
