/** One item a step, for narrow stages. Where the steps are not used it still knows which one is open, so turning a phone loses nothing. */
export class Steps {
  #survey;
  #sections;
  #at = 0;

  /** @param {() => {node: HTMLElement, item?: object}[]} sections  all that may be a step, in order */
  constructor(survey, sections) {
    this.#survey = survey;
    this.#sections = sections;
  }

  get #open() {
    return this.#sections().filter(({ node }) => !node.hidden);
  }

  /** Goes `by` steps on or back and takes the focus along. */
  go(by) {
    this.#at = Math.min(Math.max(this.#at + by, 0), this.#open.length - 1);
    this.show();
    this.#survey.$("count").scrollIntoView({ block: "nearest" });
    this.#open[this.#at].node.querySelector("[tabindex]").focus({ preventScroll: true });
  }

  /** Shows the step that is open: its place in the count, which a follow-up shares with its question. */
  show() {
    const open = this.#open;
    const asked = (list) => list.filter(({ item }) => !item?.when).length;
    const [n, all] = [asked(open.slice(0, this.#at + 1)), asked(open)];
    const last = this.#at === open.length - 1;
    open.forEach(({ node }, at) => node.classList.toggle("now", at === this.#at));
    this.#survey.$("survey").classList.toggle("start", this.#at === 0);
    this.#survey.$("end").classList.toggle("now", last);
    this.#survey.$("next").hidden = this.#survey.$("skip_early").hidden = last;
    this.#survey.text("count", this.#survey.say("count", { n, all }));
    this.#survey.$("done").style.setProperty("--done", `${(n / all) * 100}%`);
  }
}
