// The person's photo: sent to the studio, kept in the browser so that neither a reload nor a restart loses it, and its pixels by size.

import { unpack } from "./protocol.js";

const DATABASE = "impasto";
const SHELF = "photos";
const FRAMES_KEPT = 4;

/** What the studio answered when it refused something: a sentence and the next step. */
export class Refusal extends Error {
  constructor({ error, hint }, status) {
    super(error);
    this.hint = hint ?? "";
    this.status = status;
  }
}

async function checked(response) {
  if (response.ok) return response;
  const body = await response.json().catch(() => ({ error: `${response.status} ${response.statusText}` }));
  throw new Refusal(body, response.status);
}

/** JSON from the studio. */
export async function fetchJson(path) {
  return (await checked(await fetch(path))).json();
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

function withShelf(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(SHELF);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(SHELF, mode);
      const request = work(transaction.objectStore(SHELF));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(request.result);
      };
      transaction.onabort = () => reject(transaction.error);
    };
  });
}

/** Keeps the photo's file for the next visit; a browser that will not (private window) is no reason to fail. */
export async function keepPhoto(photo) {
  await withShelf("readwrite", (shelf) => shelf.put(photo, "current")).catch(() => undefined);
}

/** The photo of the last visit, {blob, name, id, width, height}, or undefined. */
export async function keptPhoto() {
  return withShelf("readonly", (shelf) => shelf.get("current")).catch(() => undefined);
}
