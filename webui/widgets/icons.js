// Drawings of a few lines each.

import { svg } from "../lib/dom.js";

const PATHS = /** @type {Object<string, string>} */ ({
  ok: "M4 12.5l5 5L20 6.5",
  warn: "M12 4L2.5 20.5h19zM12 10v4.5M12 17.3v.2",
  error: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 7.5v5.5M12 16.3v.2",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.5v15l12-7.5z",
  theme: "M12 3a9 9 0 100 18zM12 3a9 9 0 010 18",
  help: "M8.5 9a3.5 3.5 0 116 2.4c-1.3 1.2-2.5 1.7-2.5 3.4M12 18.3v.2",
});

/** @param {string} name */
export function icon(name) {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: PATHS[name] }),
  );
}
