// The places of named elements, as lines "x y width height name".
const line = (name, element) => {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return [];
  const numbers = [box.x + scrollX, box.y + scrollY, box.width, box.height];
  return [`${numbers.map((each) => String(Math.round(each)).padStart(5)).join(" ")}  ${name}`];
};
const one = (name, selector) => {
  const element = document.querySelector(selector);
  return element ? line(name, element) : [];
};
const all = (selector, nameOf) =>
  [...document.querySelectorAll(selector)].flatMap((element, i) => line(nameOf(element, i), element));
return [
  ...one("header", ".top"), ...one("navigation", ".pages"), ...one("page select", ".page-select"),
  ...one("verdict", ".verdict"), ...all("h1:not(.only-read)", (each) => `heading ${each.textContent}`),
  ...all(".tile", (each) => `tile ${each.firstChild.textContent}`),
  ...all(".panel", (each) => `panel ${each.querySelector("h2").textContent}`),
  ...all(".graph .node", (each) => `node ${each.querySelector(".name").textContent}`),
  ...all(".graph-list a", (each) => `item ${each.querySelector(".name").textContent}`),
  ...all(".plot, canvas.heat, canvas.groups", (_, i) => `chart ${i + 1}`),
];
