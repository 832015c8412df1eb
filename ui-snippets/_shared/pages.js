import { english, pages, styles, trees } from "./parts.js"; // made by build.py

let loading = null;

/**
 * Brings markup, style and words of the pages after the call, which a call's start can do without. Data only, from where this script
 * came from, and held to the hash that this script carries. Resolves to whether it is here.
 */
export function loadPages() {
  const where = new URL(`${pages.file}?v=${encodeURIComponent(pages.integrity)}`, import.meta.url);
  loading ??= fetch(where, { integrity: pages.integrity, credentials: "omit" })
    .then((answer) => answer.json())
    .then((more) => {
      Object.assign(trees, more.trees);
      Object.assign(styles, more.styles);
      Object.assign(english, more.english);
      return true;
    })
    .catch(() => {
      loading = null; // the next one asks anew
      return false;
    });
  return loading;
}

/** Whether an element can be shown yet. */
export const isHere = (tag) => tag in trees;
