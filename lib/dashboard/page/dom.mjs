// @ts-nocheck: runs in a browser

// Elements. Texts go in as text nodes alone: names come from the program that is watched, and can be anything.

export const byId = (id) => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false).map((child) => (typeof child === 'object' ? child : String(child))));
  return element;
}

/** Replaces a text only where it changed, so that a selection in it and a reader of the screen are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The page's own address, with a slash at its end: it may be mounted anywhere, and be asked for with a slash or without. */
export const base = location.pathname.replace(/\/*$/, '/');
