import { $ } from "./api.js";
import { missing } from "./lobby.js";

/** @typedef {import("./devices.js").Devices} Devices */

/** The row of buttons in the call, the own picture, and what there is to say about devices. */
export class Controls {
  #muted = false;
  #line = true;
  /** The person turned the camera off themselves, so nothing needs saying. */
  #cameraOff = false;

  /** @param {Devices} devices @param {() => void} leave */
  constructor(devices, leave) {
    this.devices = devices;
    $("mute").addEventListener("click", () => this.#mute());
    $("camera").addEventListener("click", () => this.#camera());
    $("leave").addEventListener("click", leave);
    devices.addEventListener("change", () => this.show());
  }

  /** Whether the sandbox hears this page; the call itself goes on without. @param {boolean} there */
  line(there) {
    this.#line = there;
    this.show();
  }

  show() {
    const { video, audio } = this.devices.tracks;
    const self = $("self");
    self.hidden = !video;
    if (self.srcObject?.getVideoTracks()[0] !== (video ?? undefined)) self.srcObject = video && new MediaStream([video]);
    $("camera").setAttribute("aria-pressed", String(Boolean(video)));
    $("mute").setAttribute("aria-pressed", String(this.#muted || !audio));
    const words = this.#words();
    if ($("note").textContent !== words) $("note").textContent = words;
  }

  #words() {
    if (!this.#line) return "The line to the sandbox is down. Trying again.";
    const { video, audio } = this.devices.tracks;
    if (this.#cameraOff && !video) return audio ? "" : "You are here without a microphone.";
    const lack = missing(this.devices);
    return lack && `You are here ${lack}.`;
  }

  /** Without a microphone the button looks for one. */
  async #mute() {
    if (!this.devices.tracks.audio) {
      this.#muted = false;
      this.devices.mute(false);
      await this.devices.choose("audio", "");
    } else {
      this.#muted = !this.#muted;
      this.devices.mute(this.#muted);
    }
    this.show();
  }

  async #camera() {
    this.#cameraOff = Boolean(this.devices.tracks.video);
    await this.devices.camera(!this.#cameraOff);
    if (!this.#cameraOff && !this.devices.tracks.video) await this.devices.choose("video", "");
    this.show();
  }
}
