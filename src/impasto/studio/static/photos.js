// The person's photo: sent to the studio, kept in the browser so that neither a reload nor a restart loses it, and its pixels by size.

import { say } from "./i18n.js";
import { unpack } from "./protocol.js";

const DATABASE = "impasto";
const SHELF = "photos";
const MASKS = "masks";
const CURRENT = "current";
const PHOTOS_KEPT = 8;
const MASKS_KEPT = 200;
const SHELVES = [SHELF, MASKS];
const VERSION = 3;
const AGE = "keptAt";
const FRAMES_KEPT = 6;

/** What the studio answered when it refused something: a sentence and the next step. */
export class Refusal extends Error {
  constructor({ error, hint }, status) {
    super(say(error));
    this.hint = say(hint ?? "");
    this.status = status;
  }
}

/** Whether the studio has forgotten a photo or a mask, or never had it. */
export function isUnknown(error) {
  return error instanceof Refusal && error.status === 404;
}

/** The response, or a Refusal where the studio said no. */
export async function checked(response) {
  if (response.ok) return response;
  const body = await response.json().catch(() => ({ error: `${response.status} ${response.statusText}` }));
  throw new Refusal(body, response.status);
}

/** JSON from the studio. */
export async function fetchJson(path) {
  return (await checked(await fetch(path))).json();
}

export async function fetchBlob(path) {
  return (await checked(await fetch(path))).blob();
}

/** A picture painted by the studio as a file: `fields` are those of /api/paint. */
export async function paintedFile(blob, fields) {
  const form = new FormData();
  form.append("photo", blob, "photo");
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return (await checked(await fetch("/api/paint", { method: "POST", body: form }))).blob();
}

/** Sends a photo; answers {id, width, height}. */
export async function sendPhoto(blob) {
  const headers = { "content-type": "application/octet-stream" };
  return (await checked(await fetch("/api/pictures", { method: "POST", body: blob, headers }))).json();
}

/** The photo's pixels at the size of a painting: frames are fetched once and the last few kept. */
export class Frames {
  #frames = new Map();

  /** The frame if it is here already, else undefined. */
  get(picture, longEdge) {
    return this.#frames.get(`${picture}@${longEdge}`)?.frame;
  }

  load(picture, longEdge) {
    const key = `${picture}@${longEdge}`;
    const entry = this.#frames.get(key) ?? this.#start(key, picture, longEdge);
    this.#frames.delete(key);
    this.#frames.set(key, entry);
    if (this.#frames.size > FRAMES_KEPT) this.#frames.delete(this.#frames.keys().next().value);
    return entry.promise;
  }

  #start(key, picture, longEdge) {
    const entry = {};
    entry.promise = fetch(`/api/pictures/${picture}?long_edge=${longEdge}&format=frame`)
      .then(checked)
      .then((response) => response.arrayBuffer())
      .then((buffer) => {
        const { header, payload } = unpack(buffer);
        entry.frame = { ...header, pixels: payload };
        return entry.frame;
      })
      .catch((error) => {
        this.#frames.delete(key);
        throw error;
      });
    return entry;
  }
}

function withShelf(name, mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, VERSION);
    opening.onupgradeneeded = () => {
      for (const own of SHELVES) {
        const isNew = !opening.result.objectStoreNames.contains(own);
        const shelf = isNew ? opening.result.createObjectStore(own) : opening.transaction.objectStore(own);
        shelf.createIndex(AGE, AGE);
      }
    };
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(name, mode);
      const request = work(transaction.objectStore(name));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(request?.result);
      };
      transaction.onabort = () => reject(transaction.error);
    };
  });
}

/**
 * Keeps a value under a key among the newest of its shelf; a browser that will not (private window) is no reason to fail. What is there
 * already stays as it is: keys are hashes of files, and a browser is slow to forget files that were written over.
 */
function keep(name, key, value, most) {
  const work = (shelf) => {
    const finding = shelf.getKey(key);
    finding.onsuccess = () => {
      if (finding.result !== undefined) return;
      shelf.put({ ...value, [AGE]: Date.now() }, key);
      const counting = shelf.count();
      counting.onsuccess = () => dropOldest(shelf, counting.result - most);
    };
  };
  return withShelf(name, "readwrite", work).catch(() => undefined);
}

/** By their keys alone, without the files. */
function dropOldest(shelf, count) {
  if (count <= 0) return;
  const walking = shelf.index(AGE).openKeyCursor();
  walking.onsuccess = () => {
    const place = walking.result;
    if (!place || count <= 0) return;
    if (place.primaryKey !== CURRENT) shelf.delete(place.primaryKey);
    count--;
    place.continue();
  };
}

function kept(name, key) {
  return withShelf(name, "readonly", (shelf) => shelf.get(key)).catch(() => undefined);
}

/** Keeps the photo's file for the next visit, and for the day when a painting of it is dropped here. */
export async function keepPhoto(photo) {
  await keep(SHELF, photo.id, photo, PHOTOS_KEPT);
  const { id, name } = photo;
  await withShelf(SHELF, "readwrite", (shelf) => shelf.put({ id, name }, CURRENT)).catch(() => undefined);
}

/** The photo of the last visit, {blob, name, id, width, height}, or the one with an id; or undefined. */
export async function keptPhoto(id) {
  if (id) return kept(SHELF, id);
  const last = await kept(SHELF, CURRENT);
  const photo = last && (await kept(SHELF, last.id));
  return photo && { ...photo, name: last.name };
}

export function keepMask(id, blob) {
  return keep(MASKS, id, { blob }, MASKS_KEPT);
}

/** The mask's file, or undefined. */
export async function keptMask(id) {
  return (await kept(MASKS, id))?.blob;
}
