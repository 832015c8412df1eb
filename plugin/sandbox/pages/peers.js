import { Peer } from "./peer.js";

/** @typedef {{peer: string, person: string, role: string | null, camera: boolean, microphone: boolean}} Card */

/** How long a page whose socket is gone may take to come back before its picture goes. */
const MISSED_MS = 4000;
/** Everybody sends to everybody; with more it would not hold. */
const MOST = 3;

/**
 * Another page: `run` names this side's connection to it, `theirs` the connection of the other side that it is paired with.
 * @typedef {{card: Card, peer: Peer | null, missed: number, run: string, theirs: string | null}} Other
 */

/**
 * The other pages of the call. Windows of the same person do not send to each other: that would be an echo.
 *
 * Either side may begin its connection anew (a page was missed too long, a signal made no sense). Each signal says which
 * run it comes from and which it is meant for, so the other side notices, begins anew as well, and passes over what was
 * still under way for the old one.
 */
export class Peers {
  /** @type {Map<string, Other>} */
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
    } else {
      const other = { card, peer: null, missed: 0, run: "", theirs: null };
      this.#others.set(card.peer, other);
      this.#anew(other, null);
    }
    this.#changed();
  }

  /** Its socket is lost. As long as its media comes, it is here all the same. @param {string} id */
  gone(id) {
    const other = this.#others.get(id);
    if (!other) return;
    clearTimeout(other.missed);
    other.missed = setTimeout(() => (other.peer?.connected ? this.gone(id) : this.left(id)), MISSED_MS);
  }

  /** This page's own socket is lost: nobody else can be missed until it is back. */
  hold() {
    for (const { missed } of this.#others.values()) clearTimeout(missed);
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

  /** @param {string} id @param {{run: string, to: string | null} & import("./peer.js").Signal} signal */
  async signal(id, { run, to, ...data }) {
    const other = this.#others.get(id);
    if (!other?.peer || (to && to !== other.run)) return;
    if (other.theirs && other.theirs !== run) this.#anew(other, run);
    other.theirs = run;
    const { peer } = other;
    await peer.hear(data).catch(() => other.peer === peer && this.#anew(other, null));
  }

  close() {
    for (const id of [...this.#others.keys()]) this.left(id);
  }

  /** @param {Other} other @param {string | null} theirs */
  #anew(other, theirs) {
    other.peer?.close();
    other.peer = null;
    const busy = [...this.#others.values()].filter(({ peer }) => peer).length;
    if (other.card.person === this.person || busy >= MOST) return;
    const run = crypto.randomUUID();
    const send = (/** @type {object} */ data) => other.run === run && this.send(other.card.peer, { run, to: other.theirs, ...data });
    Object.assign(other, { run, theirs });
    send({}); // the polite side has nothing to offer; it says that it is there
    other.peer = new Peer({ polite: this.own < other.card.peer, devices: this.devices, send, changed: () => this.#changed() });
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
