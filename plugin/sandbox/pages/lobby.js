import { $, ask } from "./api.js";
import { NONE } from "./devices.js";

/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./devices.js").Kind} Kind */
/** @type {Record<Kind, {list: string, none: string, some: string}>} */
const PICKERS = {
  video: { list: "cameras", none: "No camera", some: "Camera" },
  audio: { list: "microphones", none: "No microphone", some: "Microphone" },
};
/** @type {[Kind, {list: string, none: string, some: string}][]} */
const EACH = [["video", PICKERS.video], ["audio", PICKERS.audio]];

/** What the person brings, in words; empty when nothing is missing. @param {Devices} devices */
export function missing({ tracks: { video, audio } }) {
  if (video && audio) return "";
  return video ? "without a microphone" : audio ? "without a camera" : "without a camera and a microphone";
}

/** The page before the call: see yourself, choose devices, join. */
export class Lobby {
  /** @param {Devices} devices @param {string | null} role @param {() => void} join */
  constructor(devices, role, join) {
    this.devices = devices;
    $("joins-as").textContent = role ? `You join as the ${role}.` : "You join as a guest.";
    $("join").addEventListener("submit", (event) => {
      event.preventDefault();
      join();
    });
    for (const [kind, { list }] of EACH) $(list).addEventListener("change", () => devices.choose(kind, $(list).value));
    devices.addEventListener("change", () => this.#show());
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#fill());
  }

  async open() {
    this.#show();
    await this.#fill();
    await this.devices.open();
    await this.#fill();
    this.#show();
    $("devices-say").textContent = this.#words();
  }

  #words() {
    const lack = missing(this.devices);
    return lack ? `You can join ${lack}. You can see and hear the other person.` : "You can join without a camera or a microphone.";
  }

  #show() {
    const { video } = this.devices.tracks;
    const shown = $("preview");
    if (shown.srcObject?.getVideoTracks()[0] !== (video ?? undefined)) shown.srcObject = video && new MediaStream([video]);
    $("preview-off").hidden = Boolean(video);
    for (const [kind, { list }] of EACH) {
      const track = this.devices.tracks[kind];
      if (track) $(list).value = track.getSettings().deviceId ?? $(list).value;
      else if (!$(list).disabled) $(list).value = NONE;
    }
  }

  /** Names of devices are only told once the person allowed one. */
  async #fill() {
    const found = await this.devices.list();
    for (const [kind, { list, none, some }] of EACH) {
      const options = found[kind].map(({ deviceId, label }, place) => new Option(label || `${some} ${place + 1}`, deviceId));
      $(list).replaceChildren(...options, new Option(none, NONE));
    }
    this.#show();
  }
}

/**
 * The therapist's switch, in the lobby and in the call: both show the same, and only what the sandbox has taken.
 * @param {boolean} on
 */
export function showSwitch(on) {
  for (const each of switches()) each.setAttribute("aria-checked", String(on));
}

/** @param {(on: boolean) => void} changed @param {() => void} failed */
export function openSwitch(changed, failed) {
  $("lobby-switch").hidden = $("call-switch").hidden = false;
  for (const each of switches()) {
    each.addEventListener("click", () => {
      const on = each.getAttribute("aria-checked") !== "true";
      ask("POST", "/api/fermata", { on }).then(() => changed(on), failed);
    });
  }
}

/** @returns {HTMLElement[]} */
const switches = () => [...document.querySelectorAll("[role=switch]")];
