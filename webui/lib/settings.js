// What a person chose, kept in the browser. A browser that keeps nothing only forgets it.

const PREFIX = "wallaroo.";

/** @param {string} name @param {string} fallback @returns {string} */
export function setting(name, fallback) {
  try {
    return localStorage.getItem(PREFIX + name) ?? fallback;
  } catch {
    return fallback;
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private windows may refuse; the choice holds until the page is left.
  }
}
