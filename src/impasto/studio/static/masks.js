// The masks of all looks of this visit and the last ones, by the name that the studio gave them: kept in the browser, sent when they are needed.

import { fetchBlob, keepMask, keptMask, sendPhoto } from "./photos.js";
import { Mask } from "./mask.js";

const MASKS_AT_HAND = 8; // a file is some kilobytes, a mask some hundreds of them, and every stroke makes one
const FILES_AT_HAND = 200;

export class Masks {
  #files = new Map(); // name → a promise of its file, undefined where it is lost
  #masks = new Map(); // name → its Mask: the newest
  #sent = new Set(); // those that the studio has, as far as is known

  /** Gives a mask to the studio and answers the name it has there. */
  async add(mask) {
    const blob = await mask.toBlob();
    const { id } = await sendPhoto(blob);
    this.#sent.add(id);
    hold(this.#files, id, Promise.resolve(blob), FILES_AT_HAND);
    hold(this.#masks, id, mask.copy(), MASKS_AT_HAND);
    await keepMask(id, blob);
    return id;
  }

  /** A copy of the mask with this name, or null where it is lost. */
  async get(id) {
    if (!this.#masks.has(id)) {
      const blob = await this.#file(id);
      if (!blob) return null;
      hold(this.#masks, id, await Mask.fromBlob(blob), MASKS_AT_HAND);
    }
    return this.#masks.get(id).copy();
  }

  #file(id) {
    if (!this.#files.has(id)) hold(this.#files, id, keptMask(id), FILES_AT_HAND);
    return this.#files.get(id);
  }

  /** Takes over a mask that the studio found in a file; answers its name from now on. */
  async take(id) {
    return this.add(await Mask.fromBlob(await fetchBlob(`/api/pictures/${id}?long_edge=4096&format=png`)));
  }

  /** A mask of what stands in a box of a photo, as the studio finds it. */
  async find(photo, box) {
    return Mask.fromBlob(await fetchBlob(`/api/pictures/${photo}/subject?${new URLSearchParams(box)}`));
  }

  /** The connection was lost: another studio may come, which has none of them. */
  forgetSent() {
    this.#sent.clear();
  }

  /** Sends those masks of a look that the studio may not have yet. */
  async ensure(look) {
    if (look.regions.some(({ mask }) => !this.#sent.has(mask))) await this.sendAgain(look);
  }

  /** Sends the masks of a look anew; the regions whose masks are lost are answered. */
  async sendAgain(look) {
    const lost = [];
    for (const { mask: id } of look?.regions ?? []) {
      const blob = await this.#file(id);
      const answer = blob ? await sendPhoto(blob) : null;
      if (answer?.id === id) this.#sent.add(id);
      else lost.push(id);
    }
    return lost;
  }
}

/** Holds a value among the newest of a map. */
function hold(map, key, value, most) {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value);
}
