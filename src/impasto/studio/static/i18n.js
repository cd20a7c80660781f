// Words for the page. English labels and help of controls come from the control table itself; other languages bring their own.

const LANGUAGES = { en: "English", zh: "中文" };
let words = {};
let fallback = {};
let sentences = []; // what the studio says in English: [pattern, its translation]

export let language = "en";

export async function loadWords(wanted) {
  language = wanted in LANGUAGES ? wanted : "en";
  const fetchWords = async (name) => (await fetch(`/static/i18n/${name}.json`)).json();
  const names = language === "en" ? ["en"] : ["en", language, `server.${language}`];
  const [english, own = english, said = {}] = await Promise.all(names.map(fetchWords));
  [fallback, words] = [english, own];
  const longestFirst = Object.entries(said).sort(([one], [other]) => other.length - one.length); // the more a sentence says, the surer
  sentences = longestFirst.map(([from, to]) => [pattern(from), to]);
  document.documentElement.lang = language;
}

/** The text for a key with {placeholders} filled in; `own` is what stands in the control table or the palette. */
export function t(key, values = {}, own = undefined) {
  const text = words[key] ?? own ?? fallback[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A sentence of the studio, which speaks English, in the page's language; as it is where nobody has translated it. */
export function say(sentence) {
  for (const [from, to] of sentences) {
    const found = from.exec(sentence);
    if (found) return to.replace(/\{(\d)\}/g, (_, number) => say(found[Number(number) + 1]));
  }
  return sentence;
}

/** Matches a whole sentence with something in place of every {}. */
function pattern(sentence) {
  const parts = sentence.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("(.+?)")}$`, "s");
}

/** The language to begin with: the one chosen before, or the browser's. */
export function preferredLanguage(chosen) {
  return chosen ?? (navigator.language.startsWith("zh") ? "zh" : "en");
}

export function otherLanguage() {
  const names = Object.keys(LANGUAGES);
  const name = names[(names.indexOf(language) + 1) % names.length];
  return { name, title: LANGUAGES[name] };
}

/** Fills in the texts of elements that name their key: data-t (text), data-t-label (accessible name), data-t-title, data-t-placeholder. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of root.querySelectorAll("[data-t-title]")) element.title = t(element.dataset.tTitle);
  for (const element of root.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
}
