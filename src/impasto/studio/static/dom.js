// Making elements: nothing else.

/** An element with properties and children; `data` and `aria` are objects of their own. */
export function make(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children);
  return element;
}

/** A 16×16 drawing from path data. */
export function icon(path) {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
  return holder.content.firstChild;
}

/** A button that shows an icon and is called by its title. */
export function iconButton(path, title, onClick, className = "") {
  const button = make("button", { type: "button", className: `icon ${className}`.trim(), title, aria: { label: title } }, icon(path));
  button.addEventListener("click", onClick);
  return button;
}
