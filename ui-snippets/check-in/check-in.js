import { element } from "../_shared/grow.js";
import { Snippet, define } from "../_shared/snippet.js";
import { WISHING, note, showWish, wish } from "../_shared/wish.js";
import { Tide } from "./tide.js";

const CARD = ["feeling", "hope"];

/**
 * Two minutes at the start: each names one feeling and one hope, and both cards turn at the same time. What is typed lives
 * in the boxes only and survives every new screen; "Keep talking" puts the sheet away on this page and tells nobody.
 * @attr {"client"|"therapist"} side  whose screen this is
 * @attr {"open"|"waiting"|"flipped"} state
 * @attr {string} started-at  RFC 3339; with `ends-at` the time in which the tide rises
 * @attr {string} ends-at
 * @attr {string} own  JSON {feeling, hope}; absent for a pass
 * @attr {string} other  JSON {feeling, hope} or "passed"; only when flipped
 * @attr {string} clock-offset  milliseconds by which the service's clock is ahead, set by the stage
 * @attr {string} pending, unsent, refused  set by the stage: how the wish is doing
 * @fires checkin-request  {kind: "checkin.answer", feeling, hope} or {kind: "checkin.skip"}
 * @fires fm-dismiss  the person puts it away
 */
export class CheckIn extends Snippet {
  static observedAttributes = ["side", "state", "started-at", "ends-at", "own", "other", "clock-offset", ...WISHING];
  #tide;
  #state;
  #chips;

  built() {
    this.#tide = new Tide(this.$("water"));
    this.on("share", "click", () => this.#share());
    this.on("skip", "click", () => wish(this, "checkin.skip", {}));
    this.on("keep", "click", () => this.#putAway());
    this.on("open", "focusin", (event) => this.#use(event.target.closest(".field")));
    for (const id of CARD) this.on(id, "input", () => this.#mark(id));
  }

  render() {
    const state = this.getAttribute("state");
    if (state !== this.#state) this.#moved(state);
    this.#offer();
    this.text("title", this.say({ open: "title", waiting: "shared", flipped: "flipped" }[state]));
    this.text("under", this.say({ open: `together_${this.#side}`, waiting: "turn", flipped: "two" }[state]));
    if (state !== "open") this.#cards(state);
    showWish(this, ["share", "skip"]);
    const now = state === "flipped" ? Infinity : Date.now() + Number(this.getAttribute("clock-offset"));
    this.#tide.rise(this.getAttribute("started-at"), this.getAttribute("ends-at"), now);
  }

  /** Put away: the stage gives its place to the video. */
  get closed() {
    return this.hidden;
  }

  #putAway() {
    this.hidden = true;
    this.tell("fm-dismiss");
  }

  get #side() {
    return this.getAttribute("side") === "therapist" ? "therapist" : "client";
  }

  get #other() {
    return this.getAttribute("other")?.startsWith("{") ? this.data("other") : "passed";
  }

  #moved(state) {
    // Whoever shared and went on talking still sees the cards turn; whoever put it away unanswered is left in peace.
    if (state === "flipped" && this.#state === "waiting") this.hidden = false;
    this.#state = state;
    const open = state === "open";
    for (const [id, hidden] of [["open", !open], ["share", !open], ["skip", !open], ["flip", open]]) this.$(id).hidden = hidden;
    this.$("pair").className = open ? "pair three" : "pair one";
    this.$("tide").classList.toggle("full", state === "flipped");
    if (state === "flipped") this.announce(this.say("flipped"));
  }

  /** The chips of this side, in the words of this language, while there is something to fill. */
  #offer() {
    const lists = [["feeling", "feelings"], ["hope", "hopes"]];
    const words = this.#state === "open" ? [this.say("feelings"), this.say(`hopes_${this.#side}`)] : ["", ""];
    if (this.#chips === words.join()) return;
    this.#chips = words.join();
    lists.forEach(([box, list], at) => {
      const chips = words[at].split("|").filter(Boolean).map((word) => element("button", { class: "pill", type: "button", "aria-pressed": "false" }, word));
      for (const chip of chips) chip.addEventListener("click", () => this.#fill(box, chip.textContent));
      this.$(list).replaceChildren(...chips);
      this.#mark(box);
    });
  }

  #fill(box, word) {
    this.$(box).value = this.$(box).value === word ? "" : word;
    this.#mark(box);
  }

  #mark(box) {
    for (const chip of this.$(`${box}s`).children) chip.setAttribute("aria-pressed", chip.textContent === this.$(box).value);
  }

  #use(field) {
    for (const each of this.$("open").children) each.classList.toggle("now", each === field);
  }

  #share() {
    const [feeling, hope] = CARD.map((id) => this.$(id).value.trim());
    if (feeling || hope) wish(this, "checkin.answer", { feeling, hope });
    else note(this, this.say("empty"));
  }

  #cards(state) {
    this.#card("own", "you", this.data("own") ?? "passed");
    this.#card("other", `their_${this.#side}`, state === "flipped" ? this.#other : null);
  }

  #card(id, whose, words) {
    const turned = words === null;
    const body = turned ? this.say(`wait_${this.#side}`) : words === "passed" ? this.say("passed") : null;
    const heading = turned ? [] : [element("h3", {}, this.say(whose))];
    const rows = body === null ? [["felt", words.feeling], ["hoped", words.hope]].filter(([, word]) => word) : [];
    const list = element("dl", {}, ...rows.flatMap(([key, word]) => [element("dt", {}, this.say(key)), element("dd", {}, word)]));
    this.$(id).classList.toggle("fresh", !turned && this.$(id).classList.contains("turned"));
    this.$(id).classList.toggle("turned", turned);
    this.$(id).replaceChildren(...heading, body === null ? list : element("p", {}, body));
  }
}

define("check-in", CheckIn);
