/** An element with properties and children; attributes of ARIA and data go by `attributes`. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> & { attributes_?: { [name: string]: string } } = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const { attributes_, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(attributes_ ?? {})) {
    node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A button that stays pressed; `pressed` is told of every change. */
export function toggle(
  text: string,
  title: string,
  on: boolean,
  pressed: (on: boolean) => void
): HTMLButtonElement {
  const button = element('button', { className: 'lnb-act', textContent: text, title });
  button.setAttribute('aria-pressed', String(on));
  button.addEventListener('click', () => {
    const now = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(now));
    pressed(now);
  });
  return button;
}
