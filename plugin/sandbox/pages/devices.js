/** @typedef {"video" | "audio"} Kind */
/** @type {Record<string, Kind>} */
const KINDS = { videoinput: "video", audioinput: "audio" };

/** What the person chose for "no device". */
export const NONE = "none";

/**
 * The person's own camera and microphone. Either may be missing: nobody needs a device to be in a call.
 * Fires "change" whenever a track came or went.
 */
export class Devices extends EventTarget {
  /** @type {Record<Kind, MediaStreamTrack | null>} */
  tracks = { video: null, audio: null };
  /** @type {Record<Kind, string>} */
  #chosen = { video: "", audio: "" };
  #muted = false;
  #turn = Promise.resolve();

  /** Asks for both at once (one question to the person); where that fails, for each. */
  open() {
    return this.#inTurn(async () => {
      const wanted = this.#wanted(["video", "audio"]);
      if (!(await this.#take(wanted))) for (const kind of wanted) await this.#take([kind]);
    });
  }

  /** Takes another device, or none. @param {Kind} kind @param {string} id */
  choose(kind, id) {
    this.#chosen[kind] = id;
    return this.#inTurn(async () => {
      this.#drop(kind);
      await this.#take(this.#wanted([kind]));
    });
  }

  /** Silences the microphone without giving it up, so that speaking again is immediate. @param {boolean} muted */
  mute(muted) {
    this.#muted = muted;
    if (this.tracks.audio) this.tracks.audio.enabled = !muted;
    this.#changed();
  }

  /** Turns the camera off for real (its light goes out), or on again. @param {boolean} on */
  camera(on) {
    return this.#inTurn(async () => {
      this.#drop("video");
      if (on) await this.#take(["video"]);
    });
  }

  /** Gives both back; the choices are kept. */
  close() {
    return this.#inTurn(async () => {
      this.#drop("video");
      this.#drop("audio");
    });
  }

  /** What can be heard and seen of the person. */
  get sends() {
    return { camera: Boolean(this.tracks.video), microphone: Boolean(this.tracks.audio?.enabled) };
  }

  /** The devices there are, by kind. @returns {Promise<Record<Kind, MediaDeviceInfo[]>>} */
  async list() {
    /** @type {Record<Kind, MediaDeviceInfo[]>} */
    const found = { video: [], audio: [] };
    for (const device of await navigator.mediaDevices?.enumerateDevices() ?? []) {
      const kind = KINDS[device.kind];
      if (kind && device.deviceId) found[kind].push(device);
    }
    return found;
  }

  /** @param {Kind[]} kinds */
  #wanted(kinds) {
    return kinds.filter((kind) => this.#chosen[kind] !== NONE);
  }

  /** @param {Kind[]} kinds @returns {Promise<boolean>} */
  async #take(kinds) {
    if (!kinds.length) return true;
    const wish = Object.fromEntries(kinds.map((kind) => [kind, this.#wish(kind)]));
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wish);
      for (const track of stream.getTracks()) this.#keep(/** @type {Kind} */ (track.kind), track);
    } catch {
      return false; // not allowed, not there, in use: all the same to the call
    }
    this.#changed();
    return true;
  }

  /** @param {Kind} kind */
  #wish(kind) {
    const id = this.#chosen[kind];
    return { ...(id && id !== NONE && { deviceId: { exact: id } }), ...(kind === "video" && { width: { ideal: 1280 } }) };
  }

  /** @param {Kind} kind @param {MediaStreamTrack} track */
  #keep(kind, track) {
    this.tracks[kind]?.stop();
    this.tracks[kind] = track;
    if (kind === "audio") track.enabled = !this.#muted;
    track.addEventListener("ended", () => {
      if (this.tracks[kind] === track) this.#drop(kind);
    });
  }

  /** @param {Kind} kind */
  #drop(kind) {
    this.tracks[kind]?.stop();
    this.tracks[kind] = null;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** One after the other, or two quick choices would leave a camera running that nobody sees. @param {() => Promise<void>} work */
  #inTurn(work) {
    return (this.#turn = this.#turn.then(work));
  }
}
