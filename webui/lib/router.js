// Routes behind the hash: every page is a link that can be pasted.

/**
 * @typedef {{ page: string, name: string, query: URLSearchParams }} Route
 *   `name` is what follows the page, such as the stage of #/stage/NAME
 */

/** The pages in the order of the navigation, with the key that follows `g`. */
export const PAGES = [
  { page: "overview", title: "Overview", key: "o" },
  { page: "workers", title: "Workers", key: "w" },
  { page: "keys", title: "Keys", key: "k" },
  { page: "checkpoints", title: "Checkpoints", key: "c" },
  { page: "errors", title: "Errors", key: "e" },
  { page: "log", title: "Log", key: "l" },
  { page: "config", title: "Configuration", key: "f" },
];

const KNOWN = new Set([...PAGES.map(({ page }) => page), "stage"]);

/** @param {string} hash @returns {Route | null} null: there is no such page */
export function parse(hash) {
  const [path, query] = hash.replace(/^#?\/?/, "").split("?", 2);
  const slash = path.indexOf("/");
  const page = (slash < 0 ? path : path.slice(0, slash)) || "overview";
  if (!KNOWN.has(page)) return null;
  return {
    page,
    name: decode(slash < 0 ? "" : path.slice(slash + 1)),
    query: new URLSearchParams(query),
  };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * @param {string} page @param {string} [name] @param {Object<string, string>} [query]
 * @returns {string} the hash of a page
 */
export function link(page, name = "", query = {}) {
  const path = page === "overview" ? "" : page;
  const rest = name ? `/${encodeURIComponent(name)}` : "";
  const search = new URLSearchParams(query).toString();
  return `#/${path}${rest}${search ? `?${search}` : ""}`;
}

/** Replaces the query of the present page without a step in the history. @param {Object<string, string>} query */
export function setQuery(query) {
  const route = parse(location.hash);
  if (!route) return;
  const kept = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
  history.replaceState(null, "", link(route.page, route.name, kept));
}

/** @param {(route: Route | null) => void} show called now and whenever the hash changes */
export function onRoute(show) {
  const changed = () => show(parse(location.hash));
  addEventListener("hashchange", changed);
  changed();
}
