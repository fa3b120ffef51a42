// Light and dark: as the system says, until a person chooses.

import { keep, setting } from "./settings.js";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark"} */
export function theme() {
  const chosen = setting("theme", "");
  if (chosen === "light" || chosen === "dark") return chosen;
  return systemIsDark.matches ? "dark" : "light";
}

function apply() {
  document.documentElement.dataset.theme = theme();
  dispatchEvent(new CustomEvent("theme"));
}

export function startTheme() {
  systemIsDark.addEventListener("change", apply);
  apply();
}

export function toggleTheme() {
  keep("theme", theme() === "dark" ? "light" : "dark");
  apply();
}

/** The value of a CSS variable, for what is drawn on a canvas. @param {string} name */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
