// The page's words with the studio about lessons and learned styles: requests and their answers, nothing that is shown.

import { checked, fetchJson } from "./photos.js";

async function ask(method, path, body) {
  const isForm = body instanceof FormData || body instanceof Blob;
  const options = body === undefined || isForm ? { body } : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await checked(await fetch(path, { method, ...options }));
  return response.status === 204 ? null : response.json();
}

/** {available, command, lesson}; every other request about lessons answers the same. */
export const fetchLesson = () => fetchJson("/api/lesson");

export function startLesson({ pictures, ...fields }) {
  const form = new FormData();
  for (const picture of pictures) form.append("pictures", picture, picture.name);
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return ask("POST", "/api/lesson", form);
}

/** `act` is pause, resume or keep. */
export const actOnLesson = (act) => ask("POST", `/api/lesson/${act}`);
export const discardLesson = () => ask("DELETE", "/api/lesson");
export const showInLesson = (photo) => ask("PUT", "/api/lesson/photo", { photo });

export async function fetchPreview(version) {
  const response = await checked(await fetch(`/api/lesson/preview?of=${version}`));
  return response.status === 204 ? null : createImageBitmap(await response.blob());
}

export const addStyle = (file) => ask("POST", "/api/styles", file);
/** The style that comes nearest to pictures, without learning. */
export function guessStyle(pictures, title) {
  const form = new FormData();
  for (const picture of pictures) form.append("pictures", picture, picture.name);
  form.append("title", title);
  return ask("POST", "/api/styles/guess", form);
}

export const addText = (text) => ask("POST", "/api/styles/text", { text });

/** {text} of a style, or of a mix of the palette's, [name, weight] each; an empty title leaves the style its own. */
export const textOf = (styles, title) => ask("POST", "/api/styles/share", { styles, title });
export const renameStyle = (name, title) => ask("PATCH", `/api/styles/${name}`, { title });
export const removeStyle = (name) => ask("DELETE", `/api/styles/${name}`);
export const restoreStyle = (name) => ask("POST", `/api/styles/${name}/restore`);
export const paletteOf = (name) => `/api/styles/${name}/palette`;
