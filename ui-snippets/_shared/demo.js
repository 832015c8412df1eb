// The stand-alone demo page of one snippet: every entry of its examples.json on a stage of its own.
// ?example=2 shows one of them over the whole window (tests and screenshots), ?dir=rtl and ?lang=… turn the direction and language.
import "../fermata.js";

const asked = new URLSearchParams(location.search);
const examples = await (await fetch("examples.json")).json();
const one = asked.get("example");
const main = document.querySelector("main");
document.documentElement.dir = asked.get("dir") || "ltr";
document.documentElement.classList.toggle("one", one !== null);

function stageFor({ name, card, cards, set = {}, click = [] }) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const stage = document.createElement("overlay-stage");
  const picture = document.createElement("div");
  caption.textContent = name;
  picture.className = "picture";
  figure.append(caption, picture, stage);
  main.append(figure);
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

(one === null ? examples : [examples[Number(one)]]).forEach(stageFor);
document.documentElement.dataset.ready = "";
