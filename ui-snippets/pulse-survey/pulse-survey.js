import { Snippet, define } from "../_shared/snippet.js";
import { WISHING, showWish, wish } from "../_shared/wish.js";
import { answers, question } from "./questions.js";
import { Sharing } from "./sharing.js";
import { Steps } from "./steps.js";

const NARROW = 720;

/**
 * The survey after the call, or the therapist's mirror of it. Wide: one sheet; narrow: one item a step. What is marked lives in
 * the boxes only; it is never called "sent", and it stays until the card goes.
 * @attr {"survey"|"mirror"} form
 * @attr {string} instrument  JSON, the whole instrument; all its words come from there
 * @attr {"therapist"|"practice"|"private"} preset  what the person chose on the consent card
 * @attr {string} chosen-on  date of that choice, when it was made in an earlier session
 * @attr {boolean} quiet  hidden until somebody opens it from the page after the call (`survey-open`)
 * @attr {string} pending, unsent, refused  set by the stage: how the wish is doing
 * @fires survey-request  {kind: "survey.send", answers, sharing, each} or {kind: "survey.skip"}
 * @fires mirror-request  {kind: "mirror.send", answers} or {kind: "mirror.skip"}
 */
export class PulseSurvey extends Snippet {
  static observedAttributes = ["form", "instrument", "preset", "chosen-on", "quiet", ...WISHING];
  static styles = ["paper"];
  static place = "page";
  #source = "";
  #questions = [];
  #sharing;
  #steps;
  #moving = 0;

  built() {
    this.#steps = new Steps(this, () => [...this.#questions, ...(this.#form === "mirror" ? [] : [{ node: this.$("sharing") }])]);
    this.on("survey", "change", () => this.#changed());
    this.on("survey", "input", () => this.#changed());
    this.on("items", "click", (event) => this.#tapped(event));
    this.on("each", "click", () => this.#turn());
    this.on("first", "click", () => this.#steps.go(-Infinity));
    this.on("back", "click", () => this.#steps.go(-1));
    this.on("next", "click", () => this.#steps.go(1));
    this.on("send", "click", () => this.#send());
    for (const id of ["skip", "skip_early"]) this.on(id, "click", () => wish(this, `${this.#form}.skip`, {}));
    new ResizeObserver(() => this.#fit()).observe(this);
  }

  connectedCallback() {
    super.connectedCallback();
    // The page after the call offers the quiet survey as a link; both stand side by side on the stage.
    this.getRootNode().addEventListener("survey-open", () => this.#open());
  }

  render() {
    if (this.getAttribute("instrument") !== this.#source) this.#lay();
    for (const id of ["kick", "send", "skip"]) this.text(id, this.say(`${id}_${this.#form}`));
    this.text("skip_early", this.say(`skip_${this.#form}`));
    this.#fit();
    this.#changed();
    showWish(this, ["send", "skip", "skip_early"]);
  }

  get #form() {
    return this.getAttribute("form") === "mirror" ? "mirror" : "survey";
  }

  get #stepped() {
    return this.$("survey").classList.contains("stepped");
  }

  #lay() {
    this.#source = this.getAttribute("instrument");
    const { title = "", intro = "", items = [] } = this.data("instrument") ?? {};
    this.#questions = items.map((item) => question(item, (n) => this.say("left", { n })));
    this.$("items").replaceChildren(...this.#questions.map(({ node }) => node));
    this.#sharing = new Sharing(this, this.#questions);
    this.$("sharing").hidden = this.#form === "mirror";
    this.text("title", title);
    this.text("intro", intro);
  }

  #open() {
    this.toggleAttribute("open", true);
    this.$("title").focus();
  }

  #fit() {
    this.$("survey").classList.toggle("stepped", this.clientWidth <= NARROW);
    this.#sharing.place(this.#stepped);
    this.#steps.show();
  }

  #changed() {
    const given = answers(this.#questions);
    this.#sharing.place(this.#stepped);
    this.#steps.show();
    this.text("says", this.#form === "mirror" ? "" : this.#sharing.sentence(given));
  }

  /** A tap moves on. Arrow keys and Space click a radio too, but without a pointer, and choosing by key must not carry anyone away. */
  #tapped(event) {
    const radio = event.target.closest("label")?.querySelector("input[type=radio]");
    if (!radio || !event.detail || !this.#stepped || this.#sharing.each) return;
    clearTimeout(this.#moving); // one tap is two clicks: on the label, then on its radio
    this.#moving = setTimeout(() => this.#steps.go(1));
  }

  #turn() {
    this.#sharing.turn();
    this.#changed();
  }

  #send() {
    const given = answers(this.#questions);
    const sharing = this.#form === "mirror" ? {} : this.#sharing.chosen(given);
    wish(this, `${this.#form}.send`, { answers: given, ...sharing });
  }
}

define("pulse-survey", PulseSurvey);
