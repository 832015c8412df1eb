import { $ } from "./api.js";

/** @typedef {import("./peers.js").Card} Card */
/** @type {Record<string, string>} */
const ROLES = { therapist: "Your therapist", client: "Your client" };

/** @param {Card} card */
const named = ({ role }) => ROLES[role ?? ""] ?? "Someone else";

/**
 * The pictures of the others. The person one came to meet is "Other person"; whoever else is there is "Someone else".
 */
export class Scene {
  /** @type {Map<string, {figure: HTMLElement, video: HTMLVideoElement, off: HTMLElement, who: HTMLElement}>} */
  #tiles = new Map();

  /** @param {{card: Card, stream: MediaStream | null, connected: boolean}[]} people */
  show(people) {
    const order = [...people].sort((a, b) => Number(!ROLES[a.card.role ?? ""]) - Number(!ROLES[b.card.role ?? ""]));
    order.forEach((each, place) => this.#tile(each, place));
    for (const [person, { figure }] of this.#tiles) {
      if (order.some(({ card }) => card.person === person)) continue;
      figure.remove();
      this.#tiles.delete(person);
    }
    $("alone").hidden = people.length > 0;
  }

  clear() {
    this.show([]);
  }

  /** @param {{card: Card, stream: MediaStream | null, connected: boolean}} given @param {number} place */
  #tile({ card, stream, connected }, place) {
    const tile = this.#tiles.get(card.person) ?? this.#made(card.person);
    tile.video.setAttribute("aria-label", place === 0 ? "Other person" : `Someone else, ${place}`);
    if (tile.video.srcObject !== stream) tile.video.srcObject = stream;
    tile.off.hidden = connected && card.camera;
    tile.off.textContent = connected ? "Camera is off" : "Connecting";
    tile.who.textContent = named(card) + (card.microphone ? "" : " · microphone off");
  }

  /** @param {string} person */
  #made(person) {
    const [figure, video, off, who] = ["figure", "video", "p", "figcaption"].map((tag) => document.createElement(tag));
    figure.className = "tile";
    off.className = "off";
    who.className = "who";
    /** @type {HTMLVideoElement} */ (video).autoplay = true;
    /** @type {HTMLVideoElement} */ (video).playsInline = true;
    figure.append(video, off, who);
    $("scene").append(figure);
    const tile = { figure, video: /** @type {HTMLVideoElement} */ (video), off, who };
    this.#tiles.set(person, tile);
    return tile;
  }
}
