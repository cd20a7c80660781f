// Looks as plain values: read with care, divided into what needs the network and what does not, mixed, and made up. Nothing is changed in place.

/** A look made safe: only what this palette and this table know, the defaults for the rest. */
export function readLook(saved, styles, controls) {
  const look = { styles: readStyles(saved?.styles, styles) };
  for (const { name, minimum, maximum, default: start } of controls) look[name] = within(saved?.[name], minimum, maximum, start);
  look.regions = (Array.isArray(saved?.regions) ? saved.regions : []).map((region) => readRegion(region, styles, controls)).filter(Boolean);
  return look;
}

function readStyles(saved, styles) {
  const names = new Set(styles.map((style) => style.name));
  const pairs = (Array.isArray(saved) ? saved : []).filter((pair) => Array.isArray(pair) && names.has(pair[0]) && pair[1] >= 0);
  return pairs.some(([, weight]) => weight > 0) ? pairs : [[styles[0].name, 1]];
}

function readRegion(saved, styles, controls) {
  if (typeof saved?.mask !== "string") return null;
  const region = { mask: saved.mask, styles: readStyles(saved.styles, styles) };
  for (const { name, minimum, maximum, default: start, kind } of controls) {
    if (kind === "generator") region[name] = within(saved[name], minimum, maximum, start);
  }
  return region;
}

function within(value, minimum, maximum, start) {
  return typeof value === "number" && value >= minimum && value <= maximum ? value : start;
}

/** The values of the controls of one kind, "generator" or "finish". */
export function partOf(look, controls, kind) {
  return Object.fromEntries(controls.filter((control) => control.kind === kind).map(({ name }) => [name, look[name]]));
}

/** All that a painting needs to be asked for. */
export function generatorPart(look, controls) {
  const part = { styles: look.styles, ...partOf(look, controls, "generator") };
  return look.regions.length > 0 ? { ...part, regions: look.regions } : part;
}

/** The values recommended for a mix of styles, as palette.py gives them: in between those of its styles, the default where one has none. */
export function recommended(mixed, styles, controls) {
  const sum = mixed.reduce((total, [, weight]) => total + weight, 0);
  const looks = mixed.map(([name, weight]) => [weight / sum, styles.find((style) => style.name === name)?.look ?? {}]);
  const found = {};
  for (const { name, step, default: start } of controls) {
    if (!looks.some(([, look]) => name in look)) continue;
    const mean = looks.reduce((total, [share, look]) => total + share * (look[name] ?? start), 0);
    found[name] = Number((Math.round(mean / step) * step).toFixed(6));
  }
  return found;
}

/** Weights for the styles of a mix that add up to 1 when one of them is set: the others share the rest as before. */
export function reweigh(styles, name, weight) {
  const others = styles.filter(([other]) => other !== name);
  const sum = others.reduce((total, [, own]) => total + own, 0);
  const share = (own) => (sum > 0 ? (own / sum) * (1 - weight) : (1 - weight) / others.length);
  return styles.map(([other, own]) => [other, other === name ? weight : share(own)]);
}

/** The mix with a style added (with an even share) or, where it is in the mix, taken out. The last one stays. */
export function toggleStyle(styles, name) {
  if (!styles.some(([other]) => other === name)) {
    const grown = [...styles, [name, 0]];
    return reweigh(grown, name, 1 / grown.length);
  }
  if (styles.length === 1) return styles;
  const left = styles.filter(([other]) => other !== name);
  const sum = left.reduce((total, [, own]) => total + own, 0);
  return left.map(([other, own]) => [other, sum > 0 ? own / sum : 1 / left.length]);
}

const DARING = { strength: 0.35, brush: 0.6, saturation: 0.4, hue: 18, warmth: 0.4, brightness: 0.12, contrast: 0.25, detail: 0.5, keep_colour: 0.5 };
const ONE_SIDED = 0.5; // how often a control that can only grow stays where it is
const MIXED = 0.4; // how often a surprise is a mix of two styles

/** New values for all that is not locked, near enough to the defaults to be worth looking at. */
export function surprise(styles, controls, locked, random = Math.random) {
  const part = {};
  if (!locked.has("styles")) part.styles = surprisingStyles(styles, random);
  for (const { name, minimum, maximum, step, default: start } of controls) {
    const reach = DARING[name];
    if (!reach || locked.has(name)) continue;
    const sign = start === minimum ? Number(random() > ONE_SIDED) : random() < 0.5 ? -1 : 1;
    const value = start + sign * reach * random();
    part[name] = Math.min(Math.max(Number((Math.round(value / step) * step).toFixed(4)), minimum), maximum);
  }
  return part;
}

function surprisingStyles(styles, random) {
  const pick = () => styles[Math.floor(random() * styles.length)].name;
  const [first, second] = [pick(), pick()];
  if (first === second || random() > MIXED) return [[first, 1]];
  const share = 0.3 + 0.4 * random();
  return [[first, share], [second, 1 - share]];
}
