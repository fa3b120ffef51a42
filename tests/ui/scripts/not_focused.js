// What could get the focus, but did not, or shows nothing when it has it.
return window.couldFocus.filter((each) => each.isConnected && !window.focused.has(each)).map(
  (each) => each.outerHTML.slice(0, 120));
