import { element } from "../_shared/grow.js";

/** @typedef {{key: string, type: "scale"|"choice"|"text", text: string, when?: Record<string, string[]>}} Item */
/** @typedef {{item: Item, node: HTMLElement, name: string}} Question */

function radio(name, value, text) {
  return element("label", {}, element("input", { type: "radio", name, value }), element("span", {}, text));
}

/** Native radios side by side, or below each other on a narrow stage. */
export function choices(name, options) {
  return options.map(([value, text]) => radio(name, value, text));
}

function scale(item, name) {
  const stops = Array.from({ length: 11 }, (_, n) => radio(name, n, String(n)));
  const ends = item.anchors.map((text, at) => element("span", {}, element("b", { class: "vh" }, `${at * 5}: `), text));
  const group = { class: "scale", role: "radiogroup", "aria-labelledby": `${name}-text`, "aria-describedby": `${name}-ends` };
  return [element("div", group, ...stops), element("div", { class: "ends", id: `${name}-ends` }, ...ends)];
}

function choice(item, name) {
  const options = choices(name, item.options.map(({ code, text }) => [code, text]));
  return [element("div", { class: "opts", role: "radiogroup", "aria-labelledby": `${name}-text` }, ...options)];
}

function text(item, name, left) {
  const box = element("textarea", { id: name, maxlength: item.limit, "aria-describedby": `${name}-why` });
  const room = element("p", { class: "left" });
  box.addEventListener("input", () => {
    const n = item.limit - box.value.length;
    room.textContent = n < 100 ? left(n) : ""; // a limit that is far away is nobody's worry
  });
  return [element("p", { class: "why", id: `${name}-why` }, item.note ?? ""), box, room];
}

/** One item of an instrument as it stands on the sheet. @returns {Question} */
export function question(item, left) {
  const name = `q-${item.key}`;
  const heading = element("h2", { id: `${name}-text`, tabindex: "-1" });
  heading.append(item.type === "text" ? element("label", { for: name }, item.text) : item.text);
  const body = { scale, choice, text }[item.type](item, name, left);
  return { item, name, node: element("section", { class: "q", "aria-labelledby": `${name}-text` }, heading, ...body) };
}

function answer({ item, node, name }) {
  if (item.type === "text") return node.querySelector("textarea").value.trim();
  const value = node.querySelector(`[name="${name}"]:checked`)?.value ?? "";
  return item.type === "scale" && value ? Number(value) : value;
}

/** What was answered, by key; an item whose `when` does not hold counts as not asked and is hidden. */
export function answers(questions) {
  const given = {};
  for (const each of questions) {
    const asked = Object.entries(each.item.when ?? {}).every(([key, values]) => values.includes(given[key]));
    each.node.hidden = !asked;
    const value = asked ? answer(each) : "";
    if (value !== "") given[each.item.key] = value;
  }
  return given;
}
