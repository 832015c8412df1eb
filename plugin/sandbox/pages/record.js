import { $, ask, enter, Refused } from "./api.js";

/**
 * @typedef {{kind: string, when: string, title: string, facts: {label: string, value: string}[], form: string,
 *   about: string, by: string, raw: Record<string, unknown>}} Row
 */

/** @param {string} tag @param {string} [words] @param {string} [className] */
function made(tag, words = "", className = "") {
  const node = document.createElement(tag);
  node.textContent = words;
  if (className) node.className = className;
  return node;
}

/** Times are shown as the reader's own. @param {string} iso */
function moment(iso) {
  const shown = made("time");
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return shown;
  const whole = iso.includes("T");
  shown.textContent = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...(whole && { hour: "2-digit", minute: "2-digit" }) }).format(at);
  /** @type {HTMLTimeElement} */ (shown).dateTime = iso;
  return shown;
}

const ISO = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @param {{label: string, value: string}} fact */
function fact({ label, value }) {
  const pair = made("div");
  pair.append(made("dt", label), made("dd", value.replace(ISO, (iso) => CLOCK.format(new Date(iso)))));
  return pair;
}

/** @param {[string, string][]} facts */
function people(facts) {
  const list = made("dl", "", "who");
  list.append(...facts.filter(([, value]) => value).map(([label, value]) => fact({ label, value })));
  return list;
}

/** Each element of the resource by itself, lists one part a line; nothing is left out. @param {Record<string, unknown>} raw */
function stored(raw) {
  const list = made("dl", "", "raw");
  for (const [key, value] of Object.entries(raw)) {
    const lines = Array.isArray(value) ? value : [value];
    const pair = made("div");
    pair.append(made("dt", key), ...lines.map((line) => made("dd", typeof line === "string" ? line : JSON.stringify(line))));
    list.append(pair);
  }
  return list;
}

/** @param {Row} row */
function item({ when, title, facts, form, about, by, raw }) {
  const row = made("li");
  const body = made("div");
  const words = made("dl", "", "facts");
  words.append(...facts.map(fact));
  const details = made("details");
  details.append(made("summary", "As it is stored"), stored(raw));
  body.append(made("h2", title), ...(facts.length ? [words] : []), made("p", form, "form"), details);
  row.append(moment(when), body, people([["About", about], ["Given by", by]]));
  return row;
}

async function read() {
  const { rows, apart } = await ask("GET", "/api/record");
  $("rows").replaceChildren(...rows.map(item));
  $("rows").hidden = !rows.length;
  $("apart").hidden = !apart;
  $("foot").hidden = $("reload").hidden = false;
  const number = rows.length === 1 ? "One entry" : `${rows.length} entries`;
  $("says").textContent = rows.length
    ? `${number}, newest first. This is all that the host holds that is tied to these two people.`
    : "Nothing yet. What people agree to keep stands here after a call.";
}

/** @param {unknown} problem */
function failed(problem) {
  const known = problem instanceof Refused && [401, 403].includes(problem.status);
  $("says").textContent = known ? "Open the link that you were given for this page." : "The sandbox does not answer. Load this page again.";
}

$("reload").addEventListener("click", () => read().catch(failed));
addEventListener("hashchange", () => location.reload());
enter().then(read).catch(failed);
