// What the keys do.

import { h } from "../lib/dom.js";
import { PAGES } from "../lib/router.js";

const KEYS = [
  [["?"], "this help"],
  ...PAGES.map(({ key, title }) => [["g", key], `go to ${title}`]),
  [["/"], "filter what the page lists"],
  [["p"], "pause, and go on"],
  [["t"], "light or dark"],
  [["\u2190", "\u2191", "\u2193", "\u2192"], "walk through the pipeline graph; between stages"],
  [["Enter"], "open the stage"],
  [["Esc"], "close this"],
];

/** @returns {any} a dialog; call `showModal` */
export function helpDialog() {
  const close = h("button", { type: "button" }, "Close");
  const keys = KEYS.map(([names, what]) => [
    h(
      "dt",
      {},
      /** @type {string[]} */ (names).map((name, i) => [i ? " " : null, h("kbd", {}, name)]),
    ),
    h("dd", {}, what),
  ]);
  const dialog = h(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    h("header", {}, h("h2", { id: "help-title" }, "Keys"), close),
    h("dl", {}, keys),
  );
  close.addEventListener("click", () => dialog.close());
  return dialog;
}
