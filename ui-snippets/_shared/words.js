import { english } from "./parts.js"; // made by build.py

/** @typedef {Record<string, string | Record<string, string>>} Words  a record by plural category where a number is in it */

/** Words of other languages, by language and tag; English is built in. @type {Record<string, Record<string, Words>>} */
const spoken = {};

/** Adds the words of one language, by tag: `addWords("ar", {"pause-button": {...}})`. Missing keys stay English. */
export function addWords(lang, byTag) {
  spoken[lang] = { ...spoken[lang], ...byTag };
}

/** A tag's words for a key in a language, with {placeholders} filled; `values.n` chooses the plural. */
export function wording(tag, lang, key, values) {
  const inLanguage = (name) => spoken[name]?.[tag]?.[key];
  const words = inLanguage(lang) ?? inLanguage(lang.split("-")[0]) ?? english[tag][key] ?? "";
  const text = typeof words === "string" ? words : (words[new Intl.PluralRules(lang).select(values.n)] ?? words.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
