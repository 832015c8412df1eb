// The stand-alone demo page of one snippet: every entry of its examples.json on a stage of its own.
// ?example=2 shows one of them over the whole window (tests and screenshots), &dir=rtl turns the direction, &lang=… the language, &text=2 the size of the letters.
import { loadPages } from "../fermata.js";

const asked = new URLSearchParams(location.search);
const examples = await (await fetch("examples.json")).json();
await loadPages();
const one = asked.get("example");
const main = document.querySelector("main");
document.documentElement.dir = asked.get("dir") || "ltr";
document.documentElement.style.setProperty("--fm-text", asked.get("text") || "1");
document.documentElement.classList.toggle("one", one !== null);

function figureFor({ name, tag, text }) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const stage = document.createElement(tag ?? "overlay-stage");
  const picture = document.createElement("div");
  caption.textContent = name;
  picture.className = "picture";
  stage.textContent = text ?? "";
  figure.append(caption, picture, stage);
  main.append(figure);
  return stage;
}

function play({ card, cards, set = {}, click = [] }, stage) {
  stage.lang = asked.get("lang") || "en";
  // Times in examples are seconds from now, so that "12 seconds ago" stays true whenever the page is opened.
  const now = Date.now();
  const fresh = JSON.stringify(cards ?? [card]).replace(/"now([+-]\d+)s"/g, (_, s) => JSON.stringify(new Date(now + s * 1000).toISOString()));
  stage.show({ revision: 1, now: new Date(now).toISOString(), cards: JSON.parse(fresh) });
  // States that the stage sets beside the card ("set"), and those a person gets to by clicking ("click": selectors, in order).
  const shown = stage.shadowRoot.querySelector((card ?? cards.at(-1)).card);
  for (const [attribute, value] of Object.entries(set)) shown.setAttribute(attribute, value);
  for (const selector of click) shown.shadowRoot.querySelector(selector).click();
}

for (const example of one === null ? examples : [examples[Number(one)]]) {
  const stage = figureFor(example);
  if (!example.tag) play(example, stage);
}
document.documentElement.dataset.ready = "";
