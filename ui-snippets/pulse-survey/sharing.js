import { element } from "../_shared/grow.js";
import { choices } from "./questions.js";

/** Open texts are never counted: the practice does not get what somebody wrote. */
const waysFor = (item) => (item.type === "text" ? ["therapist", "private"] : ["therapist", "practice", "private"]);

const checked = (group) => [...group.querySelectorAll("input")].find((radio) => radio.checked)?.value;

function check(group, value) {
  for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === value;
}

/** Who may see the answers: one choice for all, or one for each. */
export class Sharing {
  each = false;
  #survey;
  #questions;
  #whole;

  /** @param {import("./questions.js").Question[]} questions  each gets a `who`: its own group of radios */
  constructor(survey, questions) {
    this.#survey = survey;
    this.#questions = questions;
    this.#whole = survey.$("whole");
    this.#whole.replaceChildren(...this.#radios("whole", waysFor({})));
    check(this.#whole, survey.getAttribute("preset"));
    survey.$("list").replaceChildren();
    for (const one of questions) one.who = this.#group(one.item);
  }

  #radios(name, ways) {
    return choices(name, ways.map((way) => [way, this.#survey.say(way)]));
  }

  #group(item) {
    const legend = element("legend", { class: "vh" }, this.#survey.say("who_each", { item: item.text }));
    const radios = element("div", { class: "opts" }, ...this.#radios(`who-${item.key}`, waysFor(item)));
    return element("fieldset", { class: "each" }, legend, element("p", { "aria-hidden": "true" }), radios);
  }

  /** Opens the choice for each answer, beginning with the choice for all; or closes it again. */
  turn() {
    this.each = !this.each;
    const whole = checked(this.#whole);
    if (this.each) for (const { item, who } of this.#questions) check(who, waysFor(item).includes(whole) ? whole : "private");
  }

  /** Puts the radios where they are used: in a list on a wide page, in each step on a narrow one. */
  place(stepped) {
    this.#whole.hidden = this.each;
    this.#survey.$("each").setAttribute("aria-expanded", this.each);
    this.#survey.$("sharing").classList.toggle("walk", this.each);
    for (const { item, node, who } of this.#questions) {
      who.hidden = !this.each || node.hidden;
      who.children[1].textContent = stepped ? this.#survey.say("who_this") : item.text;
      const home = stepped ? node : this.#survey.$("list");
      if (who.parentNode !== home) home.append(who);
    }
  }

  /** The choices as they are sent: `each` only when chosen one by one, and only for what was answered. */
  chosen(given) {
    const asked = this.each ? this.#questions.filter(({ item }) => item.key in given) : [];
    return { sharing: checked(this.#whole), each: Object.fromEntries(asked.map(({ item, who }) => [item.key, checked(who)])) };
  }

  /** Says who will see what, as it stands now. */
  sentence(given) {
    const asked = this.#questions.filter(({ item }) => item.key in given);
    const { sharing, each } = this.chosen(given);
    if (this.each) return asked.length ? this.#tally(Object.values(each)) : this.#survey.say("none");
    const texts = asked.filter(({ item }) => item.type === "text").length;
    if (sharing !== "practice" || !texts) return this.#dated(sharing);
    return `${texts < asked.length ? this.#dated(sharing) : ""} ${this.#survey.say("says_practice_texts")}`.trim();
  }

  #tally(ways) {
    const pieces = waysFor({}).map((way) => [way, ways.filter((each) => each === way).length]);
    const list = pieces.filter(([, n]) => n).map(([way, n]) => this.#survey.say(`each_${way}`, { n }));
    return this.#survey.say("says_each", { list: list.join(", ") });
  }

  /** "As you chose on 9 November, …" only while it is still that choice. */
  #dated(sharing) {
    const on = this.#survey.getAttribute("chosen-on");
    if (!on || sharing !== this.#survey.getAttribute("preset")) return this.#survey.say(`says_${sharing}`);
    const part = (options) => new Intl.DateTimeFormat(this.#survey.lang || "en", { timeZone: "UTC", ...options }).format(new Date(on));
    return this.#survey.say(`chosen_${sharing}`, { day: part({ day: "numeric" }), month: part({ month: "long" }) });
  }
}
