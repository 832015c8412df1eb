/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {{description?: RTCSessionDescription | null, candidate?: RTCIceCandidate | null}} Signal */

/**
 * The connection to one other page, by perfect negotiation: either side may begin, and when both do, the polite one
 * gives way. The impolite side makes the two lines (sound, picture) and offers them; the polite one answers on them. So
 * each kind has one line in both directions from the start, and a device that comes later needs no new negotiation.
 */
export class Peer {
  /** What comes from the other side. */
  stream = new MediaStream();
  #pc = new RTCPeerConnection({ iceServers: [] });
  #making = false;
  #ignoring = false;

  /**
   * @param {object} given
   * @param {boolean} given.polite
   * @param {Devices} given.devices
   * @param {(signal: Signal) => void} given.send
   * @param {() => void} given.changed
   */
  constructor({ polite, devices, send, changed }) {
    this.polite = polite;
    this.devices = devices;
    this.send = send;
    this.#pc.onicecandidate = ({ candidate }) => send({ candidate });
    this.#pc.onnegotiationneeded = () => this.#offer();
    this.#pc.ontrack = ({ track }) => {
      this.stream.addTrack(track);
      changed();
    };
    this.#pc.onconnectionstatechange = () => {
      if (this.#pc.connectionState === "failed") this.#pc.restartIce();
      changed();
    };
    if (!polite) for (const kind of ["audio", "video"]) this.#pc.addTransceiver(kind, { direction: "sendrecv" });
    this.refresh();
  }

  get connected() {
    return this.#pc.connectionState === "connected";
  }

  /** Takes a signal from the other side; rejects when the two sides no longer talk about the same connection. @param {Signal} signal */
  async hear({ description, candidate }) {
    const pc = this.#pc;
    if (description) {
      const collision = description.type === "offer" && (this.#making || pc.signalingState !== "stable");
      this.#ignoring = !this.polite && collision;
      if (this.#ignoring) return;
      await pc.setRemoteDescription(description);
      if (description.type !== "offer") return;
      for (const line of pc.getTransceivers()) line.direction = "sendrecv";
      await this.refresh();
      await pc.setLocalDescription();
      this.send({ description: pc.localDescription });
    } else if (candidate) {
      await pc.addIceCandidate(candidate).catch((problem) => {
        if (!this.#ignoring) throw problem;
      });
    }
  }

  /** Sends from the devices that are there now. */
  async refresh() {
    if (this.#pc.signalingState === "closed") return;
    for (const { sender, receiver } of this.#pc.getTransceivers()) {
      const track = this.devices.tracks[/** @type {"audio" | "video"} */ (receiver.track.kind)];
      if (sender.track !== track) await sender.replaceTrack(track);
    }
  }

  close() {
    this.#pc.close();
  }

  async #offer() {
    try {
      this.#making = true;
      await this.#pc.setLocalDescription();
      this.send({ description: this.#pc.localDescription });
    } catch {
      // the connection was closed meanwhile
    } finally {
      this.#making = false;
    }
  }
}
