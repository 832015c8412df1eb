import { Peer } from "./peer.js";

/** @typedef {{peer: string, person: string, role: string | null, camera: boolean, microphone: boolean}} Card */

/** How long a page whose socket is gone may take to come back before its picture goes. */
const MISSED_MS = 4000;
/** Everybody sends to everybody; with more it would not hold. */
const MOST = 3;

/** The other pages of the call. Windows of the same person do not send to each other: that would be an echo. */
export class Peers {
  /** @type {Map<string, {card: Card, peer: Peer | null, missed: number}>} */
  #others = new Map();

  /**
   * @param {object} given
   * @param {string} given.own this page's peer id
   * @param {string} given.person
   * @param {import("./devices.js").Devices} given.devices
   * @param {(to: string, data: object) => void} given.send
   * @param {(people: {card: Card, stream: MediaStream | null, connected: boolean}[]) => void} given.show
   */
  constructor({ own, person, devices, send, show }) {
    Object.assign(this, { own, person, devices, send, show });
    devices.addEventListener("change", () => this.#refresh());
  }

  /** Who is here, after joining or coming back. @param {Card[]} cards */
  welcome(cards) {
    for (const card of cards) this.joined(card);
    for (const id of this.#others.keys()) if (!cards.some(({ peer }) => peer === id)) this.gone(id);
    this.#changed();
  }

  /** @param {Card} card */
  joined(card) {
    const known = this.#others.get(card.peer);
    if (known) {
      clearTimeout(known.missed);
      known.card = card;
    } else this.#others.set(card.peer, { card, peer: this.#connect(card), missed: 0 });
    this.#changed();
  }

  /** Its socket is lost; the media may well go on. @param {string} id */
  gone(id) {
    const other = this.#others.get(id);
    if (!other) return;
    clearTimeout(other.missed);
    other.missed = setTimeout(() => this.left(id), MISSED_MS);
  }

  /** @param {string} id */
  left(id) {
    const other = this.#others.get(id);
    if (!other) return;
    clearTimeout(other.missed);
    other.peer?.close();
    this.#others.delete(id);
    this.#changed();
  }

  /** @param {{peer: string, camera: boolean, microphone: boolean}} media */
  media({ peer, camera, microphone }) {
    const other = this.#others.get(peer);
    if (other) Object.assign(other.card, { camera, microphone });
    this.#changed();
  }

  /** @param {string} id @param {any} data */
  async signal(id, data) {
    const other = this.#others.get(id);
    if (!other?.peer) return;
    if (data.again) return this.#anew(other);
    try {
      await other.peer.hear(data);
    } catch {
      // one side lost what the other remembers: both begin again
      this.send(id, { again: true });
      this.#anew(other);
    }
  }

  close() {
    for (const id of [...this.#others.keys()]) this.left(id);
  }

  /** @param {Card} card */
  #connect(card) {
    const busy = [...this.#others.values()].filter(({ peer }) => peer).length;
    if (card.person === this.person || busy >= MOST) return null;
    return new Peer({
      polite: this.own < card.peer,
      devices: this.devices,
      send: (data) => this.send(card.peer, data),
      changed: () => this.#changed(),
    });
  }

  /** @param {{card: Card, peer: Peer | null}} other */
  #anew(other) {
    other.peer?.close();
    other.peer = null;
    other.peer = this.#connect(other.card);
    this.#changed();
  }

  #refresh() {
    for (const { peer } of this.#others.values()) peer?.refresh();
  }

  /** One picture a person: of their newest window. */
  #changed() {
    const people = new Map();
    for (const { card, peer } of this.#others.values()) {
      if (card.person !== this.person) people.set(card.person, { card, stream: peer?.stream ?? null, connected: Boolean(peer?.connected) });
    }
    this.show([...people.values()]);
  }
}
