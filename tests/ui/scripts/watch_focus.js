// Notes what gets the focus from now on. Returns how many elements can get it.
const usable = "a[href], button, select, input, textarea, [tabindex='0']";
window.couldFocus = [...document.querySelectorAll(usable)].filter(
  (each) => !each.disabled && each.checkVisibility() && !each.closest("dialog:not([open])"));
window.focused = new Set();
document.addEventListener("focusin", (event) => window.focused.add(event.target));
document.activeElement?.blur();
return window.couldFocus.length;
