// Texts whose contrast with what is behind them is below 4.5, as "ratio: text".
const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const channels = (color) => {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
};
const over = (top, below) => top.slice(0, 3).map((each, i) => each * top[3] + below[i] * (1 - top[3]));
const luminance = (color) => {
  const [red, green, blue] = color.slice(0, 3).map((each) => {
    const part = each / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const ratio = (one, other) => {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};
const behind = (element) => {
  if (!element) return [255, 255, 255];
  const color = channels(getComputedStyle(element).backgroundColor);
  return color[3] === 1 ? color : over(color, behind(element.parentElement));
};
const fillOf = (element) => channels(getComputedStyle(element).fill);
// What a text of the graph may stand on.
const grounds = (text) => {
  const panel = behind(text.closest(".panel"));
  const boxes = text.closest(".node, .connection")?.querySelectorAll(".box, .queue, .level") ?? [];
  const inside = text.matches(".tag, .rate") ? [] : [...boxes].map((box) => over(fillOf(box), panel));
  return inside.length ? inside : [panel];
};
const found = [];
const check = (text, color, backs) => {
  for (const back of backs) {
    const value = ratio(over(color, back), back);
    if (value < 4.5) found.push(`${value.toFixed(2)}: ${text}`);
  }
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let texts = 0;
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const text = walker.currentNode.textContent.trim();
  if (!text || !element.checkVisibility() || element.closest("title, option, .only-read, .skip")) continue;
  texts += 1;
  if (element instanceof SVGElement) check(text, fillOf(element), grounds(element));
  else check(text, channels(getComputedStyle(element).color), [behind(element)]);
}
return { texts, found };
