// A field that filters what a page lists; `/` goes to it, Esc empties it.

import { h } from "../lib/dom.js";
import { setQuery } from "../lib/router.js";

/**
 * @param {string} label @param {string} value what the link said
 * @param {() => void} changed
 * @returns {any} an input, whose `value` is the filter
 */
export function filterField(label, value, changed) {
  const field = h("input", {
    type: "search",
    class: "filter",
    placeholder: "Filter  /",
    "aria-label": label,
    "data-filter": true,
    spellcheck: "false",
  });
  field.value = value;
  const apply = () => {
    setQuery({ q: field.value });
    changed();
  };
  field.addEventListener("input", apply);
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    field.value = "";
    apply();
    field.blur();
  });
  return field;
}

/** Whether each word of the filter is in one of the texts. @param {string} filter @param {...(string | undefined)} texts */
export function matches(filter, ...texts) {
  const all = texts.join("\n").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
