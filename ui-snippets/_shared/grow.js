import { icons } from "./parts.js"; // made by build.py

/** @typedef {string | [string, Record<string, string> | Tree, ...Tree[]]} Tree  a word as "{key}", or "tag#id.class", attributes if any, children */

const SVG = "http://www.w3.org/2000/svg";

/** Builds nodes from a compiled tree. Nothing is parsed, so Trusted Types has nothing to refuse. */
export function grow(tree, label, svg = false) {
  if (typeof tree === "string") {
    const node = document.createTextNode("");
    label(tree, (text) => { node.data = text; });
    return node;
  }
  const [head, ...rest] = tree;
  const attributes = rest[0] && !Array.isArray(rest[0]) && typeof rest[0] === "object" ? rest.shift() : {};
  const [name, ...classes] = head.split(".");
  const [tag, id] = name.split("#");
  if (tag === "icon") return icon(attributes.name);
  const inside = svg || tag === "svg";
  const node = inside ? document.createElementNS(SVG, tag) : document.createElement(tag);
  if (id) node.id = id;
  if (classes.length) node.classList.add(...classes);
  for (const [name, value] of Object.entries(attributes)) {
    if (value[0] === "{") label(value, (text) => node.setAttribute(name, text));
    else node.setAttribute(name, value);
  }
  node.append(...rest.map((child) => grow(child, label, inside)));
  return node;
}

/** A picture from `_shared/icons`; words always stand beside it, so it is hidden from assistive technology. */
export function icon(name) {
  const node = grow(icons[name], () => {});
  node.setAttribute("class", name.startsWith("tide") ? "tide" : "i");
  node.setAttribute("aria-hidden", "true");
  return node;
}

/** An element with text (`grow` for what only scripts know how often to repeat). */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
