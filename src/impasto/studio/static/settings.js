// What the browser keeps from visit to visit, by name. A browser that keeps nothing (private window) still paints.

const PREFIX = "impasto.";

export function readSetting(name, start) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? start;
  } catch {
    return start;
  }
}

export function keepSetting(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    return false;
  }
  return true;
}
