// Builders for elements. Text always becomes a text node, so no markup is ever made from data.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {any} Child text, a number, a node, or a list of these; null and false are left out
 * @typedef {Object<string, any>} Properties attributes; `on` holds handlers, `style` CSS properties
 */

/**
 * Makes an HTML element.
 * @param {string} tag
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {any} the element; its class depends on the tag
 */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/**
 * Makes an SVG element.
 * @param {string} tag
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

/** @param {Element} element @param {Properties} properties @param {any[]} children */
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) setProperty(element, name, value);
  element.append(...children.flat(3).filter(isShown).map(asNode));
  return element;
}

/** @param {any} element @param {string} name @param {any} value */
function setProperty(element, name, value) {
  if (name === "on") {
    for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
  } else if (name === "style") {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  } else {
    setAttribute(element, name, value);
  }
}

/** @param {any} child */
const isShown = (child) => child !== null && child !== undefined && child !== false;

/** @param {any} child @returns {Node} */
const asNode = (child) => (child instanceof Node ? child : document.createTextNode(String(child)));

/**
 * Sets an attribute if it differs; true stands for an empty value, false and null remove it.
 * @param {Element} element @param {string} name @param {any} value
 */
export function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) {
    element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Sets the text if it differs, so that nothing is laid out anew in vain.
 * @param {Node} node @param {string | number} text
 */
export function setText(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/**
 * Replaces all children.
 * @param {Element} element @param {...(Child | Child[])} children
 */
export function replace(element, ...children) {
  element.replaceChildren(...children.flat(3).filter(isShown).map(asNode));
}

/**
 * Brings the children in line with `items`: children of known keys are kept and updated in place.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => any} make makes the element of a new key
 * @param {(element: any, item: T) => void} update
 */
export function reconcile(parent, items, keyOf, make, update) {
  const known = new Map();
  for (const child of [...parent.children]) known.set(/** @type {any} */ (child).key, child);
  let position = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = known.get(key);
    known.delete(key);
    if (!child) {
      child = make(item);
      child.key = key;
    }
    if (child === position) position = child.nextElementSibling;
    else parent.insertBefore(child, position);
    update(child, item);
  }
  for (const child of known.values()) child.remove();
}
