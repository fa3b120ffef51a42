// Keys that work on every page. Two keys in a row, such as `g w`, are one command.

const PAUSE_MS = 1500; // between the two keys of a command

/**
 * @param {Object<string, () => void>} commands by their keys: "?", "g w"
 */
export function startKeyboard(commands) {
  let first = "";
  let since = 0;
  addEventListener("keydown", (event) => {
    if (isForOthers(event)) return;
    if (performance.now() - since > PAUSE_MS) first = "";
    const keys = first ? `${first} ${event.key}` : event.key;
    const command = commands[keys] ?? commands[event.key];
    const isPrefix =
      !first && Object.keys(commands).some((known) => known.startsWith(`${event.key} `));
    first = isPrefix ? event.key : "";
    since = performance.now();
    if (command && !(isPrefix && keys !== event.key)) {
      event.preventDefault();
      command();
    }
  });
}

/** @param {KeyboardEvent} event */
function isForOthers(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const target = event.target;
  return (
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]")
  );
}
